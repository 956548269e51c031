"""A stock GraphServer in a process of its own, on HOST:PORT, or on a free port of HOST.

Orders on stdin make it tell what no client can ask a stock server: "state", what it has at hand; "dump", all that
it keeps of its clients. The order "orphan ID" ends the handler of a client without its clean-up, "ghost" makes one more
session that nobody ever handled, "hang-up" closes the connections of graphctl, "cut TOPIC" those of the publishers on a
topic, "strange" makes its graph one of another ezmsg, "chain" connects the units of each session, "lie LIES" makes it tell graphctl what is not so.

With `busy` after the address, the main thread has something to do every millisecond, as that of a pipeline has
whose server lives in its process; the order "pause" makes it tell the longest pause since it was last asked.

With `strict` after the address, an older Python warns of what Python 3.14 warns of.
"""

import asyncio
import json
import os
import signal
import sys
import threading
import time
import warnings
from collections import Counter
from itertools import pairwise
from uuid import UUID

import ezmsg.core as ez
import lies
from dump import dump, orphan
from ezmsg.core.dag import DAG
from ezmsg.core.netprotocol import Command


class StrangeGraph(DAG):
    """What it does when an edge goes is not known by its name."""

    def remove_edge(self, *edge: object, **owner: object) -> bool:
        return super().remove_edge(*edge, **owner)


def leave(*_: object) -> None:
    sys.exit(0)


def emit(event: str, **facts: object) -> None:
    print(json.dumps({"event": event, **facts}), flush=True)


async def state(server: ez.GraphServer) -> dict[str, object]:
    """Without the command lock, so that it also works while that is held for ever."""
    own = asyncio.current_task()
    return {
        "clients": Counter(type(client).__name__ for client in server.clients.values()),
        "handlers": sum(not task.done() for task in server._client_tasks.values()),
        "tasks": len(asyncio.all_tasks() - {own}),
        "pings": len(server._pending_process_requests),
        "locked": server._command_lock.locked(),
        "waiters": len(server._command_lock._waiters or ()),
    }


async def haunt(server: ez.GraphServer) -> None:
    """Asks for a session and hangs up before the server looks, which cannot be while this runs in its loop."""
    before = set(server.clients)
    reader, writer = await asyncio.open_connection(*server.address)
    await reader.readexactly(int.from_bytes(await reader.readexactly(8), "little"))
    writer.write(Command.SESSION.value)
    writer.transport.abort()
    while not server.clients.keys() - before:
        await asyncio.sleep(0)


def hang_up(server: ez.GraphServer) -> None:
    """On every graphctl."""
    for info in server.clients.values():
        if getattr(getattr(info, "metadata", None), "root_name", None) == "graphctl":
            info.writer.transport.abort()


def cut(server: ez.GraphServer, topic: str) -> None:
    """The connections of the publishers on a topic, as a network does that breaks."""
    for info in server.clients.values():
        if type(info).__name__ == "PublisherInfo" and info.topic == topic:
            info.writer.transport.abort()


def chain(server: ez.GraphServer) -> None:
    """The signal of each unit to the next, all at once: each CONNECT copies and searches the whole graph."""
    for info in server.clients.values():
        metadata = getattr(info, "metadata", None)
        components = metadata.components.values() if metadata else ()
        units = [component for component in components if hasattr(component, "streams")]
        for unit, following in pairwise(units):
            edge = (f"{unit.address}/OUTPUT_SIGNAL", f"{following.address}/INPUT_SIGNAL")
            server.graph.graph[edge[0]].add(edge[1])
            server.graph.graph[edge[1]]
            server.graph.edge_owners[edge] = {info.id}
            info.edges.add(edge)


class Work:
    """What the main thread does every millisecond."""

    def __init__(self) -> None:
        self.pause = 0.0

    def go_on(self) -> None:
        last = time.perf_counter()
        while True:
            time.sleep(0.001)
            now = time.perf_counter()
            self.pause = max(self.pause, now - last)
            last = now

    def told(self) -> float:
        pause, self.pause = self.pause, 0.0
        return pause


work = Work()


async def obeyed(server: ez.GraphServer, order: str, *ids: str) -> dict[str, object]:
    if order == "dump":
        return dump(server)
    if order == "pause":
        return {"pause": work.told()}
    if order == "chain":
        chain(server)
    if order == "orphan":
        for client_id in ids:
            await orphan(server, UUID(client_id))
    if order == "ghost":
        await haunt(server)
    if order == "hang-up":
        hang_up(server)
    if order == "cut":
        cut(server, *ids)
    if order == "strange":
        server.graph.__class__ = StrangeGraph
    if order == "lie":
        lies.tell(*ids)
    return await state(server)


def deprecate() -> None:
    """What Python 3.14 has deprecated: any use of it is a warning."""
    if sys.version_info >= (3, 14):
        return
    stock = asyncio.iscoroutinefunction

    def deprecated(function: object) -> bool:
        warnings.warn("asyncio.iscoroutinefunction is deprecated", DeprecationWarning, stacklevel=2)
        return stock(function)

    asyncio.iscoroutinefunction = deprecated


def obey(server: ez.GraphServer) -> None:
    """Reads without a buffer, whose lock would be in the interpreter's way at its end."""
    while orders := os.read(0, 4096):
        for order in orders.decode().splitlines():
            telling = asyncio.run_coroutine_threadsafe(obeyed(server, *order.split()), server._loop)
            emit("state", **telling.result())


def main() -> None:
    signal.signal(signal.SIGTERM, leave)
    if sys.argv[2:] == ["strict"]:
        deprecate()
    server = ez.GraphServer()
    host, _, port = sys.argv[1].partition(":")
    server.start((host, int(port or 0)))
    host, port = server.address
    emit("listening", address=f"{host}:{port}")
    threading.Thread(target=obey, args=(server,), daemon=True).start()
    try:
        if sys.argv[2:] == ["busy"]:
            work.go_on()
        server.join()
    finally:
        server.stop()


if __name__ == "__main__":
    main()
