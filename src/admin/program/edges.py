# Which edges of sessions that are dropped carry messages between clients that stay.


def edges_between_others(server, holders, targets):
    """
    The edges that a drop of these targets would remove although they carry messages from a publisher that stays to a
    subscriber that stays, each with its target. Targets with `may_cut` are left out.
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
    # Usually no subscriber below these edges stays; only if one does, the whole graph is searched.
    subscribers, below = holders.clients["SubscriberInfo"], reached_from(graph, {end for _, end in lost})
    if not any(subscribers.get(text(topic), set()) - dropped for topic in below):
        return []
    topics = {"PublisherInfo": set(), "SubscriberInfo": set()}
    for info in server.clients.values():
        kind = kind_of(info)
        if kind in topics and info.id not in dropped:
            topics[kind].add(info.topic)
    published, subscribed = topics.values()
    fed, upstream = reached_from(graph, published), {}
    for topic, following in graph.items():
        for it in following:
            upstream.setdefault(it, set()).add(topic)
    read = reached_from(upstream, subscribed)
    return [
        (target, edge)
        for edge, target in lost.items()
        if edge[0] in fed and edge[1] in read
    ]


def reached_from(graph, topics):
    """These topics, and all below them."""
    reached, ahead = set(topics), list(topics)
    while ahead:
        found = graph.get(ahead.pop(), set()) - reached
        reached |= found
        ahead += found
    return reached
