"""Many silent sessions in one program, each with what ezmsg itself registers for a pipeline of real units.

They are raw sockets, so that one program holds thousands of them. With `--processes`, each session also has a process
that owns its units and never answers. `ready` tells when all are registered; orders on stdin:

close N     closes the connections of the first N sessions, at once
events N    the first process reports a setting of 1000 floats N times, changes what it owns N times, and leaves:
            the event `reported` tells when
visitors N  N more sessions with a process each come and leave, one after the other: the event `visited`
"""

import argparse
import json
import os
import pickle
import socket
import sys
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass

import ezmsg.core as ez
from ezmsg.core.backend import ExecutionContext
from ezmsg.core.graphmeta import (
    GraphMetadata,
    ProcessOwnershipUpdate,
    ProcessRegistration,
    ProcessSettingsUpdate,
    SettingsSnapshotValue,
)
from ezmsg.core.netprotocol import Command, bytes_to_uint, uint64_to_bytes

FLOATS = [number / 7 for number in range(1000)]


@dataclass
class Signal:
    """What flows between the units."""

    data: bytes
    dims: list[str]
    time: float


class FilterSettings(ez.Settings):
    """As many fields, and as diverse, as those of a filter in ezmsg-sigproc."""

    axis: str | None = "time"
    kind: str = "butter"
    order: int = 4
    cuton: float | None = 1.0
    cutoff: float | None = 40.0
    coefficients: tuple[float, ...] = (0.1, 0.2, 0.4, 0.2, 0.1)
    wn_hz: bool = True
    causal: bool = True


class Filter(ez.Unit):
    SETTINGS = FilterSettings
    INPUT_SETTINGS = ez.InputStream(FilterSettings)
    INPUT_SIGNAL = ez.InputStream(Signal)
    OUTPUT_SIGNAL = ez.OutputStream(Signal)

    @ez.subscriber(INPUT_SETTINGS)
    async def on_settings(self, message: FilterSettings) -> None:
        self.apply_settings(message)

    @ez.subscriber(INPUT_SIGNAL)
    @ez.publisher(OUTPUT_SIGNAL)
    async def on_signal(self, message: Signal) -> AsyncGenerator:
        yield self.OUTPUT_SIGNAL, message


def emit(event: str, **facts: object) -> None:
    print(json.dumps({"event": event, **facts}), flush=True)


def name(number: int) -> str:
    """All of one length, so that one can stand for another in a pickle."""
    return f"PIPELINE_{number:05}"


def metadata(root: str, components: int) -> GraphMetadata:
    """What ezmsg registers for a collection with so many units that it makes so many components."""
    units = {f"FILTER_{number:02}": Filter(FilterSettings()) for number in range(components - 1)}
    chain = type(ez.Collection)("Chain", (ez.Collection,), units)
    runner = ez.GraphRunner({root: chain()})
    ExecutionContext.setup(runner._components)
    return runner._component_metadata()


class Client:
    """A session or a process, by the bytes of the protocol."""

    def __init__(self, address: tuple[str, int], kind: Command) -> None:
        self.socket = socket.create_connection(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.stream = self.socket.makefile("rb")
        self.read_block()
        self.socket.sendall(kind.value)
        self.id = self.read_block().decode()
        self.confirm(kind)

    def read_block(self) -> bytes:
        return self.stream.read(bytes_to_uint(self.stream.read(8)))

    def confirm(self, command: Command) -> None:
        if self.stream.read(1) != Command.COMPLETE.value:
            raise RuntimeError(f"{command.name} was refused")

    def say(self, command: Command, payload: bytes) -> None:
        self.socket.sendall(command.value + uint64_to_bytes(len(payload)) + payload)
        self.confirm(command)

    def close(self) -> None:
        self.stream.close()
        self.socket.close()


def report(process: Client, unit: str, events: int) -> None:
    """Fills the server's histories of settings and of topology events."""
    value = SettingsSnapshotValue(pickle.dumps(FLOATS), {"taps": FLOATS}, {"taps": FLOATS})
    update = pickle.dumps(ProcessSettingsUpdate(unit, value, time.time()))
    joins = pickle.dumps(ProcessOwnershipUpdate(added_units=["EXTRA"]))
    leaves = pickle.dumps(ProcessOwnershipUpdate(removed_units=["EXTRA"]))
    for number in range(events):
        process.say(Command.PROCESS_SETTINGS_UPDATE, update)
        process.say(Command.PROCESS_UPDATE_OWNERSHIP, leaves if number % 2 else joins)
    process.close()


class Pipelines:
    """Sessions of one kind, with their processes. It is made once: ezmsg takes some ms for each."""

    def __init__(self, address: tuple[str, int], components: int) -> None:
        self.address = address
        self.metadata = metadata(name(0), components)
        self.pickled = pickle.dumps(self.metadata)

    def session(self, number: int) -> Client:
        session = Client(self.address, Command.SESSION)
        own = self.pickled.replace(name(0).encode(), name(number).encode())
        session.say(Command.SESSION_REGISTER, own)
        return session

    def units(self, number: int) -> list[str]:
        keys = [key for key in self.metadata.components if key != name(0)]
        return [key.replace(name(0), name(number)) for key in keys]

    def process(self, number: int) -> Client:
        process = Client(self.address, Command.PROCESS)
        registration = ProcessRegistration(os.getpid(), socket.gethostname(), self.units(number))
        process.say(Command.PROCESS_REGISTER, pickle.dumps(registration))
        return process


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--address", required=True)
    parser.add_argument("--sessions", type=int, required=True)
    parser.add_argument("--components", type=int, required=True)
    parser.add_argument("--processes", action="store_true")
    args = parser.parse_args()
    host, port = args.address.rsplit(":", 1)
    pipelines = Pipelines((host, int(port)), args.components)
    sessions, processes = [], []
    for number in range(args.sessions):
        sessions.append(pipelines.session(number))
        if args.processes:
            processes.append(pipelines.process(number))
    emit("ready", ids=[session.id for session in sessions])
    for line in sys.stdin:
        order, count = line.split()
        if order == "close":
            for session in sessions[: int(count)]:
                session.close()
        elif order == "events":
            report(processes[0], pipelines.units(0)[0], int(count))
            emit("reported")
        elif order == "visitors":
            for number in range(args.sessions, args.sessions + int(count)):
                session, process = pipelines.session(number), pipelines.process(number)
                process.close()
                session.close()
            emit("visited")


if __name__ == "__main__":
    main()
