"""Two programs whose sessions are interwoven: the victim, which is to end, and the others, which are to stay.

The victim's session V has the units V/U, which its own process runs, and V/LENT, which runs with the others. Its
publisher is heard by subscribers of the others: by way of its own edges, of an edge that both own, of a persistent
one, and of none. Each message has the topic of its publisher for a run.

Both say `ready`, with the ids of what they opened by name, and then obey orders on stdin:

victim ask     its session asks the process of OTHER/U for something, and waits for the answer
others answer  that process answers
others tell    the event `told`: what its sessions came to know, when messages have flowed for a moment
"""

import argparse
import asyncio
import os
import signal
import socket
import sys
import time
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator

import ezmsg.core as ez
from clients import emit, metadata, session_id, ticks, told
from dump import settings_event, topology_event
from ezmsg.core.graphmeta import (
    ProcessControlRequest,
    ProcessControlResponse,
    ProcessProfilingTraceBatch,
    SettingsSnapshotValue,
)
from ezmsg.core.graphserver import GraphService
from ezmsg.core.messagecache import CacheMiss
from ezmsg.core.netprotocol import Command
from ezmsg.core.processclient import ProcessControlClient
from odd_clients import Clients

# Messages of each publisher that are heard before it is told what is heard.
A_MOMENT = 30

HOLD = "HOLD"
STDIN = 0


def keep_open(connection: socket.socket) -> int:
    """A process that holds this connection and nothing else, so that it can be the last to close."""
    keeper = os.fork()
    if keeper == 0:
        os.closerange(0, connection.fileno())
        os.closerange(connection.fileno() + 1, 4096)
        while True:
            signal.pause()
    return keeper


def hold_requests(process: ProcessControlClient) -> asyncio.Event:
    """Its process keeps the request HOLD until the event."""
    answer, handle = asyncio.Event(), process._handle_route_request

    async def hold(request: ProcessControlRequest) -> ProcessControlResponse:
        if request.operation != HOLD:
            return await handle(request)
        emit("held")
        await answer.wait()
        return ProcessControlResponse(request.request_id, ok=True)

    process._handle_route_request = hold
    return answer


async def report(process: ProcessControlClient, unit: str) -> None:
    value = SettingsSnapshotValue(None, f"{unit} as its process runs it")
    await process.report_settings_update(component_address=unit, value=value)


async def flow(publisher: ez.Publisher, topic: str) -> None:
    async for _ in ticks(100.0):
        await publisher.broadcast({"run": topic})


async def orders() -> AsyncGenerator[str, None]:
    while said := await asyncio.to_thread(os.read, STDIN, 4096):
        for order in said.decode().splitlines():
            yield order


class Fleet(Clients):
    """The sessions of one of the two programs."""

    def __init__(self, address: tuple[str, int]) -> None:
        super().__init__(address)
        self.tasks = set()

    def go(self, work: object) -> asyncio.Task:
        task = asyncio.create_task(work)
        self.tasks.add(task)
        return task

    async def publish(self, session: ez.GraphContext, topic: str) -> None:
        self.go(flow(await session.publisher(topic), topic))


async def victim(lab: Fleet) -> None:
    session = await lab.session(metadata(["V", "V/U", "V/LENT"]))
    await lab.publish(session, "V/U/OUTPUT")
    await session.subscriber("V/U/INPUT")
    for from_topic, to_topic in (
        ("V/U/OUTPUT", "SINK"),
        ("V/U/OUTPUT", "OTHER/U/INPUT"),
        ("FEED/MIXED", "MIXED"),
        ("FEED/V", "V/U/INPUT"),
    ):
        await session.connect(from_topic, to_topic)
    await GraphService(lab.address).connect("V/U/OUTPUT", "KEPT")
    process = await lab.process()
    hold_requests(process)
    await process.register(["V/U"])
    await report(process, "V/U")
    batch = ProcessProfilingTraceBatch(process.process_id, 1, "", time.time(), [])
    update = Command.PROCESS_PROFILING_TRACE_UPDATE
    await process._write_payload(update, batch, expect_complete=False)
    keeper = keep_open(session._session_writer.get_extra_info("socket"))
    ids = {"V": session_id(session), "V's process": str(process.client_id)}
    emit("ready", ids=ids, keeper=keeper)
    async for _ in orders():
        lab.go(session.process_request("OTHER/U", HOLD, timeout=86400.0))


class Others:
    """What the other sessions come to know."""

    def __init__(self) -> None:
        self.subscribers: dict[str, ez.Subscriber] = {}
        self.heard: dict[str, Counter] = {}
        self.events: list[str] = []

    async def hear(self, topic: str) -> None:
        while True:
            try:
                message = await self.subscribers[topic].recv()
            except CacheMiss:
                # The last messages of a publisher that was killed went with it.
                continue
            self.heard[topic][message["run"]] += 1

    async def follow(self, stream: AsyncIterator, kind: str, line: object) -> None:
        async for event in stream:
            self.events.append(f"{kind}: {line(event)}")

    def sources(self, topic: str) -> list[str]:
        """The publishers whose connection to a subscriber still stands."""
        channels = self.subscribers[topic]._channels.values()
        return sorted(channel.topic for channel in channels if not channel._pub_task.done())

    async def listen(self) -> None:
        for heard in self.heard.values():
            heard.clear()
        fed = ("SINK", "KEPT", "OTHER/U/INPUT")
        while any(self.heard[topic]["FEED/SINK"] < A_MOMENT for topic in fed):
            await asyncio.sleep(0.01)


async def others(lab: Fleet) -> None:
    session = await lab.session(metadata(["OTHER", "OTHER/U"]))
    process = await lab.process("OTHER/U", "V/LENT")
    answer = hold_requests(process)
    await report(process, "OTHER/U")
    await report(process, "V/LENT")
    known = Others()
    for topic in ("FEED/SINK", "FEED/MIXED", "FEED/V"):
        await lab.publish(session, topic)
    for to_topic in ("SINK", "KEPT", "OTHER/U/INPUT"):
        await session.connect("FEED/SINK", to_topic)
    await session.connect("V/U/OUTPUT", "OTHER/U/INPUT")
    for topic in ("SINK", "KEPT", "OTHER/U/INPUT", "MIXED", "V/U/OUTPUT"):
        known.subscribers[topic] = await session.subscriber(topic)
        known.heard[topic] = Counter()
        lab.go(known.hear(topic))
    watcher, asker = await lab.session(), await lab.session()
    lab.go(known.follow(watcher.subscribe_settings_events(), "settings", settings_event))
    lab.go(known.follow(watcher.subscribe_topology_events(), "topology", topology_event))
    asked = lab.go(asker.process_request("V/U", HOLD, timeout=86400.0))
    sessions = {"OTHER": session, "WATCHER": watcher, "ASKER": asker}
    ids = {name: session_id(it) for name, it in sessions.items()}
    emit("ready", ids={**ids, "OTHER's process": str(process.client_id)})
    async for order in orders():
        if order == "answer":
            answer.set()
            continue
        await known.listen()
        settings = await watcher.settings_snapshot()
        snapshot = told(await watcher.snapshot(), session_id(watcher))
        for held in snapshot["processes"]:
            del held["pid"]
        emit(
            "told",
            sources={topic: known.sources(topic) for topic in known.subscribers},
            heard={topic: sorted(heard) for topic, heard in known.heard.items()},
            settings={key: value.repr_value for key, value in settings.items()},
            snapshot=snapshot,
            # In one stream each.
            events=sorted(known.events, key=lambda line: line.partition(":")[0]),
            answer=asked.result().error_code.name if asked.done() else None,
        )


async def serve(program: object, address: tuple[str, int]) -> None:
    async with Fleet(address) as lab:
        await program(lab)
        # What is still under way, and what others wait for, ends with this process.
        sys.stdout.flush()
        os._exit(0)


if __name__ == "__main__":
    programs = {program.__name__: program for program in (victim, others)}
    parser = argparse.ArgumentParser()
    parser.add_argument("--address", required=True)
    parser.add_argument("program", choices=programs)
    args = parser.parse_args()
    host, port = args.address.rsplit(":", 1)
    asyncio.run(serve(programs[args.program], (host, int(port))))
