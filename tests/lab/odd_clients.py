"""Clients that a GraphServer takes, and that no ordinary pipeline is like.

Each mode prints JSON lines on stdout, says `ready`, and lives until its stdin is closed or, of the
pipelines, until it is ended. Some use ezmsg's private names: what they do has no public one.
"""

import argparse
import asyncio
import itertools
import math
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import ezmsg.core as ez
import ezmsg.core.backendprocess
import pipeline
from clients import emit, metadata, session_id, ticks, until_let_go
from ezmsg.core.graphmeta import (
    GraphMetadata,
    ProcessControlErrorCode,
    ProcessControlRequest,
    ProcessControlResponse,
    ProcessRegistration,
    SettingsSnapshotValue,
)
from ezmsg.core.netprotocol import Command
from ezmsg.core.processclient import ProcessControlClient


class Clients(AsyncExitStack):
    """What one mode opens; all of it is closed at its end."""

    def __init__(self, address: tuple[str, int]) -> None:
        super().__init__()
        self.address = address

    async def session(self, told: GraphMetadata | None = None) -> ez.GraphContext:
        context = await self.enter_async_context(ez.GraphContext(self.address, auto_start=False))
        if told is not None:
            await context.register_metadata(told)
        return context

    async def process(self, *units: str) -> ProcessControlClient:
        process = ProcessControlClient(self.address)
        self.push_async_callback(process.close)
        await process.connect()
        if units:
            await process.register(list(units))
        return process


async def older_process(lab: Clients) -> str:
    """One process serves a session from before it, and another outlives the session it was made for."""
    process = await lab.process()
    session = await lab.session(metadata(["EARLY", "EARLY/U"]))
    await process.register(["EARLY/U"])
    async with ez.GraphContext(lab.address, auto_start=False) as first:
        await first.register_metadata(metadata(["AGAIN", "AGAIN/U"]))
        await lab.process("AGAIN/U")
    await lab.session(metadata(["AGAIN", "AGAIN/U"]))
    return session_id(session)


async def passing_process(lab: Clients) -> str:
    """A tool of no session registers a process, and leaves."""
    process = await lab.process("TOOL/X")
    await process.close()
    return str(process.client_id)


async def reverted(lab: Clients) -> str:
    """A notebook took its pipeline down again, and stays open."""
    session = await lab.session(metadata(["NOTEBOOK", "NOTEBOOK/U"]))
    process = await lab.process("NOTEBOOK/U")
    await process.close()
    await session.revert()
    return session_id(session)


async def shared_process(lab: Clients) -> str:
    """One process runs the only unit of the session TWO, and one of two of the session ONE."""
    session = await lab.session(metadata(["ONE", "ONE/U", "ONE/V"]))
    await lab.session(metadata(["TWO", "TWO/U"]))
    await lab.process("ONE/U", "TWO/U")
    return session_id(session)


async def answers_with_error(lab: Clients) -> str:
    """Its process knows no PING, and says so."""
    session = await lab.session(metadata(["TERSE", "TERSE/U"]))
    process = await lab.process("TERSE/U")

    async def refuse(request: ProcessControlRequest) -> ProcessControlResponse:
        code = ProcessControlErrorCode.UNSUPPORTED_OPERATION
        return ProcessControlResponse(request.request_id, ok=False, error_code=code)

    process._handle_route_request = refuse
    return session_id(session)


async def fed_leftover(lab: Clients) -> str:
    """A process of which only its session is gone; while it started, another client fed its input."""
    other = await lab.session()
    session = await lab.session(metadata(["FED", "FED/U"]))
    await other.publisher("FED/U/INPUT")
    subscriber = await ez.Subscriber.create("FED/U/INPUT", lab.address)
    lab.callback(subscriber.close)
    await lab.process("FED/U")
    await session.__aexit__(None, None, None)
    return session_id(other)


async def closed_in_flight(lab: Clients) -> str:
    """Asks the process of HELD/U, which answers nothing, and hangs up before there is an answer."""
    await lab.session(metadata(["HELD", "HELD/U"]))
    asked = asyncio.Event()

    async def hold(_: ProcessControlRequest) -> None:
        asked.set()
        await asyncio.Event().wait()

    process = await lab.process("HELD/U")
    process._handle_route_request = hold
    session = await lab.session(metadata(["CLOSED", "CLOSED/U"]))
    request = asyncio.create_task(session.process_request("HELD/U", "PING", timeout=86400.0))
    await asked.wait()
    request.cancel()
    session._session_task.cancel()
    session._session_writer.close()
    return session_id(session)


def with_keys(unit: str, *keys: object) -> GraphMetadata:
    """A unit under any keys at all."""
    component = metadata([unit]).components[unit]
    components = dict.fromkeys(keys, component)
    return GraphMetadata(schema_version=1, root_name=None, components=components)


async def odd_metadata(lab: Clients) -> str:
    """What a server takes without looking at it: one session or process for each oddity."""
    listed = metadata(["LISTED"])
    listed.components["LISTED"].streams = [1, 2]
    rooted = metadata(["ROOTED"])
    rooted.root_name = {"a": 1}
    told = {
        "listed": listed,
        "rooted": rooted,
        "surrogate": with_keys("SURROGATE", "a\ud800b"),
        "unnamed": with_keys("UNNAMED", 1, ("t", 2), None, b"x"),
        "control": with_keys("CONTROL", "a\x1b[31mRED\nnew"),
        "dated": metadata(["DATED"]),
    }
    ids = {name: session_id(await lab.session(it)) for name, it in told.items()}
    for name, pid, host, units in (
        ("pid", object(), 7, ["PID"]),
        ("negative", -1, "h", ["NEGATIVE"]),
        ("bytes", b"7", "h", ["BYTES"]),
    ):
        process = await lab.process()
        registration = ProcessRegistration(pid=pid, host=host, units=units)
        await process._payload_command(Command.PROCESS_REGISTER, registration)
        ids[name] = str(process.client_id)
    process = await lab.process("DATED")
    value = SettingsSnapshotValue(None, "x", None, None)
    for timestamp in ("2024", float("nan"), float("inf"), 1e300, time.time() * 1000):
        await process.report_settings_update(
            component_address="DATED", value=value, timestamp=timestamp
        )
    emit("odd", **ids)
    return ids["listed"]


async def reads_and_reports(lab: Clients, name: str, unanswered: float) -> ez.GraphContext:
    """Its process reads requests, leaves the first so many unanswered, and reports a setting all the time."""
    unit, value = f"{name}/U", SettingsSnapshotValue(None, "x", None, None)
    session = await lab.session(metadata([name, unit]))
    process = await lab.process(unit)
    answer, write, asked = process._handle_route_request, process._write_payload, itertools.count(1)

    async def read(request: ProcessControlRequest) -> ProcessControlResponse | None:
        emit("asked", unit=unit)
        return await answer(request) if next(asked) > unanswered else None

    async def say(command: Command, payload: object, **how: bool) -> None:
        if payload is not None:
            await write(command, payload, **how)

    async def report() -> None:
        async for _ in ticks(5.0):
            await process.report_settings_update(component_address=unit, value=value)

    process._handle_route_request, process._write_payload = read, say
    lab.callback(asyncio.create_task(report()).cancel)
    return session


async def deaf(lab: Clients) -> str:
    """One process leaves its first request unanswered, and another one all of them."""
    await reads_and_reports(lab, "EARS", 1)
    return session_id(await reads_and_reports(lab, "DEAF", math.inf))


class NoControl:
    """A backend without process control, as written for ezmsg 3.8: it registers nothing."""

    process_id = None

    def __init__(self, *_: object) -> None:
        pass

    def set_request_handler(self, _: object) -> None:
        pass

    async def register(self, _: list[str]) -> None:
        pass

    async def report_settings_update(self, **_: object) -> None:
        pass

    async def close(self) -> None:
        pass


class Busy(ez.Unit):
    """Computes in its event loop, which is free for a moment between two steps."""

    STEP = 2.5

    @ez.task
    async def compute(self) -> None:
        while True:
            emit("step")
            time.sleep(self.STEP)
            await asyncio.sleep(0.1)


def busy_pipeline(address: tuple[str, int]) -> None:
    ez.run(BUSY=Busy(), graph_address=address)


def unregistered_pipeline(address: tuple[str, int]) -> None:
    ezmsg.core.backendprocess.ProcessControlClient = NoControl
    fields = dict(host="127.0.0.1", rate=200.0, messages=0, processes=1, slow_initialize=0.0, fail="none")
    plan = pipeline.Plan(run="unregistered", **fields)
    ez.run(components={"SYSTEM": pipeline.Pair(plan)}, graph_address=address)


CLIENTS = (
    older_process,
    passing_process,
    reverted,
    shared_process,
    answers_with_error,
    fed_leftover,
    closed_in_flight,
    odd_metadata,
    deaf,
)
PIPELINES = (busy_pipeline, unregistered_pipeline)


async def serve(mode: Callable[[Clients], Awaitable[str]], address: tuple[str, int]) -> None:
    async with Clients(address) as lab:
        emit("ready", id=await mode(lab))
        await until_let_go()


def main() -> None:
    modes = {mode.__name__.replace("_", "-"): mode for mode in CLIENTS + PIPELINES}
    parser = argparse.ArgumentParser()
    parser.add_argument("--address", required=True)
    parser.add_argument("mode", choices=modes)
    args = parser.parse_args()
    host, port = args.address.rsplit(":", 1)
    mode, address = modes[args.mode], (host, int(port))
    if mode in PIPELINES:
        emit("ready", id="")
        mode(address)
    else:
        asyncio.run(serve(mode, address))


if __name__ == "__main__":
    main()
