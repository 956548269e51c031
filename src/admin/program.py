"""
graphctl's admin program: what runs inside the GraphServer.

It is sent as it stands, with one variable part, the JSON text `request`. It runs in the server's
own thread, inside the handler of graphctl's own session, and answers on that session: each frame
is TAG, a little-endian u64 length, and a JSON array of rows. The first frame is written before this
program returns, so it always precedes the server's own reply byte.

It never raises into the server, holds its event loop for at most about SLICE seconds at a time,
writes no log, and keeps nothing: its task is bound to the handler of its session and ends with it.
Only `drop` changes anything, and only after every precondition was met in the same step.
"""

import asyncio
import json
import os
import pickle
import platform
import socket
import struct
import sys
import threading
import time
from uuid import UUID, uuid1

TAG = b"\xe5"
SLICE = 0.0005
CHUNK = 256
PING_PREFIX = "graphctl-"
TCP_ESTABLISHED = 1
GONE_AFTER_ABORT = 0.25
GONE_AFTER_ESCALATION = 1.0
DROP_ORDER = ("publishers", "subscribers", "channels", "processes", "session")


class Refused(Exception):
    """The server is not what this program was written for."""


class Replies:
    """Rows on their way to our own session, sent in frames of CHUNK rows."""

    def __init__(self, writer):
        self.writer = writer
        self.rows = []
        self.slice_end = time.perf_counter() + SLICE

    def frame(self):
        rows, self.rows = self.rows, []
        if not self.writer.transport.is_closing():
            body = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
            body = body.encode("utf-8", "replace")
            self.writer.write(TAG + struct.pack("<Q", len(body)) + body)

    async def row(self, kind, **fields):
        self.rows.append({"row": kind, **fields})
        if len(self.rows) >= CHUNK:
            self.frame()
            await self.writer.drain()
        await self.breathe()

    async def breathe(self):
        if time.perf_counter() >= self.slice_end:
            await asyncio.sleep(0)
            self.slice_end = time.perf_counter() + SLICE


def text(value):
    return value if isinstance(value, str) else repr(value)[:200]


def processes_of(server):
    return [info for info in server.clients.values() if kind_of(info) == "ProcessInfo"]


def optional_text(value):
    return None if value is None else text(value)


def kind_of(info):
    return type(info).__name__


def tcp_info(writer):
    """From `struct tcp_info` of linux/tcp.h; None where it cannot be read."""
    if sys.platform != "linux":
        return None
    try:
        sock = writer.get_extra_info("socket")
        raw = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 60)
        (last_data_received,) = struct.unpack_from("I", raw, 52)
        return {
            "established": raw[0] == TCP_ESTABLISHED,
            "last_data_received_ms": last_data_received,
        }
    except Exception:
        return None


def peer_of(writer):
    peer = writer.get_extra_info("peername")
    return [text(peer[0]), peer[1]] if peer else None


def connection(server, client_id, info):
    """What every kind of client has."""
    task = server._client_tasks.get(client_id)
    return {
        "id": str(client_id),
        "peer": peer_of(info.writer),
        "tcp": tcp_info(info.writer),
        "closing": info.writer.transport.is_closing(),
        "handled": task is not None and not task.done(),
    }


def streams(component, kind):
    return [
        text(stream.address)
        for stream in component.streams.values()
        if type(stream).__name__ == kind
    ]


async def list_sessions(server, replies):
    """Each session's row is followed by the rows of its components."""
    for client_id, info in list(server.clients.items()):
        if kind_of(info) != "SessionInfo":
            continue
        metadata = info.metadata
        await replies.row(
            "session",
            **connection(server, client_id, info),
            root=optional_text(metadata.root_name) if metadata else None,
            edges=len(info.edges),
        )
        for key, component in list(metadata.components.items()) if metadata else []:
            unit = hasattr(component, "streams")
            await replies.row(
                "component",
                key=text(key),
                unit=unit,
                inputs=streams(component, "InputStreamMetadata") if unit else [],
                outputs=streams(component, "OutputStreamMetadata") if unit else [],
            )


async def list_clients(server, replies):
    for client_id, info in list(server.clients.items()):
        kind = kind_of(info)
        if kind == "ProcessInfo":
            await replies.row(
                "process",
                **connection(server, client_id, info),
                pid=info.pid,
                host=optional_text(info.host),
                units=sorted(text(unit) for unit in info.units),
            )
        elif kind == "PublisherInfo":
            await replies.row(
                "publisher", **connection(server, client_id, info), topic=text(info.topic)
            )
        elif kind == "SubscriberInfo":
            await replies.row(
                "subscriber", **connection(server, client_id, info), topic=text(info.topic)
            )
        elif kind == "ChannelInfo":
            await replies.row(
                "channel", **connection(server, client_id, info), publisher=str(info.pub_id)
            )


class Past:
    """What the event histories tell of a session or a process."""

    def __init__(self):
        self.events = 0
        self.last = None
        self.registered = None
        self.topics = set()
        self.last_topics = set()

    def saw(self, timestamp):
        self.events += 1
        self.last = timestamp if self.last is None else max(self.last, timestamp)


async def list_history(server, replies):
    sessions, processes, registrations = {}, {}, set()
    owned = set().union(*(info.units for info in processes_of(server)))
    for event in list(server._settings_events):
        await replies.breathe()
        if event.source_session_id is None:
            continue
        past = sessions.setdefault(str(event.source_session_id), Past())
        past.saw(event.timestamp)
        if event.event_type.name == "INITIAL_SETTINGS":
            past.registered = event.timestamp
            gone = UUID(event.source_session_id) not in server.clients
            if gone and event.component_address in owned:
                registrations.add((text(event.component_address), str(event.source_session_id)))
    for event in list(server._topology_events):
        await replies.breathe()
        if event.source_process_id is not None:
            processes.setdefault(str(event.source_process_id), Past()).saw(event.timestamp)
        if event.source_session_id is not None:
            past = sessions.setdefault(str(event.source_session_id), Past())
            past.saw(event.timestamp)
            past.last_topics = set(event.changed_topics)
            past.topics |= past.last_topics
    await replies.row(
        "history",
        settings_since=since(server._settings_events, server._settings_event_seq),
        topology_since=since(server._topology_events, server._topology_event_seq),
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
    for process_id, past in processes.items():
        await replies.row("process_past", id=process_id, events=past.events, last=past.last)
    for key, session_id in registrations:
        await replies.row("registration", key=key, session=session_id)


def since(events, seq):
    """From when on the history is whole; None if nothing of it was thrown away."""
    if seq <= len(events):
        return None
    return events[0].timestamp if events else time.time()


def pending_ping(server, process_id):
    for request_id, (owner, future) in server._pending_process_requests.items():
        if owner == process_id and request_id.startswith(PING_PREFIX):
            return future
    return None


def send_ping(server, process_id, info):
    """
    Asks a process for a sign of life, without the command lock and without waiting.

    The server's own routing waits, under the command lock, until the request is in the process's
    socket: with a stopped process that can be for ever. And it forgets a request that was not
    answered in time, so that a late answer is logged as unknown. Here the request stays registered
    until the process answers or leaves, and no second one is sent before that: a silent process
    gets one request, however often graphctl looks.
    """
    from ezmsg.core.graphmeta import ProcessControlRequest
    from ezmsg.core.netprotocol import Command

    request = ProcessControlRequest(PING_PREFIX + str(uuid1()), min(info.units), "PING")
    body = pickle.dumps(request)
    future = asyncio.get_running_loop().create_future()
    server._pending_process_requests[request.request_id] = (process_id, future)
    info.writer.write(Command.PROCESS_ROUTE_REQUEST.value + struct.pack("<Q", len(body)) + body)
    return future


async def ping_processes(server, request, replies):
    sent = time.perf_counter()
    waiting = {}
    for process_id, info in list(server.clients.items()):
        if kind_of(info) != "ProcessInfo" or not info.units:
            continue
        future = pending_ping(server, process_id)
        blocked = info.writer.transport.get_write_buffer_size() or info.write_lock.locked()
        if future is None and (blocked or info.writer.transport.is_closing()):
            await replies.row("ping", process=str(process_id), answer="blocked", ms=None)
            continue
        waiting[future or send_ping(server, process_id, info)] = process_id
        await replies.breathe()
    deadline = sent + request["ping_seconds"]
    while waiting:
        patience = max(0.0, deadline - time.perf_counter())
        done, _ = await asyncio.wait(
            waiting, timeout=patience, return_when=asyncio.FIRST_COMPLETED
        )
        for future in done or list(waiting):
            process_id = waiting.pop(future)
            ms = (time.perf_counter() - sent) * 1000 if done else None
            answer = answer_of(future) if done else "timeout"
            await replies.row("ping", process=str(process_id), answer=answer, ms=ms)


def answer_of(future):
    if future.cancelled() or future.exception() is not None:
        return "failed"
    response = future.result()
    if response.ok:
        return "ok"
    return response.error_code.name.lower() if response.error_code else "failed"


async def list_all(server, request, replies):
    lock = server._command_lock
    waiters = getattr(lock, "_waiters", None)
    await replies.row(
        "server",
        pid=os.getpid(),
        python=platform.python_version(),
        host=socket.gethostname(),
        lock_held=lock.locked(),
        lock_waiters=len(waiters) if waiters else 0,
    )
    await list_sessions(server, replies)
    await list_clients(server, replies)
    await list_history(server, replies)
    if request["ping_seconds"] is not None:
        await ping_processes(server, request, replies)


def what_changed(server, target):
    """Why the target is no longer what was judged; None if it still is."""
    clients = server.clients
    owners = {
        str(info.id) for info in processes_of(server) if not info.units.isdisjoint(target["units"])
    }
    if owners != set(target["owners"]):
        return "the processes that own its units are not the same any more"
    session = clients.get(UUID(target["session"])) if target["session"] else None
    if session is not None:
        metadata = session.metadata
        keys = sorted(text(key) for key in metadata.components) if metadata else []
        if keys != target["components"]:
            return "its component keys are not the same any more"
        # A process creates its publishers and subscribers before it registers.
        for kind, topics in (("PublisherInfo", "outputs"), ("SubscriberInfo", "inputs")):
            for client_id, info in clients.items():
                new = str(client_id) not in target["known"]
                if new and kind_of(info) == kind and info.topic in target[topics]:
                    return "a new client came to " + text(info.topic)
    return None


def planned(target):
    """The clients of a target in the order in which they go."""
    for kind in DROP_ORDER:
        ids = target[kind] if kind != "session" else filter(None, [target["session"]])
        for client_id in ids:
            yield kind, UUID(client_id)


async def drop(server, request, replies):
    accepted, outcomes = [], {}
    # From here to the last abort there is no await: nothing can slip in between.
    for target in request["targets"]:
        target["known"] = set(target["known"])
        subject = UUID(target["id"])
        change = what_changed(server, target) if subject in server.clients else None
        if subject not in server.clients:
            outcomes[target["id"]] = ("already-gone", None)
        elif change:
            outcomes[target["id"]] = ("changed", change)
        else:
            accepted.append(target)
    for step in DROP_ORDER:
        for target in accepted:
            for kind, client_id in planned(target):
                if kind == step and client_id in server.clients:
                    server.clients[client_id].writer.transport.abort()

    everything = [client_id for target in accepted for _, client_id in planned(target)]
    if not await all_gone(server, everything, GONE_AFTER_ABORT):
        await escalate(server, [client_id for client_id in everything if client_id in server.clients])
        await all_gone(server, everything, GONE_AFTER_ESCALATION)

    for target in accepted:
        left = [str(client_id) for _, client_id in planned(target) if client_id in server.clients]
        outcomes[target["id"]] = (
            ("failed", "still there: " + ", ".join(left)) if left else ("dropped", None)
        )
    for target_id, (outcome, detail) in outcomes.items():
        await replies.row("outcome", id=target_id, outcome=outcome, detail=detail)


async def all_gone(server, client_ids, patience):
    deadline = time.perf_counter() + patience
    while any(client_id in server.clients for client_id in client_ids):
        if time.perf_counter() >= deadline:
            return False
        await asyncio.sleep(0.002)
    return True


async def escalate(server, client_ids):
    """For clients whose handler does not notice that the connection is gone, or that have none."""
    ghosts = []
    for client_id in client_ids:
        task = server._client_tasks.get(client_id)
        if task is not None and not task.done():
            task.cancel()
        elif kind_of(server.clients[client_id]) == "SessionInfo":
            ghosts.append(client_id)
        else:
            server.clients.pop(client_id).set_sync()
    if not ghosts:
        return
    try:
        await asyncio.wait_for(server._command_lock.acquire(), GONE_AFTER_ESCALATION)
    except asyncio.TimeoutError:
        return
    try:
        topics = {topic for ghost in ghosts for topic in server._drop_session(ghost)}
    finally:
        server._command_lock.release()
    for topic in topics:
        await server._notify_downstream_for_topic(topic)


OPERATIONS = {"list": list_all, "drop": drop}

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


def check(server, session):
    for name, expected in EXPECTED.items():
        if not isinstance(getattr(server, name, None), expected):
            raise Refused(f"its GraphServer has no {expected.__name__} '{name}'")
    for name in ("_drop_session", "_notify_downstream_for_topic"):
        if not callable(getattr(server, name, None)):
            raise Refused(f"its GraphServer has no method '{name}'")
    if kind_of(session) != "SessionInfo":
        raise Refused("our own session is not a SessionInfo")


async def answer(server, request, replies):
    try:
        await OPERATIONS[request["operation"]](server, request, replies)
        end = {}
    except Exception as error:
        end = {"error": f"{type(error).__name__}: {error}"}
    replies.rows.append({"row": "end", **end})
    replies.frame()


def main():
    request = json.loads(globals()["request"])
    server = threading.current_thread()
    session = server.clients[UUID(request["session"])]
    replies = Replies(session.writer)
    try:
        check(server, session)
    except Refused as refusal:
        replies.rows.append({"row": "refused", "reason": str(refusal)})
        replies.frame()
        return
    replies.rows.append({"row": "hello", "now": time.time()})
    replies.frame()
    task = asyncio.get_running_loop().create_task(answer(server, request, replies))

    def session_ended(_):
        # A drop that was begun is finished, also when nobody waits for its outcome any more.
        if request["operation"] != "drop":
            task.cancel()

    asyncio.current_task().add_done_callback(session_ended)


try:
    main()
except Exception:
    # No row was sent, which tells graphctl enough; the server must not hear of it.
    pass
