# Drops, in one step with the check of every precondition.

from collections.abc import Callable

use("locking")

DROP_ORDER = ("publishers", "subscribers", "channels", "processes", "session")
# The server's methods that serve a client to its end, and then clean up; of all other kinds `_handle_client`.
HANDLERS = {"SessionInfo": "_handle_session", "ProcessInfo": "_handle_process"}
METHODS = ("_handle_client", *HANDLERS.values(), "_downstream_subs", "_notify_subscriber")

expect(server, dict.fromkeys(METHODS, Callable))


class Holders:
    """Who holds which unit and topic, at one moment."""

    def __init__(self, server, targets):
        self.processes = {}
        self.sessions = {}
        self.clients = {"PublisherInfo": {}, "SubscriberInfo": {}}
        units = set()
        for process_id in {process_id for target in targets for process_id in target["processes"]}:
            units |= getattr(server.clients.get(UUID(process_id)), "units", set())
        for info in server.clients.values():
            kind = kind_of(info)
            if kind == "ProcessInfo":
                for unit in map(text, info.units):
                    self.processes.setdefault(unit, set()).add(str(info.id))
            elif kind == "SessionInfo":
                for unit in registered_of(info, units):
                    self.sessions.setdefault(unit, set()).add(info.id)
            elif kind in self.clients:
                self.clients[kind].setdefault(text(info.topic), set()).add(str(info.id))


def registered_of(session, units):
    try:
        return units.intersection(session.metadata.components) if session.metadata else ()
    except TypeError:
        return ()


def what_changed(server, holders, target):
    """Why the target is no longer what was judged; None if it still is."""
    owners = set().union(*(holders.processes.get(unit, ()) for unit in target["units"]))
    if owners != set(target["owners"]):
        return "the processes that own its units are not the same any more"
    session = server.clients.get(UUID(target["session"])) if target["session"] else None
    if session is not None:
        components = session.metadata.components if session.metadata else ()
        if sorted(map(text, components)) != target["components"]:
            return "its component keys are not the same any more"
    # A process creates its publishers and subscribers before it registers.
    known = set(target["known"])
    for kind, topics in (("PublisherInfo", "outputs"), ("SubscriberInfo", "inputs")):
        for topic in target[topics]:
            if not holders.clients[kind].get(topic, set()) <= known:
                return "a new client came to " + topic
    for process_id in target["processes"]:
        for unit in server.clients[UUID(process_id)].units:
            if holders.sessions.get(unit, set()) - {session and session.id}:
                return "another session has units in its processes"
    return None


def planned(target):
    """The clients of a target in the order in which they go."""
    for kind in DROP_ORDER:
        ids = target[kind] if kind != "session" else filter(None, [target["session"]])
        for client_id in ids:
            yield kind, UUID(client_id)


async def answer_drop(server, request, replies):
    accepted, outcomes, topics = [], {}, set()
    # From here to the last abort there is no await: nothing can slip in between.
    holders = Holders(server, request["targets"])
    for target in request["targets"]:
        present = UUID(target["id"]) in server.clients
        change = what_changed(server, holders, target) if present else None
        if not present:
            outcomes[target["id"]] = ("already-gone", None)
        elif change:
            outcomes[target["id"]] = ("changed", change)
        else:
            accepted.append(target)
    for step in DROP_ORDER:
        for target in accepted:
            for kind, client_id in planned(target):
                if kind == step and client_id in server.clients:
                    info = server.clients[client_id]
                    info.writer.transport.abort()
                    if kind == "publishers":
                        topics.add(info.topic)

    everything = [client_id for target in accepted for _, client_id in planned(target)]
    if not await all_gone(server, everything):
        await escalate(server, everything)
    await tell_subscribers(server, replies, topics)

    for target in accepted:
        left = [kind for kind, client_id in planned(target) if client_id in server.clients]
        outcomes[target["id"]] = ("failed", why_left(server, left)) if left else ("dropped", None)
    for target_id, (outcome, detail) in outcomes.items():
        await replies.row("outcome", target_id, outcome, detail)


def why_left(server, kinds):
    held = ", and the command lock is held" if server._command_lock.locked() else ""
    return f"its {' and '.join(dict.fromkeys(kinds))} would not go{held}"


async def all_gone(server, client_ids):
    deadline = time.perf_counter() + GONE_AFTER_ABORT
    while any(client_id in server.clients for client_id in client_ids):
        if time.perf_counter() >= deadline:
            return False
        await asyncio.sleep(0.002)
    return True


async def tell_subscribers(server, replies, topics):
    """
    Tells those who hear publishers on these topics who is left.

    The server tells them of publishers that come, not of those that go: these are dead, as a rule. One
    that was dropped may live on, and be heard until somebody else comes.
    """
    told = {}
    for topic in topics:
        await replies.breathe()
        told.update((info.id, info) for info in server._downstream_subs(topic))
    # All at once: each may take a second to confirm.
    telling = map(server._notify_subscriber, told.values())
    await asyncio.gather(*telling, return_exceptions=True)


async def escalate(server, client_ids):
    """For clients whose handler does not notice that the connection is gone, or that have none."""
    # Handlers that clean up wait for the lock. It is given in turn: whoever waited before us has had
    # it when we have it. To cancel a handler sooner would keep it from cleaning up.
    if not await lock_in_turn(server):
        return
    server._command_lock.release()
    if await all_gone(server, client_ids):
        return
    tasks = [server._client_tasks.get(it) for it in client_ids if it in server.clients]
    for task in tasks:
        if task is not None and not task.done():
            task.cancel()
    if await all_gone(server, client_ids):
        return
    for client_id in client_ids:
        task = server._client_tasks.get(client_id)
        if client_id in server.clients and (task is None or task.done()):
            hear_its_end(server, client_id)
    if not await all_gone(server, client_ids) and await lock_in_turn(server):
        server._command_lock.release()
        await all_gone(server, client_ids)


def hear_its_end(server, client_id):
    """Gives a client without a handler one that finds its connection closed, and cleans up as any does."""
    info = server.clients[client_id]
    handle = getattr(server, HANDLERS.get(kind_of(info), "_handle_client"))
    reader = asyncio.StreamReader()
    reader.feed_eof()
    task = asyncio.get_running_loop().create_task(handle(client_id, reader, info.writer))
    # How its connection was lost is no news.
    task.add_done_callback(lambda task: task.cancelled() or task.exception())
    server._client_tasks[client_id] = task
