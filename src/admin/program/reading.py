"""
graphctl's admin program: what runs inside the GraphServer.

It is in six files, of which this is the first: reading, listing, asking, locking, dropping, running.
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
TCP_ESTABLISHED = 1
# The kernel tells the time since the last byte in ticks: it may be too long by one.
KERNEL_TICK_MS = 10


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
