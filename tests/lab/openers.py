"""Healthy pipelines whose sessions were opened in ways that a look at the processes may take for dead.

Each tells the events of `pipeline.py`.
"""

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Callable

import ezmsg.core as ez
import pipeline
from clients import metadata, ticks
from ezmsg.core.processclient import ProcessControlClient

Address = tuple[str, int]

UNIT = "SYSTEM/UNIT"
TOPIC = f"{UNIT}/OUTPUT"
RATE = 200.0


def pair(run: str) -> pipeline.Pair:
    fields = dict(host="127.0.0.1", messages=0, processes=2, slow_initialize=0.0, fail="none")
    return pipeline.Pair(pipeline.Plan(run=run, rate=RATE, **fields))


def forked(address: Address) -> None:
    """A pipeline run by a process that was forked a moment before, and is hardly older than its session."""
    opener = os.fork()
    if opener:
        os.waitpid(opener, 0)
        return
    runner = ez.GraphRunner({"SYSTEM": pair("SYSTEM")}, graph_address=address)
    runner.run_blocking()


def notebook(address: Address) -> None:
    """Two pipelines at once, in backends: those of SECOND inherit the session of FIRST.

    The order `stop()` stops FIRST: the notebook closes its session, of which the backends of SECOND keep copies.
    """
    runners = [
        ez.GraphRunner({name: pair(name)}, graph_address=address) for name in ("FIRST", "SECOND")
    ]
    for runner in runners:
        runner.start()
    pipeline.emit("started")
    pipeline.obey(runners[0])


async def flow(context: ez.GraphContext) -> None:
    """A publisher and a subscriber, which counts, in the one process."""
    await context.subscriber(f"{UNIT}/INPUT")
    subscriber = await context.subscriber(TOPIC)
    publisher = await context.publisher(TOPIC)

    async def publish() -> None:
        async for _ in ticks(RATE):
            await publisher.broadcast({})

    async def count() -> None:
        nonlocal total
        while True:
            await subscriber.recv()
            total += 1

    async def report() -> None:
        pipeline.emit("running")
        while True:
            pipeline.emit("count", total=total)
            await asyncio.sleep(0.2)

    total = 0
    await asyncio.gather(publish(), count(), report())


async def opened(address: Address) -> ez.GraphContext:
    """A session and the process of its unit, registered by the process that is about to leave."""
    context = await ez.GraphContext(address, auto_start=False).__aenter__()
    await context.register_metadata(metadata(["SYSTEM", UNIT]))
    process = ProcessControlClient(address)
    await process.connect()
    await process.register([UNIT])
    context.process = process
    return context


def daemon(address: Address) -> None:
    """Becomes a daemon with its connections open: a grandchild serves what a process long gone opened.

    It stays in the process group of the lab, which has to find it.
    """
    loop = asyncio.new_event_loop()
    context = loop.run_until_complete(opened(address))
    pipeline.emit("opener", pid=os.getpid())
    if os.fork() or os.fork():
        os._exit(0)
    pipeline.emit("daemon", pid=os.getpid())
    loop.run_until_complete(flow(context))


def polled(address: Address) -> None:
    """Turns its event loop by hand, as a program does whose own loop is that of a window or a game.

    It was forked a moment before, and hardly ever waits for its connections.
    """
    opener = os.fork()
    if opener:
        os.waitpid(opener, 0)
        return
    loop = asyncio.new_event_loop()
    context = loop.run_until_complete(opened(address))
    flowing = loop.create_task(flow(context))
    while not flowing.done():
        loop.call_soon(loop.stop)
        loop.run_forever()
        time.sleep(0.002)


def main() -> None:
    modes: dict[str, Callable[[Address], None]] = {
        mode.__name__: mode for mode in (forked, notebook, daemon, polled)
    }
    parser = argparse.ArgumentParser()
    parser.add_argument("--address", required=True)
    parser.add_argument("mode", choices=modes)
    args = parser.parse_args()
    host, port = args.address.rsplit(":", 1)
    modes[args.mode]((host, int(port)))


if __name__ == "__main__":
    sys.exit(main())
