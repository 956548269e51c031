"""
graphctl's admin program: what runs inside the GraphServer.

It is sent as it stands, with one variable part, the JSON text `request`. It runs in the server's
own thread, inside the handler of graphctl's own session, and answers on that session: each frame
is TAG, a little-endian u64 length, and a JSON array of rows. The first frame is written before this
program returns, so it always precedes the server's own reply byte.

It never raises into the server, lists in slices of about SLICE seconds of its event loop, writes no
log, and ends with its session. What it leaves are pending requests at processes that do not answer,
until these answer or leave. Only `drop` and `free` change anything, in one step with the check of
every precondition; the server then cleans up after each client as it does when one disconnects, and
tells those who heard its publishers who is left.

What clients registered is taken for anything at all: it is read by `text`, `integer` and `number`,
and a client that cannot be read is told as such and does not hide the others.
"""

import asyncio
import inspect
import json
import math
import os
import pickle
import platform
import socket
import struct
import sys
import threading
import time
from bisect import bisect_left
from uuid import UUID, uuid1

TAG = b"\xe5"
SLICE = 0.0005
FRAME_BYTES = 32768
LONGEST_TEXT = 4096
REQUEST_PREFIX = "graphctl"
PING = "PING"
PROFILE = "GET_PROFILING_SNAPSHOT"
# A process that is alive and did not answer is asked again after this time, and then each time after
# twice as long.
FIRST_PAUSE = 4.0
TCP_ESTABLISHED = 1
# The kernel tells the time since the last byte in ticks: it may be too long by one.
KERNEL_TICK_MS = 10
GONE_AFTER_ABORT = 0.25
# The server holds its command lock for up to 1 s per subscriber that does not confirm; 4 s were seen.
LOCK_PATIENCE = 5.0
DROP_ORDER = ("publishers", "subscribers", "channels", "processes", "session")
# The server's methods that serve a client to its end, and then clean up; of all other kinds `_handle_client`.
HANDLERS = {"SessionInfo": "_handle_session", "ProcessInfo": "_handle_process"}
# The server's methods on the way to where it awaits anything while it holds its command lock: that is
# in the first and in the last. All else that it does under the lock, it does in one step.
LOCK_PATH = (
    "api",
    "_handle_session",
    "_handle_session_process_request",
    "_route_process_request",
)
# What `api` awaits under the lock, in these requests, and who must do something to end that.
LOCKING_REQUESTS = ("SUBSCRIBE", "PUBLISH", "CONNECT", "DISCONNECT", "SYNC")
AWAITED_IN_API = {
    "read_str": "client",
    "from_stream": "client",
    "drain": "client",
    "_notify_subscriber": "subscriber",
    "_notify_downstream_for_topic": "subscriber",
    "__aenter__": "publisher",
    "__aexit__": "publisher",
}


class Refused(Exception):
    """The server is not what this program was written for."""


class Replies:
    """Rows on their way to our own session."""

    def __init__(self, writer):
        self.writer = writer
        self.rows = []
        self.size = 0
        self.slice_end = time.perf_counter() + SLICE

    def add(self, kind, **fields):
        row = json.dumps({"row": kind, **fields}, ensure_ascii=False, separators=(",", ":"))
        self.rows.append(row.encode())
        self.size += len(self.rows[-1])

    def frame(self):
        body = b"[" + b",".join(self.rows) + b"]"
        self.rows, self.size = [], 0
        if not self.writer.transport.is_closing():
            self.writer.write(TAG + struct.pack("<Q", len(body)) + body)

    async def row(self, kind, **fields):
        self.add(kind, **fields)
        if self.size >= FRAME_BYTES:
            self.frame()
            await self.writer.drain()
        await self.breathe()

    async def breathe(self):
        if time.perf_counter() >= self.slice_end:
            await asyncio.sleep(0)
            self.slice_end = time.perf_counter() + SLICE


def kind_of(value):
    return type(value).__name__


def text(value):
    """Any value as text that UTF-8 can carry; the same value always gives the same text."""
    try:
        value = value if isinstance(value, str) else repr(value)
        value = value.encode("utf-8", "backslashreplace").decode()
    except Exception:
        value = kind_of(value)
    return value if len(value) <= LONGEST_TEXT else value[:LONGEST_TEXT] + "…"


def optional_text(value):
    return None if value is None else text(value)


def integer(value):
    return value if type(value) is int and 0 <= value < 2**32 else None


def number(value):
    return float(value) if type(value) in (int, float) and math.isfinite(value) else None


def clients_of(server, kind):
    """A copy: the dict may change whenever this program yields."""
    return [info for info in list(server.clients.values()) if kind_of(info) == kind]


def units_of(process):
    return {text(unit) for unit in process.units}


class Tcp:
    """From `struct tcp_info` of linux/tcp.h."""

    def __init__(self, raw):
        self.established = raw[0] == TCP_ESTABLISHED
        self.backoff = raw[4]
        (self.timeout_us,) = struct.unpack_from("I", raw, 8)
        (self.unacked,) = struct.unpack_from("I", raw, 24)
        self.last_data_received_ms, self.last_ack_received_ms = struct.unpack_from("II", raw, 52)

    @classmethod
    def of(cls, writer):
        """None where it cannot be read."""
        if sys.platform != "linux":
            return None
        try:
            sock = writer.get_extra_info("socket")
            return cls(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 60))
        except Exception:
            return None

    def heard_within(self, ms):
        return self.last_data_received_ms < ms

    def unacked_ms(self, asked_ms):
        """
        How long the client's host has acknowledged nothing of what it was sent, at least.

        What was asked for is unacknowledged if no acknowledgement came since. And each time that the
        kernel sends it again it waits twice as long, so what it has waited adds up to nearly the
        timeout that is running now.
        """
        if not self.unacked:
            return 0.0
        no_ack_since = self.last_ack_received_ms >= asked_ms + KERNEL_TICK_MS
        waited = self.timeout_us / 1000 * (1 - 0.5**self.backoff)
        return min(self.last_ack_received_ms, max(waited, asked_ms if no_ack_since else 0.0))


def tcp_row(writer):
    tcp = Tcp.of(writer)
    return tcp and {
        "established": tcp.established,
        "last_data_received_ms": tcp.last_data_received_ms,
    }


def end_of(writer, name):
    address = writer.get_extra_info(name)
    return [text(address[0]), address[1]] if address else None


def connection(server, info):
    """What every kind of client has."""
    task = server._client_tasks.get(info.id)
    return {
        "id": str(info.id),
        "peer": end_of(info.writer, "peername"),
        "local": end_of(info.writer, "sockname"),
        "tcp": tcp_row(info.writer),
        "closing": info.writer.transport.is_closing(),
        "handled": task is not None and not task.done(),
    }


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
        await replies.row("publisher", **connection(server, info), topic=text(info.topic))
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


class Question:
    """What graphctl, this one or an earlier one, asked a process and has no answer to yet."""

    def __init__(self, server, info, operation, unanswered):
        self.server = server
        self.info = info
        self.operation = operation
        self.futures = [future for future, _ in unanswered]
        self.sent = [sent for _, sent in unanswered]

    def asked_ms(self):
        """How long ago it was first asked."""
        return (time.perf_counter() - self.sent[0]) * 1000

    def may_be_sent(self):
        """
        A first time, and again only if the process has read the earlier requests: requests that nobody
        reads pile up until the server wedges. Something that came from it since then shows that.
        """
        if not self.sent:
            return True
        tcp = Tcp.of(self.info.writer)
        waited = time.perf_counter() - self.sent[-1]
        read = tcp is not None and tcp.heard_within(waited * 1000 - KERNEL_TICK_MS)
        answers_are_read = not self.server._command_lock.locked()
        return read and answers_are_read and waited >= FIRST_PAUSE * 2 ** (len(self.sent) - 1)

    def is_blocked(self):
        """Earlier requests still wait to be sent to the process."""
        writer = self.info.writer
        return bool(writer.transport.get_write_buffer_size()) or self.info.write_lock.locked()

    def send(self):
        """
        Asks without the command lock and without waiting.

        The server's own routing waits, under the command lock, until the request is in the process's
        socket: with a stopped process that can be for ever. And it forgets a request that was not
        answered in time, so that a late answer is logged as unknown. Here the request stays registered
        until the process answers or leaves.
        """
        from ezmsg.core.graphmeta import ProcessControlRequest
        from ezmsg.core.netprotocol import Command

        unit = min(self.info.units, key=text)
        sent = time.perf_counter()
        request_id = f"{REQUEST_PREFIX}-{self.operation}-{sent:.6f}-{uuid1()}"
        body = pickle.dumps(ProcessControlRequest(request_id, unit, self.operation))
        future = asyncio.get_running_loop().create_future()
        self.server._pending_process_requests[request_id] = (self.info.id, future)
        header = Command.PROCESS_ROUTE_REQUEST.value + struct.pack("<Q", len(body))
        self.info.writer.write(header + body)
        self.futures.append(future)
        self.sent.append(sent)


def unanswered(server, operation):
    """By process: the requests of every graphctl that it has not answered, and when they were sent."""
    requests = {}
    for request_id, (owner, future) in server._pending_process_requests.items():
        parts = request_id.split("-")
        if parts[:2] == [REQUEST_PREFIX, operation]:
            requests.setdefault(owner, []).append((future, float(parts[2])))
    return requests


async def ask(server, replies, infos, operation, seconds):
    """Asks all processes at once; gives each with its answer, or None for none in time."""
    waiting = {}
    earlier = unanswered(server, operation)
    for info in infos:
        await replies.breathe()
        if not info.units or info.writer.transport.is_closing():
            continue
        question = Question(server, info, operation, earlier.get(info.id, ()))
        if question.may_be_sent() and not question.is_blocked():
            question.send()
        if not question.futures:
            yield question, None
        for future in question.futures:
            waiting[future] = question
    deadline = time.perf_counter() + seconds
    while waiting:
        patience = max(0.0, deadline - time.perf_counter())
        done, _ = await asyncio.wait(
            waiting, timeout=patience, return_when=asyncio.FIRST_COMPLETED
        )
        for future in done or list(waiting):
            question = waiting.get(future)
            for other in question.futures if question else ():
                waiting.pop(other, None)
            if question:
                yield question, future if done else None


async def ping_processes(server, request, replies):
    begun = time.perf_counter()
    processes = clients_of(server, "ProcessInfo")
    async for question, future in ask(server, replies, processes, PING, request["ping_seconds"]):
        ms = (time.perf_counter() - begun) * 1000
        answer = answer_of(future) if future else silence_of(server, question, ms)
        tcp = Tcp.of(question.info.writer) if question.sent else None
        await replies.row(
            "ping",
            process=str(question.info.id),
            answer=answer,
            ms=ms if future else None,
            unacked_ms=tcp and tcp.unacked_ms(question.asked_ms()),
        )


def answer_of(future):
    if future.cancelled() or future.exception() is not None:
        return "failed"
    response = future.result()
    code = getattr(response, "error_code", None)
    return "ok" if response.ok else text(getattr(code, "name", "failed")).lower()


def silence_of(server, question, looked_ms):
    """The server reads answers only while it can have its command lock; the kernel always does."""
    if not question.sent:
        return "blocked"
    # While the lock is held the server has read no answer, to an earlier look's ping either.
    waited_ms = question.asked_ms() if server._command_lock.locked() else looked_ms
    tcp = Tcp.of(question.info.writer)
    return "heard" if tcp and tcp.heard_within(waited_ms + KERNEL_TICK_MS) else "timeout"


class Traffic:
    """What the publishers and subscribers of a process have carried since it started."""

    def __init__(self, profile):
        self.published = sum(whole(it.messages_published_total) for it in profile.publishers.values())
        self.received = sum(whole(it.messages_received_total) for it in profile.subscribers.values())
        self.seconds = profile.timestamp / 1e9

    @classmethod
    def of(cls, future):
        """None for an answer that makes no sense."""
        try:
            return cls(pickle.loads(future.result().payload))
        except Exception:
            return None


def whole(value):
    return value if type(value) is int else 0


async def measure(server, request, replies):
    """Twice, so that a rate comes of it: the rates that ezmsg tells start anew with every reader."""
    readings = []
    for pause in (0.0, request["apart_seconds"]):
        await asyncio.sleep(pause)
        infos = [server.clients.get(UUID(process_id)) for process_id in request["processes"]]
        infos = [info for info in infos if kind_of(info) == "ProcessInfo"]
        asked = ask(server, replies, infos, PROFILE, request["ping_seconds"])
        answered = {str(it.info.id): Traffic.of(future) async for it, future in asked if future}
        readings.append(answered)
    before, after = readings
    for process_id, traffic in after.items():
        earlier = before.get(process_id)
        if traffic is not None:
            await replies.row(
                "traffic",
                process=process_id,
                messages=traffic.published + traffic.received,
                rate=earlier and rate_between(earlier, traffic),
            )


def rate_between(before, after):
    seconds = after.seconds - before.seconds
    return (after.published - before.published) / seconds if seconds > 0 else None


def network():
    """Equal for two processes whose sockets are of one network: boot and network namespace."""
    try:
        with open("/proc/sys/kernel/random/boot_id") as boot:
            return f"{boot.read().strip()}/{os.stat('/proc/self/ns/net').st_ino}"
    except OSError:
        return None


class LockWait:
    """What the holder of the command lock waits for: whose request it serves, and whose turn it is."""

    def __init__(self, request, asker, asked_by, waits_for, waited):
        # Set when it is found: the task that waits, and the row.
        self.task = self.fields = None
        self.request = request
        # A client, or None for a connection that is none; and the writer to either.
        self.asker = asker
        self.asked_by = asked_by
        self.waits_for = waits_for
        self.waited = waited
        self.writer = waited.writer if waited is not None else None
        if waits_for == "client":
            self.writer = asked_by

    def fields_of(self, server):
        tcp = self.asked_by and Tcp.of(self.asked_by)
        return {
            "request": self.request,
            "by": self.asker and str(self.asker.id),
            "by_peer": self.asked_by and end_of(self.asked_by, "peername"),
            # Since the last byte of the request, unless its client has sent more ahead.
            "asked_ms": tcp and tcp.last_data_received_ms,
            **self.target(),
            "gone": self.gone(server),
            "topic": optional_text(getattr(self.waited, "topic", None)),
        }

    def gone(self, server):
        """It left before its turn to confirm: the server asked it all the same, and waits for ever."""
        return self.waited is not None and self.waited.id not in server.clients

    def target(self):
        return {
            "waits_for": self.waits_for,
            "client": self.waited and str(self.waited.id),
            "peer": self.writer and end_of(self.writer, "peername"),
        }


def name_of(step):
    """Of a coroutine; what else a task may run has none."""
    return getattr(getattr(step, "cr_code", None), "co_name", None)


def local(step, name):
    """A local variable of a suspended coroutine. No frame is kept: it would keep all its variables."""
    return inspect.getcoroutinelocals(step).get(name)


def lock_wait_of(server, task):
    """
    What a task waits for with the command lock in hand; None if it does not hold it.

    The lock does not know its owner. But a task that waits is suspended in a chain of coroutines, and
    the server's own among them tell by their names and local variables how far they have come. Most
    tasks wait for their client's next request: these are told by their first two names.
    """
    path, inner = [], task.get_coro()
    while name_of(inner) in LOCK_PATH:
        path.append(inner)
        inner = inner.cr_await
    if not path or name_of(path[-1]) not in (LOCK_PATH[0], LOCK_PATH[-1]) or name_of(inner) is None:
        return None
    if local(path[-1], "self") is not server or local(inner, "self") is server._command_lock:
        return None
    if len(path) == 1 and name_of(path[0]) == "api":
        return lock_wait_in_api(path[0], inner)
    return lock_wait_in_routing(server, path, inner)


def lock_wait_in_api(step, inner):
    from ezmsg.core.netprotocol import Command

    request, waits_for = local(step, "req"), AWAITED_IN_API.get(name_of(inner))
    if not request or waits_for is None:
        return None
    request = Command(request).name
    if request not in LOCKING_REQUESTS:
        return None
    # SUBSCRIBE and PUBLISH make their connection a client once it has said all.
    asker = waited = local(step, "info")
    if waits_for == "publisher":
        waited = local(step, "pub")
    elif waits_for == "subscriber":
        waited = subscriber_of(inner)
    return LockWait(request, asker, local(step, "writer"), waits_for, waited)


def subscriber_of(step):
    """The one that is being told of a change in the graph."""
    while name_of(step) == "_notify_downstream_for_topic":
        step = step.cr_await
    return local(step, "sub") if name_of(step) == "_notify_subscriber" else None


def lock_wait_in_routing(server, path, inner):
    process = local(path[-1], "process_info")
    # The answer is awaited without the lock.
    if process is None or local(inner, "self") not in (process.write_lock, process.writer):
        return None
    asker = server.clients.get(local(path[0], "session_id"))
    asked_by = local(path[0], "writer")
    return LockWait("SESSION_PROCESS_REQUEST", asker, asked_by, "process", process)


async def find_lock_wait(server, replies):
    """What the holder of the command lock waits for, at the moment of the return; None if unknown."""
    try:
        for task in asyncio.all_tasks():
            await replies.breathe()
            wait = lock_wait_of(server, task)
            if wait is not None:
                wait.task, wait.fields = task, wait.fields_of(server)
                return wait
    except Exception:
        # Another ezmsg may call these by the same names, and mean something else.
        pass
    return None


def waiters_for_lock(server, request):
    """But for our own registration, which waits too while the lock is held."""
    waiters = getattr(server._command_lock, "_waiters", None) or ()
    own = getattr(server._client_tasks.get(UUID(request["session"])), "_fut_waiter", None)
    return sum(waiter is not own for waiter in waiters)


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
                for unit in units_of(info):
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
        components, _ = components_of(session)
        if sorted(component["key"] for component in components) != target["components"]:
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


async def drop(server, request, replies):
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
        await replies.row("outcome", id=target_id, outcome=outcome, detail=detail)


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


async def lock_in_turn(server):
    try:
        return await asyncio.wait_for(server._command_lock.acquire(), LOCK_PATIENCE)
    except asyncio.TimeoutError:
        return False


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


async def free(server, request, replies):
    """Ends the connection that the holder of the lock waits for, if it still is the one it was."""
    outcome, detail = "already-gone", None
    if server._command_lock.locked():
        wait = await find_lock_wait(server, replies)
        # From here to the abort there is no await: nothing can slip in between.
        if wait is None or wait.writer is None or wait.target() != request["target"]:
            outcome, detail = "changed", "the command lock does not wait for it any more"
        else:
            wait.writer.transport.abort()
            if wait.gone(server):
                wait.waited.set_sync()
            outcome = "dropped" if await moved_on(server, wait) else "failed"
    await replies.row("freed", outcome=outcome, detail=detail)


async def moved_on(server, wait):
    """Whether the holder of the lock has ceased to wait for that connection."""
    deadline = time.perf_counter() + GONE_AFTER_ABORT
    while time.perf_counter() < deadline:
        await asyncio.sleep(0.002)
        now = lock_wait_of(server, wait.task)
        if now is None or now.writer is not wait.writer:
            return True
    return False


OPERATIONS = {"list": list_all, "measure": measure, "drop": drop, "free": free}

EXPECTED = {
    "clients": dict,
    "_client_tasks": dict,
    "_command_lock": asyncio.Lock,
    "_pending_process_requests": dict,
    "_settings_events": list,
    "_settings_event_seq": int,
    "_topology_events": list,
    "_topology_event_seq": int,
}

METHODS = ("_downstream_subs", "_handle_client", "_notify_subscriber", *HANDLERS.values())


def check(server, session):
    for name, expected in EXPECTED.items():
        if not isinstance(getattr(server, name, None), expected):
            raise Refused(f"its GraphServer has no {expected.__name__} '{name}'")
    for name in METHODS:
        if not callable(getattr(server, name, None)):
            raise Refused(f"its GraphServer has no method '{name}'")
    if kind_of(session) != "SessionInfo":
        raise Refused("our own session is not a SessionInfo")


class Exchange:
    """One request and its answer, bound to the handler of our own session."""

    def __init__(self, server, session, request):
        from ezmsg.core.graphmeta import GraphMetadata

        self.server = server
        self.session = session
        self.request = request
        self.replies = Replies(session.writer)
        self.handler = asyncio.current_task()
        # A registration that waits for the command lock has not named our session yet.
        self.mark = session.metadata = GraphMetadata(1, "graphctl", {})
        self.replies.add("hello", now=time.time())
        self.replies.frame()
        self.task = asyncio.get_running_loop().create_task(self.answer())
        self.handler.add_done_callback(self.session_ended)

    async def answer(self):
        try:
            await OPERATIONS[self.request["operation"]](self.server, self.request, self.replies)
            self.replies.add("end")
        except Exception as error:
            self.replies.add("end", error=text(f"{type(error).__name__}: {error}"))
        finally:
            self.handler.remove_done_callback(self.session_ended)
        self.replies.frame()
        if self.session.metadata is self.mark:
            await self.hang_up()

    def session_ended(self, _):
        # A drop that was begun is finished, also when nobody waits for its outcome any more.
        if self.request["operation"] != "drop":
            self.task.cancel()

    async def hang_up(self):
        """
        Our registration still waits for the command lock, which may be held for ever.

        The handler would wait with it, read no further request, and not notice that we are gone.
        The first cancellation ends the registration, the second the wait of the clean-up, of which
        nothing is left to do.
        """
        self.server.clients.pop(self.session.id, None)
        self.server._client_tasks.pop(self.session.id, None)
        self.session.writer.close()
        for _ in range(100):
            if self.handler.done():
                break
            self.handler.cancel()
            await asyncio.sleep(0)


def main():
    request = json.loads(globals()["request"])
    server = threading.current_thread()
    session = server.clients[UUID(request["session"])]
    try:
        check(server, session)
        Exchange(server, session, request)
    except Refused as refusal:
        replies = Replies(session.writer)
        replies.add("refused", reason=str(refusal))
        replies.frame()


try:
    main()
except Exception:
    # No row was sent, which tells graphctl enough; the server must not hear of it.
    pass
