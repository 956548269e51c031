"""Capture SESSION_SNAPSHOT replies of a real GraphServer for tests/pickle.rs.

Run once per Python, each with ezmsg==3.9.0 installed:

    python capture.py

Python 3.13 also writes the corpus, one value of many kinds, in each protocol from 2 to 5.

Starts a server on a free loopback port, takes the snapshot of the empty server, runs a pipeline whose
two units live in two processes, and takes its snapshot. Beside each `.pickle` (the exact bytes of the
reply) goes a `.json` with what Python reads in it. Nothing of the capturing machine is kept: the host
name and the node of every UUID are replaced, and only type names and topics are recorded.
"""

import json
import pickle
import socket
import sys
import time
import uuid
from collections import OrderedDict
from collections.abc import AsyncGenerator
from pathlib import Path

# Before ezmsg is imported, and before it forks: version 1 UUIDs carry the machine's MAC address.
socket.gethostname = lambda: "lab-host"
uuid._generate_time_safe = None
uuid.getnode = lambda: 0x02005E005301

import ezmsg.core as ez  # noqa: E402
from ezmsg.core.backend import GraphRunner  # noqa: E402
from ezmsg.core.graphmeta import UnitMetadata  # noqa: E402
from ezmsg.core.graphserver import GraphServer  # noqa: E402
from ezmsg.core.netprotocol import Command  # noqa: E402

DEADLINE_SECONDS = 30.0


class CounterSettings(ez.Settings):
    label: str = "zähler"
    rate: float = 20.0


class Counter(ez.Unit):
    SETTINGS = CounterSettings
    INPUT_SETTINGS = ez.InputStream(CounterSettings)
    OUTPUT = ez.OutputStream(int)

    @ez.publisher(OUTPUT)
    async def count(self) -> AsyncGenerator:
        import asyncio

        number = 0
        while True:
            yield self.OUTPUT, number
            number += 1
            await asyncio.sleep(1.0 / self.SETTINGS.rate)


class Sink(ez.Unit):
    INPUT = ez.InputStream(int)

    @ez.subscriber(INPUT)
    async def take(self, number: int) -> None: ...


class System(ez.Collection):
    COUNTER = Counter(CounterSettings())
    SINK = Sink()

    def network(self) -> ez.NetworkDefinition:
        return ((self.COUNTER.OUTPUT, self.SINK.INPUT),)

    def process_components(self):
        return (self.COUNTER, self.SINK)


def read_exactly(sock: socket.socket, count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        part = sock.recv(count - len(data))
        if not part:
            raise EOFError("server closed the connection")
        data += part
    return bytes(data)


def read_sized(sock: socket.socket) -> bytes:
    return read_exactly(sock, int.from_bytes(read_exactly(sock, 8), "little"))


def snapshot(address: tuple[str, int]) -> bytes:
    """The raw pickle of one SESSION_SNAPSHOT reply; the session asking is part of it."""
    with socket.create_connection(address, timeout=DEADLINE_SECONDS) as sock:
        read_sized(sock)
        sock.sendall(Command.SESSION.value)
        read_sized(sock)
        read_exactly(sock, 1)
        sock.sendall(Command.SESSION_SNAPSHOT.value)
        payload = read_sized(sock)
        if read_exactly(sock, 1) != Command.COMPLETE.value:
            raise RuntimeError("snapshot was not completed")
        return payload


def seen_by_python(payload: bytes) -> dict:
    graph = pickle.loads(payload)
    return {
        "graph": graph.graph,
        "edge_owners": [
            {"from": edge.from_topic, "to": edge.to_topic, "owners": owners}
            for edge, owners in graph.edge_owners.items()
        ],
        "sessions": {
            session_id: {
                "edges": [[edge.from_topic, edge.to_topic] for edge in session.edges],
                "metadata": session.metadata and metadata(session.metadata),
            }
            for session_id, session in graph.sessions.items()
        },
        "processes": [
            {
                "key": str(key),
                "process_id": str(process.process_id),
                "pid": process.pid,
                "host": process.host,
                "units": process.units,
            }
            for key, process in graph.processes.items()
        ],
    }


def metadata(graph) -> dict:
    return {
        "schema_version": graph.schema_version,
        "root_name": graph.root_name,
        "components": {
            key: {
                "class": type(component).__name__,
                "unit": isinstance(component, UnitMetadata),
                "address": component.address,
                "component_type": component.component_type,
                "settings_bytes": len(component.initial_settings[0] or b""),
            }
            for key, component in graph.components.items()
        },
    }


def wait_for_pipeline(address: tuple[str, int]) -> bytes:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        payload = snapshot(address)
        processes = pickle.loads(payload).processes.values()
        if sum(len(process.units) for process in processes) == 2 and len(processes) == 2:
            return payload
        time.sleep(0.1)
    raise TimeoutError("the pipeline's processes never registered")


def write(name: str, payload: bytes) -> None:
    folder = Path(__file__).resolve().parent
    (folder / f"{name}.pickle").write_bytes(payload)
    text = json.dumps(seen_by_python(payload), indent=1, ensure_ascii=False)
    (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def write_corpus() -> None:
    shared = ["shared"]
    value = {
        "none": None,
        "truth": [True, False],
        "ints": [0, 255, 65535, -1, 2**31 - 1, -(2**31), 2**40, -(2**63)],
        "long ints": [2**63, 2**64 - 1, -(2**63) - 1, 2**127, 2**128 - 1, -(2**127), 2**200],
        "floats": [1.5, -0.0, float("inf")],
        "text": "zähler \U0001f600",
        "surrogate": "a\ud800b",
        "bytes": b"\x00\xff",
        "empty": b"",
        "bytearray": bytearray(b"\x80ab"),
        "tuples": [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)],
        "set": {7},
        "frozenset": frozenset([8]),
        "shared": [shared, shared],
        "ordered": OrderedDict(a=1),
        "complex": 1j,
        "long": list(range(1500)),
        uuid.UUID("09548917-e650-11f1-9081-02005e005301"): "by uuid",
        (1, "x"): "by tuple",
    }
    folder = Path(__file__).resolve().parent
    for protocol in range(2, 6):
        payload = pickle.dumps(value, protocol)
        (folder / f"corpus-protocol{protocol}.pickle").write_bytes(payload)


def main() -> None:
    suffix = "py{}{}".format(*sys.version_info[:2])
    if suffix == "py313":
        write_corpus()
    server = GraphServer()
    server.start(("127.0.0.1", 0))
    address = tuple(server.address)
    try:
        write(f"empty-{suffix}", snapshot(address))
        runner = GraphRunner({"SYSTEM": System()}, graph_address=address)
        runner.start()
        try:
            write(f"snapshot-{suffix}", wait_for_pipeline(address))
        finally:
            runner.stop()
    finally:
        server.stop()


if __name__ == "__main__":
    main()
