# Lists sessions, their components, all other clients, and what the histories tell of those that left.

from bisect import bisect_left
from operator import attrgetter

# How many components, or events, are read in one step.
STEP = 256


def root_of(session):
    return optional_text(getattr(session.metadata, "root_name", None))


def topics_of(unit):
    """The topics of its input streams, and those of its output streams."""
    topics = {"InputStreamMetadata": [], "OutputStreamMetadata": []}
    for stream in unit.streams.values():
        if kind_of(stream) in topics:
            topics[kind_of(stream)].append(text(stream.address))
    return topics.values()


class Components:
    """
    The components of sessions. Of most only their keys and kinds are read: there may be a million, and
    all else that there is to know of them lies scattered over the server's memory.
    """

    def __init__(self, server):
        # Units that processes own, and topics that clients are on.
        self.owned, self.topics = set(), set()
        for info in server.clients.values():
            self.owned.update(getattr(info, "units", ()))
            self.topics.update((info.topic,) if hasattr(info, "topic") else ())
        # Types.
        self.units = set()

    async def list(self, session, replies):
        components = session.metadata.components if session.metadata else {}
        whole = not self.owned.isdisjoint(components)
        keys, components = list(components), list(components.values())
        for at in range(0, len(keys), STEP):
            others, streams = self.read(components[at : at + STEP], whole)
            await replies.row("components", texts(keys[at : at + STEP]), others, streams)

    def read(self, components, whole):
        """Which are no units, and the topics of those whose session is owned, or which have a client there."""
        kinds = list(map(type, components))
        for kind, sample in zip(kinds, components):
            if kind not in self.units and hasattr(sample, "streams"):
                self.units.add(kind)
        others = [at for at, kind in enumerate(kinds) if kind not in self.units]
        if not whole and not self.topics:
            return others, []
        units = [(at, it) for at, it in enumerate(components) if kinds[at] in self.units]
        told = [(at, it) for at, it in units if whole or self.is_in_use(it)]
        return others, [(at, *topics_of(unit)) for at, unit in told]

    def is_in_use(self, unit):
        return not self.topics.isdisjoint(stream.address for stream in unit.streams.values())


async def list_sessions(server, replies):
    """Each session's row is followed by those of its components."""
    components = Components(server)
    for info in clients_of(server, "SessionInfo"):
        row = connection(server, info), root_of(info), len(info.edges)
        await replies.row("session", *row)
        try:
            await components.list(info, replies)
        except Exception:
            await replies.row("unreadable")


async def list_clients(server, replies):
    for info in clients_of(server, "ProcessInfo"):
        units = sorted(units_of(info))
        row = connection(server, info), integer(info.pid), optional_text(info.host), units
        await replies.row("process", *row)
    for info in clients_of(server, "PublisherInfo"):
        port = integer(getattr(info.address, "port", None))
        listens = port if port is not None and port < 2**16 else None
        await replies.row("publisher", connection(server, info), text(info.topic), listens)
    for info in clients_of(server, "SubscriberInfo"):
        await replies.row("subscriber", connection(server, info), text(info.topic))
    for info in clients_of(server, "ChannelInfo"):
        await replies.row("channel", connection(server, info), info.pub_id.hex)


class Past:
    """What the event histories tell of a session or a process."""

    def __init__(self):
        self.events = 0
        self.last = 0.0
        self.registered = None
        self.topics = set()
        self.last_topics = set()

    def saw(self, timestamp):
        self.events += 1
        self.last = max(self.last, timestamp)


async def steps(events, replies):
    """A copy, in pieces: the server may drop the oldest meanwhile."""
    events = list(events)
    for at in range(0, len(events), STEP):
        yield events[at : at + STEP]
        await replies.breathe()


async def list_settings_history(server, sessions, replies):
    """Tells which keys that processes own were registered by sessions that are gone."""
    from ezmsg.core.graphmeta import SettingsEventType

    registrations = set()
    owned = set().union(*(units_of(info) for info in clients_of(server, "ProcessInfo")))
    async for events in steps(server._settings_events, replies):
        for event in events:
            timestamp, session_id = number(event.timestamp), event.source_session_id
            if timestamp is None or session_id is None:
                continue
            past = sessions.get(session_id) or sessions.setdefault(session_id, Past())
            past.saw(timestamp)
            if event.event_type is SettingsEventType.INITIAL_SETTINGS:
                past.registered = timestamp
                if owned and (key := text(event.component_address)) in owned:
                    registrations.add((key, session_id))
    return [(key, it) for key, it in registrations if UUID(it) not in server.clients]


async def list_topology_history(server, sessions, processes, replies):
    async for events in steps(server._topology_events, replies):
        for event in events:
            if event.source_process_id is not None:
                processes.setdefault(event.source_process_id, Past()).saw(event.timestamp)
            if event.source_session_id is not None:
                past = sessions.setdefault(event.source_session_id, Past())
                past.saw(event.timestamp)
                past.last_topics = set(event.changed_topics)
                past.topics |= past.last_topics


async def list_history(server, replies):
    sessions, processes = {}, {}
    registrations = await list_settings_history(server, sessions, replies)
    await list_topology_history(server, sessions, processes, replies)
    settings_whole = server._settings_event_seq <= len(server._settings_events)
    topology_whole = server._topology_event_seq <= len(server._topology_events)
    await replies.row("history", settings_whole and topology_whole)
    for session_id, past in sessions.items():
        # A session's end takes all its edges away at once; a connection adds one.
        cleared = bool(past.topics) and past.last_topics == past.topics
        await replies.row("session_past", session_id, past.last, past.registered, cleared)
    endpoints = await last_endpoints_before(server, replies, processes)
    for process_id, past in processes.items():
        endpoint = endpoints.get(process_id)
        await replies.row("process_past", process_id.hex, past.events, past.last, endpoint)
    for registration in registrations:
        await replies.row("registration", *registration)


async def last_endpoints_before(server, replies, process_ids):
    """
    By process: the last publisher, subscriber or channel that connected before it and is gone too.

    The server forgets such clients but keeps their finished tasks.
    """
    process_ids = sorted(process_ids, key=attrgetter("time"))
    times = [process_id.time for process_id in process_ids]
    latest = [None] * len(times)
    for client_id, task in list(server._client_tasks.items()) if times else ():
        await replies.breathe()
        at = bisect_left(times, client_id.time)
        if client_id in server.clients or not task.done() or at == len(times):
            continue
        if latest[at] is None or latest[at].time < client_id.time:
            latest[at] = client_id
    last, before = {}, None
    for process_id, client_id in zip(process_ids, latest):
        before = client_id or before
        last[process_id] = before and before.hex
    return last


def network():
    """Equal for two processes whose sockets are of one network: boot and network namespace."""
    try:
        with open("/proc/sys/kernel/random/boot_id") as boot:
            return f"{boot.read().strip()}/{os.stat('/proc/self/ns/net').st_ino}"
    except OSError:
        return None


async def list_all(server, request, replies):
    held = server._command_lock.locked()
    waiters, wait = 0, None
    if held:
        use("locking")
        waiters = waiters_for_lock(server, request)
        wait = await find_lock_wait(server, replies)
    about = os.getpid(), sys.version.split()[0], text(socket.gethostname()), network()
    await replies.row("server", *about, held, waiters)
    if wait is not None:
        await replies.row("lock_holder", *wait.fields.values())
    await list_sessions(server, replies)
    await list_clients(server, replies)
    await list_history(server, replies)
    if request["ping_seconds"] is not None and clients_of(server, "ProcessInfo"):
        use("asking")
        await ping_processes(server, request, replies)
