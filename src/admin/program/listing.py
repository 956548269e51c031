# Lists sessions, their components, all other clients, and what the histories tell of those that left.


def streams(component, kind):
    return [
        text(stream.address)
        for stream in component.streams.values()
        if kind_of(stream) == kind
    ]


def components_of(session):
    """Rows of a session's components, and whether they could be read."""
    try:
        rows = []
        for key, component in session.metadata.components.items() if session.metadata else ():
            unit = hasattr(component, "streams")
            inputs = streams(component, "InputStreamMetadata") if unit else []
            outputs = streams(component, "OutputStreamMetadata") if unit else []
            rows.append({"key": text(key), "unit": unit, "inputs": inputs, "outputs": outputs})
        return rows, True
    except Exception:
        return [], False


def root_of(session):
    return optional_text(getattr(session.metadata, "root_name", None))


async def list_sessions(server, replies):
    """Each session's row is followed by the rows of its components."""
    for info in clients_of(server, "SessionInfo"):
        components, readable = components_of(info)
        await replies.row(
            "session",
            **connection(server, info),
            root=root_of(info),
            edges=len(info.edges),
            readable=readable,
        )
        for component in components:
            await replies.row("component", **component)


async def list_clients(server, replies):
    for info in clients_of(server, "ProcessInfo"):
        units = sorted(units_of(info))
        pid, host = integer(info.pid), optional_text(info.host)
        await replies.row("process", **connection(server, info), pid=pid, host=host, units=units)
    for info in clients_of(server, "PublisherInfo"):
        port = integer(getattr(info.address, "port", None))
        listens = port if port is not None and port < 2**16 else None
        row = connection(server, info)
        await replies.row("publisher", **row, topic=text(info.topic), listens=listens)
    for info in clients_of(server, "SubscriberInfo"):
        await replies.row("subscriber", **connection(server, info), topic=text(info.topic))
    for info in clients_of(server, "ChannelInfo"):
        await replies.row("channel", **connection(server, info), publisher=str(info.pub_id))


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


async def list_history(server, replies):
    sessions, processes, registrations = {}, {}, set()
    owned = set().union(*(units_of(info) for info in clients_of(server, "ProcessInfo")))
    for event in list(server._settings_events):
        await replies.breathe()
        timestamp, session_id = number(event.timestamp), event.source_session_id
        if timestamp is None or session_id is None:
            continue
        past = sessions.setdefault(str(session_id), Past())
        past.saw(timestamp)
        if event.event_type.name == "INITIAL_SETTINGS":
            past.registered = timestamp
            key = text(event.component_address)
            if key in owned and UUID(str(session_id)) not in server.clients:
                registrations.add((key, str(session_id)))
    for event in list(server._topology_events):
        await replies.breathe()
        if event.source_process_id is not None:
            processes.setdefault(event.source_process_id, Past()).saw(event.timestamp)
        if event.source_session_id is not None:
            past = sessions.setdefault(str(event.source_session_id), Past())
            past.saw(event.timestamp)
            past.last_topics = set(event.changed_topics)
            past.topics |= past.last_topics
    await replies.row(
        "history",
        settings_whole=server._settings_event_seq <= len(server._settings_events),
        topology_whole=server._topology_event_seq <= len(server._topology_events),
    )
    for session_id, past in sessions.items():
        await replies.row(
            "session_past",
            id=session_id,
            last=past.last,
            registered=past.registered,
            # A session's end takes all its edges away at once; a connection adds one.
            cleared=bool(past.topics) and past.last_topics == past.topics,
        )
    endpoints = await last_endpoints_before(server, replies, list(processes))
    for process_id, past in processes.items():
        await replies.row(
            "process_past",
            id=str(process_id),
            events=past.events,
            last=past.last,
            endpoint=endpoints.get(process_id),
        )
    for key, session_id in registrations:
        await replies.row("registration", key=key, session=session_id)


async def last_endpoints_before(server, replies, process_ids):
    """
    By process: the last publisher, subscriber or channel that connected before it and is gone too.

    The server forgets such clients but keeps their finished tasks.
    """
    process_ids = sorted(process_ids, key=lambda process_id: process_id.time)
    times = [process_id.time for process_id in process_ids]
    latest = [None] * len(times)
    for client_id, task in list(server._client_tasks.items()):
        await replies.breathe()
        at = bisect_left(times, client_id.time)
        if client_id in server.clients or not task.done() or at == len(times):
            continue
        if latest[at] is None or latest[at].time < client_id.time:
            latest[at] = client_id
    last, before = {}, None
    for process_id, client_id in zip(process_ids, latest):
        before = client_id or before
        last[process_id] = before and str(before)
    return last


def network():
    """Equal for two processes whose sockets are of one network: boot and network namespace."""
    try:
        with open("/proc/sys/kernel/random/boot_id") as boot:
            return f"{boot.read().strip()}/{os.stat('/proc/self/ns/net').st_ino}"
    except OSError:
        return None


async def list_all(server, request, replies):
    lock = server._command_lock
    await replies.row(
        "server",
        pid=os.getpid(),
        python=platform.python_version(),
        host=text(socket.gethostname()),
        network=network(),
        lock_held=lock.locked(),
        lock_waiters=waiters_for_lock(server, request),
    )
    wait = await find_lock_wait(server, replies) if lock.locked() else None
    if wait is not None:
        await replies.row("lock_holder", **wait.fields)
    await list_sessions(server, replies)
    await list_clients(server, replies)
    await list_history(server, replies)
    if request["ping_seconds"] is not None:
        await ping_processes(server, request, replies)
