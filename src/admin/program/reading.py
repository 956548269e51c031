"""
graphctl's admin program: what runs inside the GraphServer.

It is in six files: this one and running.py are run at once, one after the other; listing, asking, locking
and dropping are compiled when a request needs them, since compiling holds up the server too. All of it is
sent as it stands, with one variable part, the JSON text `request`. It runs in the server's own thread,
inside the handler of graphctl's own session, and answers on that session: each frame is TAG, a
little-endian u64 length, and a JSON array of rows. The first frame is written before this program returns,
so it always precedes the server's own reply byte.

It never raises into the server, works in slices of about SLICE seconds of its event loop, writes no
log, and ends with its session. What it leaves are pending requests at processes that do not answer,
until these answer or leave. Only `drop` and `free` change anything, in one step with the check of
every precondition; the server then cleans up after each client as it does when one disconnects, and
tells those who heard its publishers who is left.

What clients registered is taken for anything at all: it is read by `text`, `texts`, `integer` and
`number`, and a client that cannot be read is told as such and does not hide the others.
"""

import asyncio
import json
import math
import os
import pickle
import socket
import struct
import sys
import threading
import time
from uuid import UUID, uuid1

TAG = b"\xe5"
SLICE = 0.0005
LONGEST_TEXT = 4096
TCP_ESTABLISHED = 1
# Of `struct tcp_info` in linux/tcp.h: state, backoff, timeout, unacknowledged packets, and the times since
# data and an acknowledgement last came.
TCP_INFO = struct.Struct("=B3xB3xI12xI24xII")
# The kernel tells the time since the last byte in ticks: it may be too long by one.
KERNEL_TICK_MS = 10

encode = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode


class Refused(Exception):
    """The server is not what this program was written for."""


class Replies:
    """Rows on their way to our own session, a frame a slice."""

    def __init__(self, writer):
        self.writer = writer
        self.rows = []
        self.slice_end = time.perf_counter() + SLICE

    def add(self, kind, *values):
        self.rows.append({kind: values})

    def frame(self):
        body = encode(self.rows).encode()
        self.rows = []
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


def texts(values):
    """Of a list; at once if all of it is plain text, as a rule."""
    try:
        if "".join(values).isascii() and max(map(len, values), default=0) <= LONGEST_TEXT:
            return values
    except Exception:
        pass
    return list(map(text, values))


def optional_text(value):
    return None if value is None else text(value)


def integer(value):
    return value if type(value) is int and 0 <= value < 2**32 else None


def number(value):
    try:
        return float(value) if type(value) in (int, float) and math.isfinite(value) else None
    except OverflowError:
        return None


def clients_of(server, kind):
    """A copy: the dict may change whenever this program yields."""
    return [info for info in list(server.clients.values()) if kind_of(info) == kind]


def units_of(process):
    return {text(unit) for unit in process.units}


class Tcp:
    """What the kernel knows of a connection."""

    def __init__(self, raw):
        state, self.backoff, self.timeout_us, self.unacked, *ages = TCP_INFO.unpack_from(raw)
        self.established = state == TCP_ESTABLISHED
        self.last_data_received_ms, self.last_ack_received_ms = ages

    @classmethod
    def of(cls, writer):
        """None where it cannot be read."""
        if sys.platform != "linux":
            return None
        try:
            sock = writer.get_extra_info("socket")
            return cls(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCP_INFO.size))
        except Exception:
            return None

    def heard_within(self, ms):
        return self.last_data_received_ms < ms

    def unacked_ms(self):
        """
        How long the kernel has sent the same again and again without an acknowledgement; None if all is
        acknowledged.

        It waits twice as long each time, so its waits until the last repetition add up to nearly the
        one that is running now. The time since that repetition does not count: the host may be back.
        """
        if not self.unacked:
            return None
        repeated = self.timeout_us / 1000 * (1 - 0.5**self.backoff)
        return min(float(self.last_ack_received_ms), repeated)


def end_of(writer, name):
    address = writer.get_extra_info(name)
    return address and list(address[:2])


def connection(server, info):
    """What every kind of client has."""
    task, tcp = server._client_tasks.get(info.id), Tcp.of(info.writer)
    return (
        info.id.hex,
        end_of(info.writer, "peername"),
        end_of(info.writer, "sockname"),
        tcp and (tcp.established, tcp.last_data_received_ms),
        info.writer.transport.is_closing(),
        task is not None and not task.done(),
    )
