"""
graphctl's admin program: what runs inside the GraphServer.

It is in eleven files. This one is run at once; the others are compiled when a request needs them, for that
too takes the server's time. All of it is sent as it stands, with one variable part, the JSON text `request`.
It runs in the server's own thread, inside the handler of graphctl's own session, and answers on that
session: each frame is TAG, a little-endian u64 length, and a JSON array of rows. The first frame is written
before this program returns, so it always precedes the server's own reply byte.

It never raises into the server, works in slices of about SLICE seconds of its event loop, writes no
log, and ends with its session. What it leaves are pending requests at processes that do not answer,
until these answer or leave. Only `drop` and `free` change anything. Each connection is closed in one step
with the check of every precondition, and each session goes under the command lock when nobody has come to
it; the server then cleans up after each as it does when one disconnects, but that its graph is pruned once
for all, and tells those who heard them who is left.

What clients registered is taken for anything at all: it is read by `text`, `texts` and `integer`,
and a client that cannot be read is told as such and does not hide the others.
"""

import asyncio
import inspect
import json
import struct
import threading
import time
from uuid import UUID

TAG = b"\xe5"
SLICE = 0.0005
LONGEST_TEXT = 4096
# The part that each operation is in.
OPERATIONS = {
    "list": "listing",
    "measure": "asking",
    "holders": "holding",
    "stacks": "stacks",
    "check": "dropping",
    "drop": "dropping",
    "free": "locking",
}
# What a server has as long as sessions are being dropped: a future that is done when they are.
DROPPING = "_graphctl_dropping"
# How long a client may take to go when its connection is closed.
GONE_AFTER_ABORT = 0.25
# Where `struct tcp_info` of linux/tcp.h counts the bytes that came; a kernel before 4.1 has nothing there.
RECEIVED = slice(128, 136)
# What all parts find in a server that they were written for.
EXPECTED = {
    "clients": dict,
    "_client_tasks": dict,
    "_command_lock": asyncio.Lock,
    "_pending_process_requests": dict,
    "_settings_events": list,
    "_topology_events": list,
}

encode = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode


class Replies:
    """Rows on their way to our own session, a frame a slice."""

    def __init__(self, writer):
        self.writer = writer
        self.rows = []
        self.slice_end = time.perf_counter() + SLICE

    def add(self, kind, *values):
        self.rows.append({kind: values})

    def frame(self):
        rows, self.rows = self.rows, []
        body = encode(rows).encode()
        if not self.writer.transport.is_closing():
            self.writer.write(TAG + struct.pack("<Q", len(body)) + body)

    async def row(self, kind, *values):
        self.add(kind, *values)
        await self.breathe()

    async def breathe(self):
        if time.perf_counter() >= self.slice_end:
            if self.rows:
                self.frame()
                await self.writer.drain()
            await asyncio.sleep(0)
            self.slice_end = time.perf_counter() + SLICE


def text(value):
    """Any value as text that UTF-8 can carry; the same value always gives the same text."""
    try:
        value = value if isinstance(value, str) else repr(value)
        value = value.encode("utf-8", "backslashreplace").decode()
    except Exception:
        value = type(value).__name__
    return value if len(value) <= LONGEST_TEXT else value[:LONGEST_TEXT] + "…"


def texts(values):
    """Of a list; at once if all of it is plain text, as a rule."""
    try:
        joined = "".join(values)
        if joined.isascii() and (len(joined) <= LONGEST_TEXT or max(map(len, values)) <= LONGEST_TEXT):
            return values
    except Exception:
        pass
    return list(map(text, values))


def optional_text(value):
    return None if value is None else text(value)


def integer(value):
    return value if type(value) is int and 0 <= value < 2**32 else None


def expect(server, attributes):
    for name, expected in attributes.items():
        if not isinstance(getattr(server, name, None), expected):
            raise LookupError(f"its GraphServer has no {expected.__name__} '{name}'")


def use(part):
    """Compiles a part of this program, unless it has been."""
    source = globals().pop(part + ".py", None)
    if source is not None:
        exec(compile(source, part, "exec"), globals())


def drops_in_bulk(server):
    """Whether its graph prunes itself by a method that can be set aside while sessions go."""
    graph, drop = getattr(server, "graph", None), getattr(server, "_drop_session", None)
    dicts = [getattr(graph, name, None) for name in ("graph", "edge_owners", "__dict__")]
    code = getattr(getattr(graph, "remove_edge", None), "__code__", None)
    prunes = "_prune" in getattr(code, "co_names", ()) and callable(getattr(graph, "_prune", None))
    drops = callable(drop) and not inspect.iscoroutinefunction(drop)
    return prunes and drops and all(isinstance(it, dict) for it in dicts)


class Exchange:
    """One request and its answer, bound to the handler of our own session."""

    def __init__(self, server, session, request):
        from ezmsg.core.graphmeta import GraphMetadata

        self.server, self.session, self.request = server, session, request
        self.replies = Replies(session.writer)
        self.handler = asyncio.current_task()
        # A registration that waits for the command lock has not named our session yet.
        self.mark = session.metadata = GraphMetadata(1, "graphctl", {})
        self.replies.add("hello", time.time())
        self.replies.frame()
        self.task = asyncio.get_running_loop().create_task(self.answer())
        self.handler.add_done_callback(self.session_ended)

    async def answer(self):
        server, operation, error = self.server, self.request["operation"], None
        try:
            expect(server, EXPECTED)
            use(OPERATIONS[operation])
            await globals()["answer_" + operation](server, self.request, self.replies)
        except Exception as failure:
            error = text(f"{type(failure).__name__}: {failure}")
        finally:
            self.handler.remove_done_callback(self.session_ended)
        self.replies.add("end", error)
        self.replies.frame()
        if self.session.metadata is self.mark:
            use("locking")
            await hang_up(self)

    def session_ended(self, _):
        # A drop that was begun is finished, also when nobody waits for its outcome any more.
        if self.request["operation"] != "drop":
            self.task.cancel()


try:
    request, server = json.loads(request), threading.current_thread()
    Exchange(server, server.clients[UUID(request["session"])], request)
except Exception:
    # No row was sent, which tells graphctl enough; the server must not hear of it.
    pass
