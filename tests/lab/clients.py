"""The other clients of a GraphServer: witness, observer, low-level publisher and subscriber, silent session.

Each mode prints JSON lines on stdout and, all but `snapshot` and `ping`, lives until its stdin is closed. A silent
session registers each line there as one more component, and says `registered`. A key `edge:A>B` is an edge that it adds.
"""

import os

if __name__ == "__main__":
    # What started the tests may have left pipes open here that lead to it.
    os.closerange(3, 1024)

import argparse
import asyncio
import json
import signal
import sys
import time
from collections import Counter
from contextlib import AsyncExitStack
from collections.abc import AsyncGenerator

import ezmsg.core as ez
from ezmsg.core.graphmeta import (
    CollectionMetadata,
    DynamicSettingsMetadata,
    GraphMetadata,
    GraphSnapshot,
    InputStreamMetadata,
    OutputStreamMetadata,
    UnitMetadata,
)


EDGE = "edge:"


def emit(event: str, **facts: object) -> None:
    print(json.dumps({"event": event, **facts, "at": time.monotonic()}), flush=True)


def session_id(context: ez.GraphContext) -> str:
    """ezmsg has no public name for it."""
    return str(context._session_id)


def told(snapshot: GraphSnapshot, own: str) -> dict[str, object]:
    """All the server says it holds, but for the session that asked."""
    sessions = {
        id: {
            "components": sorted(held.metadata.components) if held.metadata else [],
            "edges": [list(edge) for edge in held.edges],
        }
        for id, held in snapshot.sessions.items()
        if id != own
    }
    processes = [
        {"id": str(held.process_id), "pid": held.pid, "host": held.host, "units": held.units}
        for held in snapshot.processes.values()
    ]
    return {"sessions": sessions, "processes": processes, "graph": snapshot.graph}


def metadata(keys: list[str]) -> GraphMetadata:
    """What a pipeline of these components would register: keys with children are collections."""
    components = {}
    for key in keys:
        children = [other for other in keys if other.rpartition("/")[0] == key]
        common = dict(
            address=key,
            name=key.rpartition("/")[2],
            settings_type="ezmsg.core.settings.Settings",
            initial_settings=(None, "None"),
            dynamic_settings=DynamicSettingsMetadata(False, None, None),
            settings_schema=None,
        )
        if children:
            components[key] = CollectionMetadata(
                component_type="lab.Pair", topics={}, relays={}, children=children, **common
            )
        else:
            streams = {
                "INPUT": InputStreamMetadata("INPUT", f"{key}/INPUT", "builtins.dict"),
                "OUTPUT": OutputStreamMetadata("OUTPUT", f"{key}/OUTPUT", "builtins.dict"),
            }
            components[key] = UnitMetadata(
                component_type="lab.Unit", streams=streams, tasks=[], main=None, threads=[], **common
            )
    return GraphMetadata(schema_version=1, root_name=None, components=components)


async def ticks(rate: float) -> AsyncGenerator[None, None]:
    """So many a second: who was held up for a moment catches up."""
    due = time.monotonic()
    while True:
        yield
        due = max(due + 1 / rate, time.monotonic() - 1)
        await asyncio.sleep(max(0.0, due - time.monotonic()))


async def publish(context: ez.GraphContext, topic: str, rate: float) -> None:
    publisher = await context.publisher(topic)
    emit("ready", id=session_id(context))
    number = 0
    async for _ in ticks(rate):
        await publisher.broadcast({"run": "lab", "number": number})
        number += 1


async def subscribe(context: ez.GraphContext, topic: str) -> None:
    subscriber = await context.subscriber(topic)
    emit("ready", id=session_id(context))
    total, runs = 0, Counter()

    async def report() -> None:
        while True:
            emit("count", total=total, runs=runs)
            await asyncio.sleep(0.2)

    reporting = asyncio.create_task(report())
    try:
        while True:
            message = await subscriber.recv()
            total += 1
            runs[message["run"]] += 1
    finally:
        reporting.cancel()


async def grow(context: ez.GraphContext, keys: list[str]) -> None:
    """Registers one more component for each key on stdin, until that is closed."""
    while key := (await asyncio.to_thread(sys.stdin.readline)).strip():
        keys = [*keys, key]
        await context.register_metadata(metadata(keys))
        emit("registered", keys=keys)


async def until_let_go(work: "asyncio.Task[None] | None" = None) -> None:
    waiting = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
    await asyncio.wait({waiting, work} if work else {waiting}, return_when=asyncio.FIRST_COMPLETED)
    if work and work.done():
        work.result()
    if work:
        work.cancel()


def graph_context(address: str) -> ez.GraphContext:
    host, port = address.rsplit(":", 1)
    return ez.GraphContext((host, int(port)), auto_start=False)


async def serve(args: argparse.Namespace) -> None:
    async with graph_context(args.address) as context:
        if args.mode == "snapshot":
            print(json.dumps(told(await context.snapshot(), session_id(context))), flush=True)
        elif args.mode == "ping":
            requests = [context.process_request(it, "PING", timeout=args.timeout) for it in args.units]
            answers = [await request for request in requests]
            said = ["ok" if answer.ok else answer.error_code.value for answer in answers]
            print(json.dumps(said), flush=True)
        elif args.mode == "publish":
            await until_let_go(asyncio.create_task(publish(context, args.topic, args.rate)))
        elif args.mode == "subscribe":
            await until_let_go(asyncio.create_task(subscribe(context, args.topic)))
        else:
            async with AsyncExitStack() as beside:
                if args.mode == "session":
                    if args.stubborn:
                        signal.signal(signal.SIGTERM, lambda *_: emit("asked"))
                    edges = [key for key in args.keys if key.startswith(EDGE)]
                    args.keys = [key for key in args.keys if key not in edges]
                    for edge in edges:
                        await context.connect(*edge.removeprefix(EDGE).split(">"))
                    if args.keys:
                        await context.register_metadata(metadata(args.keys))
                    if args.beside:
                        other = await beside.enter_async_context(graph_context(args.beside))
                        await other.register_metadata(metadata(["Y"]))
                emit("ready", id=session_id(context))
                await (grow(context, args.keys) if args.mode == "session" else until_let_go())


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--address", required=True)
    modes = parser.add_subparsers(dest="mode", required=True)
    modes.add_parser("snapshot")
    pinging = modes.add_parser("ping")
    pinging.add_argument("timeout", type=float)
    pinging.add_argument("units", nargs="+")
    modes.add_parser("observe")
    session = modes.add_parser("session")
    session.add_argument("keys", nargs="+")
    session.add_argument("--beside", help="a session on another server too")
    session.add_argument("--stubborn", action="store_true", help="does not end when asked to")
    publishing = modes.add_parser("publish")
    publishing.add_argument("topic")
    publishing.add_argument("--rate", type=float, default=100.0)
    modes.add_parser("subscribe").add_argument("topic")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(serve(arguments()))
