# Lists all clients, the components of sessions, and what the histories tell of those that left.

import os
import socket
import sys
from operator import attrgetter

# How many components, or events, are read in one step.
STEP = 256
# Of the same struct: the state, and how long ago data last came, in milliseconds.
STATE_AND_SILENCE = "=B51xI"
# How long a listing waits for the end of a drop, in seconds.
HALF_GONE_PATIENCE = 1.0
# Of the year 5138, in seconds since the epoch.
END_OF_TIME = 1e11
# Of /proc/PID/stat, after the name: when it began, in clock ticks since the machine was booted.
TICKS_AT_START = 19


def connection(server, info):
    """What every kind of client has."""
    of, task, tcp = info.writer.get_extra_info, server._client_tasks.get(info.id), None
    peer, local = of("peername"), of("sockname")
    if peer and sys.platform == "linux":
        try:
            tcp_info = of("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, RECEIVED.stop)
            received = int.from_bytes(tcp_info[RECEIVED], sys.byteorder)
            tcp = *struct.unpack_from(STATE_AND_SILENCE, tcp_info), received
        except Exception:
            pass
    closing, handled = info.writer.transport.is_closing(), task is not None and not task.done()
    return info.id.hex, peer and peer[:2], local and local[:2], tcp, closing, handled


def topics_of(unit):
    """The topics of its input streams, and those of its output streams."""
    topics = {"InputStreamMetadata": [], "OutputStreamMetadata": []}
    for stream in unit.streams.values():
        topics.get(type(stream).__name__, []).append(text(stream.address))
    return topics.values()


async def list_components(server, replies, session, owned, topics):
    """
    Of most only keys and kinds: there may be a million, and all else that there is to know of them lies
    scattered over the server's memory. Of a unit that has a client on one of its topics, and of all units of
    a session with a unit that a process owns, also the topics.
    """
    components = session.metadata.components if session.metadata else {}
    whole = not owned.isdisjoint(components)
    keys, kinds = list(components), list(map(type, components.values()))
    units = {kind for kind in set(kinds) if "streams" in getattr(kind, "__dataclass_fields__", ())}
    components = list(components.values()) if whole or topics else []
    for start in range(0, len(keys), STEP):
        some = slice(start, start + STEP)
        others = [at for at, kind in enumerate(kinds[some]) if kind not in units]
        used = []
        for at, it in enumerate(components[some]):
            if type(it) in units:
                addresses = map(attrgetter("address"), it.streams.values())
                if whole or not topics.isdisjoint(addresses):
                    used.append((at, *topics_of(it)))
        await replies.row("components", texts(keys[some]), others, used)


async def list_clients(server, replies, owned):
    """Each session's row is followed by those of its components."""
    infos = list(server.clients.values())
    topics = {info.topic for info in infos if hasattr(info, "topic")}
    for info in infos:
        if server.clients.get(info.id) is not info:
            continue
        kind, common = type(info).__name__, connection(server, info)
        if kind == "SessionInfo":
            root = optional_text(getattr(info.metadata, "root_name", None))
            await replies.row("session", common, root, len(info.edges))
            try:
                await list_components(server, replies, info, owned, topics)
            except Exception:
                await replies.row("unreadable")
        elif kind == "ProcessInfo":
            about = integer(info.pid), optional_text(info.host), list(map(text, info.units))
            await replies.row("process", common, *about)
        elif kind == "PublisherInfo":
            port = integer(getattr(info.address, "port", None))
            await replies.row("publisher", common, text(info.topic), port)
        elif kind == "SubscriberInfo":
            await replies.row("subscriber", common, text(info.topic))
        elif kind == "ChannelInfo":
            await replies.row("channel", common, info.pub_id.hex)


class Past:
    """What the event histories tell of a session or a process."""

    events, last, registered, topics, last_topics = 0, 0.0, None, frozenset(), frozenset()
    # The time and the number of the last topology event. The server stamps these; settings carry a client's time.
    last_change = 0.0, 0


async def list_history(server, replies, owned):
    from ezmsg.core.graphmeta import SettingsEventType

    sessions, processes, registrations = {}, {}, set()
    settings, topology = list(server._settings_events), list(server._topology_events)
    told = server._settings_event_seq + server._topology_event_seq
    await replies.row("history", told == len(settings) + len(topology))
    facts = attrgetter("source_session_id", "timestamp", "event_type")
    for start in range(0, len(settings), STEP):
        for event in settings[start : start + STEP]:
            session_id, timestamp, kind = facts(event)
            # A process may have sent anything for a time.
            if session_id is None or type(timestamp) is not float or not timestamp < END_OF_TIME:
                continue
            past = sessions.get(session_id) or sessions.setdefault(session_id, Past())
            if timestamp > past.last:
                past.last = timestamp
            if kind is SettingsEventType.INITIAL_SETTINGS:
                past.registered = timestamp
                if owned and event.component_address in owned:
                    registrations.add((event.component_address, session_id))
        await replies.breathe()
    for event in topology:
        await replies.breathe()
        if event.source_process_id is not None:
            past = processes.setdefault(event.source_process_id, Past())
            past.events += 1
            past.last = max(past.last, event.timestamp)
            past.last_change = event.timestamp, event.seq
        if event.source_session_id is not None:
            past = sessions.setdefault(event.source_session_id, Past())
            past.last = max(past.last, event.timestamp)
            past.last_change = event.timestamp, event.seq
            past.last_topics = set(event.changed_topics)
            past.topics |= past.last_topics
    for session_id, past in sessions.items():
        # A session's end takes all its edges away at once; a connection adds one.
        cleared = bool(past.topics) and past.last_topics == past.topics
        ended = past.last_change if cleared else None
        await replies.row("session_past", session_id, past.last, past.registered, ended)
    for key, session_id in registrations:
        if UUID(session_id) not in server.clients:
            await replies.row("registration", text(key), session_id)
    if processes:
        use("leaving")
        await list_processes_past(server, replies, processes)


def network():
    """Equal for two processes whose sockets are of one network: boot and network namespace."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as boot:
            return f"{boot.read().strip()}/{os.stat('/proc/self/ns/net').st_ino}"
    except OSError:
        return None


def instance():
    """Equal only of one server: its thread is one of its process's, and began when it was started."""
    thread, began = threading.current_thread().native_id, ""
    try:
        # A thread may have any bytes in its name.
        with open(f"/proc/self/task/{thread}/stat", "rb") as stat:
            began = stat.read().rpartition(b")")[2].split()[TICKS_AT_START].decode()
    except (OSError, IndexError):
        pass
    return f"{os.getpid()}/{thread}/{began}"


async def answer_list(server, request, replies):
    if dropping := getattr(server, DROPPING, None):
        # Half of a pipeline looks like another way to be dead, or to be starting.
        await asyncio.wait({dropping}, timeout=HALF_GONE_PATIENCE)
    held, waiters, wait = server._command_lock.locked(), 0, None
    if held:
        use("locking")
        waiters = waiters_for_lock(server, request)
        wait = await find_lock_wait(server, replies)
    about = os.getpid(), sys.version.split()[0], text(socket.gethostname()), network(), instance()
    await replies.row("server", *about, held, waiters, drops_in_bulk(server))
    if wait is not None:
        await replies.row("lock_holder", *wait.fields.values())
    units = [info.units for info in server.clients.values() if hasattr(info, "units")]
    owned, asked = set().union(*units), None
    if owned and request["ping_seconds"] is not None:
        use("asking")
        # While they have time to answer, all else is listed.
        asked = asyncio.ensure_future(ping_processes(server, request, Replies(replies.writer)))
    try:
        await list_clients(server, replies, owned)
        publishers = clients_of(server, "PublisherInfo") if asked else []
        if publishers and sys.platform == "linux":
            use("sockets")
            try:
                await list_flows(replies, publishers)
            except OSError:
                pass
        await list_history(server, replies, owned)
        for row in await asked if asked else ():
            await replies.row(*row)
    finally:
        if asked:
            asked.cancel()
