# Which edges of sessions that are dropped carry messages between clients that stay.


def edges_between_others(server, targets):
    """
    Edges that would go with these targets although a publisher and a subscriber that stay are connected by them, each
    with its target. A target that may cut such edges has none.
    """
    expect(server.graph, {"graph": dict, "edge_owners": dict})
    graph, owners = server.graph.graph, server.graph.edge_owners
    dropped = {it for target in targets for it in (target.id, *(client for _, client in target.clients))}
    lost = {
        edge: target
        for target in targets
        if target.is_session and not target.may_cut
        for edge in target.info.edges
        if owners.get(edge, set()) <= dropped
    }
    topics = {"PublisherInfo": set(), "SubscriberInfo": set()}
    for info in server.clients.values():
        kind = type(info).__name__
        if kind in topics and info.id not in dropped:
            topics[kind].add(info.topic)
    published, subscribed = topics.values()
    if reached_from(graph, {end for _, end in lost}).isdisjoint(subscribed):
        return []
    fed = reached_from(graph, published)
    return [
        (target, edge)
        for edge, target in lost.items()
        if edge[0] in fed and not reached_from(graph, edge[1:]).isdisjoint(subscribed)
    ]


def reached_from(graph, topics):
    """These topics, and all below them."""
    reached, ahead = set(topics), list(topics)
    while ahead:
        found = graph.get(ahead.pop(), set()) - reached
        reached |= found
        ahead += found
    return reached
