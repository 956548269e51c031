"""What a stock server tells graphctl, changed on its way out: its listings, and nothing of what it does."""

import asyncio
import json
import struct
from collections.abc import Iterator
from itertools import cycle

TAG = b"\xe5"
CLIENTS = ("session", "process", "publisher", "subscriber", "channel")
# Where a row has a pid.
PID_AT = {"process": 1, "server": 0}

# Stands for the address of whoever asks.
ASKER = "asker"

honest = asyncio.StreamWriter.write


class Liar:
    """Tells of the `clients` with these ids another peer, or nothing at all where that is null; and of processes,
    and of itself, one of these `pids` after the other."""

    def __init__(self, lies: dict[str, object]) -> None:
        self.clients = {id.replace("-", ""): peer for id, peer in lies.get("clients", {}).items()}
        self.pids = cycle(lies.get("pids", ()))
        self.hiding = False

    def write(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        if data[:1] == TAG:
            rows = list(self.rows(json.loads(data[9:]), writer))
            body = json.dumps(rows).encode()
            data = TAG + struct.pack("<Q", len(body)) + body
        honest(writer, data)

    def rows(self, rows: list[dict], writer: asyncio.StreamWriter) -> Iterator[dict]:
        for row in rows:
            ((kind, values),) = row.items()
            if kind in CLIENTS:
                id, peer, *_ = client = values[0]
                lie = self.clients.get(id, peer)
                client[1] = writer.get_extra_info("peername")[:2] if lie == ASKER else lie
                self.hiding = id in self.clients and lie is None
            elif kind != "components":  # Those of a session follow it.
                self.hiding = False
            if kind in PID_AT:
                values[PID_AT[kind]] = next(self.pids, values[PID_AT[kind]])
            if not self.hiding:
                yield row


def tell(lies: str) -> None:
    """From now on, instead of what was told before."""
    liar = Liar(json.loads(lies))
    asyncio.StreamWriter.write = lambda writer, data: liar.write(writer, data)
