# Drops: clients by their connections, sessions by the server's own clean-up, each only if it still is what
# was judged.

import sys
from collections.abc import Callable
from functools import partial
from itertools import chain, starmap
from operator import itemgetter
from uuid import uuid5

use("reading")
use("edges")

# In the order in which they go, before their session.
CLIENTS = ("publishers", "subscribers", "channels", "processes")
# The server's methods that serve a client to its end, and then clean up; of all other kinds `_handle_client`.
HANDLERS = {"SessionInfo": "_handle_session", "ProcessInfo": "_handle_process"}
# What a component has for the topics that these clients are on.
STREAMS = {"SubscriberInfo": "InputStreamMetadata", "PublisherInfo": "OutputStreamMetadata"}
# The server holds its command lock for up to 1 s per subscriber that does not confirm; 4 s were seen.
LOCK_PATIENCE = 5.0
# How long a drop waits for the end of others.
TURN_PATIENCE = 5.0
# For how long the command lock is kept from the others at once.
TURN = 0.002
# How many edges are looked at in one step.
EDGES = 1024
METHODS = ("_handle_client", *HANDLERS.values(), "_downstream_subs", "_notify_subscriber")

expect(server, dict.fromkeys(METHODS, Callable))


class Target:
    """What is to go, and what it had registered when it was read."""

    def __init__(self, server, judged):
        self.id = UUID(judged["id"])
        self.keys = judged["keys"]
        self.clients = [(kind, UUID(it)) for kind in CLIENTS for it in judged[kind]]
        self.owners, self.known = set(map(UUID, judged["owners"])), set(map(UUID, judged["known"]))
        self.silent = [(UUID(it), received) for it, received in judged["silent"]]
        self.may_cut = judged["may_cut"]
        self.info = server.clients.get(self.id)
        self.is_session = kind_of(self.info) == "SessionInfo"
        self.metadata = self.info.metadata if self.is_session else None
        self.units, self.topics = None, {streams: [] for streams in STREAMS.values()}
        # Its owners may leave once its clients are closed, and nobody may come at any time.
        self.closed, self.outcome = False, None

    async def read(self, replies):
        """Its topics; and its units, if its keys are those that were judged."""
        try:
            components = self.metadata.components if self.metadata else {}
            units = [] if self.is_session else sorted(map(text, self.info.units))
            keys = sorted(texts(list(components))) if self.is_session else units
            for key, component in list(components.items()):
                await replies.breathe()
                if hasattr(component, "streams"):
                    units.append(key)
                    for stream in component.streams.values():
                        self.topics.get(kind_of(stream), []).append(stream.address)
        except Exception:
            # It is listed without keys, too.
            keys, units = [], []
        self.topics = {streams: texts(topics) for streams, topics in self.topics.items()}
        if str(uuid5(self.id, encode(keys))) == self.keys:
            self.units = texts(units)

    def is_as_read(self):
        if self.is_session:
            return self.units is not None and self.info.metadata is self.metadata
        return self.units == sorted(map(text, self.info.units))


class Holders:
    """Who holds which unit and topic, at one moment."""

    def __init__(self, server, targets):
        self.owners, self.sessions = {}, {}
        self.clients = {kind: {} for kind in STREAMS}
        clients = [server.clients.get(it) for target in targets for _, it in target.clients]
        units = set().union(*(getattr(info, "units", ()) for info in clients))
        for info in server.clients.values():
            kind = kind_of(info)
            if kind == "ProcessInfo":
                for unit in map(text, info.units):
                    self.owners.setdefault(unit, set()).add(info.id)
            elif kind == "SessionInfo" and units:
                for unit in registered_of(info, units):
                    self.sessions.setdefault(unit, set()).add(info.id)
            elif kind in self.clients:
                self.clients[kind].setdefault(text(info.topic), set()).add(info.id)

    def what_changed(self, server, target):
        """Why the target is not what was judged any more; None if it still is."""
        if not target.is_as_read():
            return "its component keys are not the same any more"
        owners = set().union(*(self.owners[unit] for unit in target.units if unit in self.owners))
        if owners - target.owners or not target.closed and target.owners - owners:
            return "the processes that own its units are not the same any more"
        if not target.closed and any(starmap(partial(was_heard, server), target.silent)):
            return "a process of it is silent no more"
        # A process creates its publishers and subscribers before it registers.
        for kind, present in self.clients.items():
            for topic in target.topics[STREAMS[kind]] if present else ():
                if not present.get(topic, set()) <= target.known:
                    return "a new client came to " + topic
        for kind, client_id in target.clients:
            for unit in getattr(server.clients.get(client_id), "units", ()):
                if self.sessions.get(unit, set()) - {target.id}:
                    return "another session has units in its processes"
        return None


def was_heard(server, process_id, received):
    """Whether more has come from it than when it was judged: at the least the answer that it owed."""
    info = server.clients.get(process_id)
    tcp = info and Tcp.of(info.writer)
    return tcp is not None and tcp.received != received


def registered_of(session, units):
    try:
        return units.intersection(session.metadata.components) if session.metadata else ()
    except TypeError:
        return ()


async def answer_drop(server, request, replies):
    over = await turn_to_drop(server)
    try:
        targets, topics = await drop(server, request["targets"], replies)
    finally:
        over.set_result(None)
        if getattr(server, DROPPING, None) is over:
            delattr(server, DROPPING)
    await tell_subscribers(server, replies, topics)
    for target in targets:
        await replies.row("outcome", str(target.id), *(target.outcome or outcome_of(server, target)))


async def answer_check(server, request, replies):
    """Reports the targets that a drop would not drop now, each with the reason. Changes nothing."""
    targets = await read_targets(server, request["targets"], replies)
    accept(server, targets)
    for target in targets:
        if target.outcome:
            await replies.row("outcome", str(target.id), *target.outcome)


async def turn_to_drop(server):
    """
    One drop after the other: what one has closed a part of, another would find changed, and what both had
    found whole both would say they dropped. One that is held up is not waited for.
    """
    deadline = time.perf_counter() + TURN_PATIENCE
    while (other := getattr(server, DROPPING, None)) and (left := deadline - time.perf_counter()) > 0:
        await asyncio.wait({other}, timeout=left)
    over = asyncio.get_running_loop().create_future()
    setattr(server, DROPPING, over)
    return over


async def read_targets(server, judged, replies):
    targets = []
    for it in judged:
        targets.append(Target(server, it))
        await targets[-1].read(replies)
    return targets


async def drop(server, judged, replies):
    """The targets with what became of them, and the topics on which somebody is heard no more."""
    targets = await read_targets(server, judged, replies)
    topics = close_clients(server, targets)
    accepted = [target for target in targets if target.closed]
    clients = [client_id for target in accepted for _, client_id in target.clients]
    await gone(server, clients)
    topics |= await drop_sessions(server, replies, [it for it in accepted if it.is_session])
    return targets, topics


def outcome_of(server, target):
    clients = [*target.clients, ("session" if target.is_session else "processes", target.id)]
    left = dict.fromkeys(kind for kind, client_id in clients if client_id in server.clients)
    if not left:
        return "dropped", None
    held = ", and the command lock is held" if server._command_lock.locked() else ""
    return "failed", f"its {' and '.join(left)} would not go{held}"


def accept(server, targets):
    """Checks every precondition. Returns the targets that may be dropped, and sets the outcome of the others."""
    accepted, holders = [], Holders(server, targets)
    for target in targets:
        if target.info is None or server.clients.get(target.id) is not target.info:
            target.outcome = "already-gone", None
        elif change := holders.what_changed(server, target):
            target.outcome = "changed", change
        else:
            accepted.append(target)
    # The clients of a refused target stay too, so the others are checked again.
    while between := edges_between_others(server, holders, accepted):
        for target, edge in between:
            carried = " → ".join(map(text, edge))
            target.outcome = "refused", f"its edge {carried} carries messages between other programs"
        accepted = [target for target in accepted if target.outcome is None]
    return accepted


def close_clients(server, targets):
    """Closes the clients in the same step as the check of every precondition, so that nothing happens in between."""
    topics = set()
    for target in accept(server, targets):
        target.closed = True
    for step in CLIENTS:
        for target in targets:
            for kind, client_id in target.clients if target.closed else ():
                info = server.clients.get(client_id)
                if kind == step and info is not None:
                    info.writer.transport.abort()
                    topics.update((info.topic,) if kind == "publishers" else ())
    return topics


async def drop_sessions(server, replies, targets):
    """
    Those that nobody came to meanwhile; gives the topics to which an edge is gone.

    Left to itself the server prunes all of its graph for each edge of a session. So it is had to clean up
    without that, in turns with others who want the command lock, and what is bare at the end is pruned once.
    """
    left, dropped, topics, ends = targets[::-1], [], set(), set()
    in_bulk = drops_in_bulk(server)
    try:
        while left and in_bulk and await lock_in_turn(server):
            try:
                turn_end, holders = time.perf_counter() + TURN, Holders(server, left)
                while left and time.perf_counter() < turn_end:
                    target = left.pop()
                    if is_still_to_go(server, holders, target):
                        dropped.append(target.id)
                        ends.update(chain.from_iterable(target.info.edges))
                        topics |= drop_session(server, target)
                    await replies.breathe()
            finally:
                server._command_lock.release()
    finally:
        if ends:
            await prune(server, replies, ends)
    await end_handlers(server, dropped)
    if left:
        aborted = abort_sessions(server, left)
        # Who had to wait for the lock in vain waits for nothing more.
        await (all_gone if in_bulk else gone)(server, aborted)
    return topics


def abort_sessions(server, targets):
    """In one step: the lock is not ours."""
    holders = Holders(server, targets)
    aborted = [target for target in targets if is_still_to_go(server, holders, target)]
    for target in aborted:
        target.info.writer.transport.abort()
    return [target.id for target in aborted]


def is_still_to_go(server, holders, target):
    if target.id not in server.clients:
        return False
    change = holders.what_changed(server, target)
    if not change and edges_between_others(server, holders, [target]):
        change = "an edge of it carries messages between other programs"
    if change and target.clients:
        target.outcome = "failed", "only its other clients were closed: then " + change
    elif change:
        target.outcome = "changed", change
    return not change


def drop_session(server, target):
    # Its memory is freed here, and not that of all of them at the end.
    target.metadata = None
    server.graph._prune = lambda: None
    try:
        return server._drop_session(target.id)
    finally:
        del server.graph._prune
        target.info.writer.transport.abort()
        # It may wait for an answer that a process owes it. And what it has read of a request it would still
        # carry out: an edge that it added now would stay for ever.
        task = server._client_tasks.get(target.id)
        if task is not None and not is_telling(task):
            task.cancel()


def is_telling(task):
    """Others wait to hear from it of a change in the graph; after that it finds its connection closed."""
    step = task.get_coro()
    while step is not None and getattr(step, "__name__", None) != "_notify_downstream_for_topic":
        step = getattr(step, "cr_await", None)
    return step is not None


async def prune(server, replies, topics):
    """Takes those of the topics out of the graph that have no edge any more: no others have lost one."""
    if not await lock_in_turn(server):
        server.graph._prune()
        return
    try:
        # Every edge has an owner; the sets of the graph itself, many of them empty, take longer.
        graph, edges = server.graph.graph, list(server.graph.edge_owners)
        for at in range(0, len(edges), EDGES):
            topics.difference_update(map(itemgetter(1), edges[at : at + EDGES]))
            await replies.breathe()
        for topic in topics:
            if not graph.get(topic, True):
                del graph[topic]
            await replies.breathe()
    finally:
        server._command_lock.release()


async def lock_in_turn(server):
    try:
        return await asyncio.wait_for(server._command_lock.acquire(), LOCK_PATIENCE)
    except asyncio.TimeoutError:
        return False


async def gone(server, client_ids):
    if not await all_gone(server, client_ids):
        await escalate(server, client_ids)


async def all_gone(server, client_ids):
    deadline = time.perf_counter() + GONE_AFTER_ABORT
    while any(client_id in server.clients for client_id in client_ids):
        if time.perf_counter() >= deadline:
            return False
        await asyncio.sleep(0.002)
    return True


async def end_handlers(server, session_ids):
    """Waits for those of sessions that are gone, and forgets those that could not do so themselves."""
    tasks = {it: server._client_tasks[it] for it in session_ids if it in server._client_tasks}
    if tasks:
        await asyncio.wait(tasks.values(), timeout=GONE_AFTER_ABORT)
    for session_id, task in tasks.items():
        if task.done():
            server._client_tasks.pop(session_id, None)


async def tell_subscribers(server, replies, topics):
    """
    Tells those who hear publishers on these topics who is left.

    Of publishers that go the server tells nobody: these are dead, as a rule. One that was dropped may live
    on, and be heard until somebody else comes.
    """
    telling = []
    for subscriber in await downstream_of(server, replies, topics):
        # All at once: each may take a second to confirm. But not in one step: each is a search of the graph.
        telling.append(asyncio.get_running_loop().create_task(tell(server, subscriber)))
        await asyncio.sleep(0)
    for late in await asyncio.gather(*telling, return_exceptions=True):
        if kind_of(late) == "SubscriberInfo":
            await replies.row("unconfirmed", str(late.id), text(late.topic))


async def downstream_of(server, replies, topics):
    """Each subscriber once: in one search, if the graph can be searched."""
    if not drops_in_bulk(server):
        told = chain.from_iterable(map(server._downstream_subs, topics))
        return {info.id: info for info in told}.values()
    reached, ahead = set(topics), list(topics)
    while ahead:
        found = server.graph.graph.get(ahead.pop(), set()) - reached
        reached |= found
        ahead += found
        await replies.breathe()
    return [info for info in clients_of(server, "SubscriberInfo") if info.topic in reached]


async def tell(server, subscriber):
    """
    Gives it back if it did not confirm in time.

    It is told again if publishers or edges came meanwhile: the server may send its lists in another order
    than it made them.
    """
    patience = getattr(sys.modules[type(server).__module__], "SUBSCRIBER_UPDATE_TIMEOUT_SEC", 1.0)
    begun, late, told = time.perf_counter(), False, None
    while subscriber.id in server.clients and not late and told != publishing(server):
        told = publishing(server)
        await server._notify_subscriber(subscriber)
        late = time.perf_counter() - begun >= patience
    return subscriber if late and subscriber.id in server.clients else None


def publishing(server):
    """What is different whenever a subscriber may have others to hear."""
    return server._topology_event_seq, [info.id for info in clients_of(server, "PublisherInfo")]


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
