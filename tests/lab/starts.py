"""Pipelines that are started in the ways of larger programs. Each reports the events of `pipeline.py`.

With `--slow-initialize` the start goes on until SIGWINCH comes to the process of PUB.
"""

import os

if __name__ == "__main__":
    # The program that started the tests may have left pipes open that lead to it.
    os.closerange(3, 1024)

import argparse
import asyncio
import multiprocessing
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable
from pathlib import Path

import ezmsg.core as ez
import pipeline
from clients import metadata
from ezmsg.core.processclient import ProcessControlClient
from pipeline import emit


def pair(args: argparse.Namespace, name: str) -> dict[str, pipeline.Pair]:
    fields = dict(host="127.0.0.1", rate=200.0, messages=0, processes=2)
    slow = dict(slow_initialize=args.slow_initialize, fail=args.fail, backend=args.backend)
    return {name: pipeline.Pair(pipeline.Plan(run=name, **fields, **slow))}


def thread(args: argparse.Namespace) -> None:
    """`ez.run` in a thread of a program that does something else."""
    run = threading.Thread(target=lambda: ez.run(pair(args, "SYSTEM"), graph_address=args.address))
    run.start()
    run.join()


class PatientRunner(ez.GraphRunner):
    """Opens its session first, and starts its processes when the order `go` comes."""

    def start(self) -> None:
        if self._initialize(force_single_process=False, wait_for_ready=True):
            emit("waiting")
            sys.stdin.readline()
            self._start_processes(self.processes)
            self._execution_context.start_barrier.wait()
            self._started = True


def subclass(args: argparse.Namespace) -> None:
    runner = PatientRunner(pair(args, "SYSTEM"), graph_address=args.address)
    runner.start()
    pipeline.wait_at_prompt(runner=runner)


class NotifyingRunner(ez.GraphRunner):
    """Reports how its start ended."""

    def start(self) -> None:
        try:
            super().start()
        except BaseException as error:
            emit("failed", error=repr(error))
            raise
        emit("started")


def attempt(runner: ez.GraphRunner) -> None:
    try:
        runner.start()
    except (Exception, KeyboardInterrupt):
        traceback.print_exc()


def notifying(args: argparse.Namespace) -> None:
    runner = NotifyingRunner(pair(args, "SYSTEM"), graph_address=args.address)
    attempt(runner)
    pipeline.wait_at_prompt(runner=runner)


def unpicklable_runner(args: argparse.Namespace, name: str) -> ez.GraphRunner:
    """Its `start()` raises after the backend of SUB was started: PUB cannot be sent to a fresh interpreter."""
    components = pair(args, name)
    components[name].PUB.lock = threading.Lock()
    return NotifyingRunner(components, graph_address=args.address)


def unpicklable(args: argparse.Namespace) -> None:
    multiprocessing.set_start_method("spawn")
    runner = unpicklable_runner(args, "SYSTEM")
    attempt(runner)
    pipeline.wait_at_prompt(runner=runner)


def wrapped(args: argparse.Namespace) -> None:
    """Its backends are spawned by a wrapper of Python, which waits for a file before it starts Python."""
    folder = Path(tempfile.mkdtemp())
    wrapper, gate = folder / "python", folder / "gate"
    wait = f'while [ ! -e "{gate}" ]; do sleep 0.05; done'
    wrapper.write_text(f'#!/bin/sh\n{wait}\nexec "{sys.executable}" "$@"\n')
    wrapper.chmod(0o755)
    multiprocessing.set_start_method("spawn")
    multiprocessing.set_executable(str(wrapper))
    emit("wrapped", gate=str(gate))
    ez.run(pair(args, "SYSTEM"), graph_address=args.address)


def two(args: argparse.Namespace) -> None:
    """Two runners in one interpreter: FIRST runs, and the start of SYSTEM raised."""
    multiprocessing.set_start_method("spawn")
    first = NotifyingRunner(pair(args, "FIRST"), graph_address=args.address)
    first.start()
    second = unpicklable_runner(args, "SYSTEM")
    attempt(second)
    pipeline.wait_at_prompt(first=first, second=second)


async def register_late(args: argparse.Namespace) -> None:
    async with ez.GraphContext(args.address, auto_start=False) as context:
        await context.register_metadata(metadata(["SYSTEM", "SYSTEM/UNIT"]))
        emit("waiting")
        await asyncio.to_thread(sys.stdin.readline)
        process = ProcessControlClient(args.address)
        await process.connect()
        await process.register(["SYSTEM/UNIT"])
        emit("registered")
        await asyncio.Event().wait()


def low_level(args: argparse.Namespace) -> None:
    """A program that uses the low-level API, and registers its process when the order `go` comes."""
    asyncio.run(register_late(args))


def kernel(args: argparse.Namespace) -> None:
    """A Jupyter kernel, in the process group of the lab. Each order is a cell."""
    from jupyter_client import BlockingKernelClient
    from jupyter_client.connect import write_connection_file

    # SIGINT also reaches this client; a notebook's client does not get it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    file, _ = write_connection_file(str(Path(tempfile.mkdtemp()) / "kernel.json"))
    subprocess.Popen([sys.executable, "-B", "-m", "ipykernel_launcher", "-f", file, "--IPKernelApp.capture_fd_output=False"])
    client = BlockingKernelClient(connection_file=file)
    client.load_connection_file()
    # The heartbeat takes a kernel for dead that does not answer within a second, even while it starts.
    client.start_channels(hb=False)
    client.wait_for_ready(timeout=60)
    cells = [
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)",
        f"import argparse, sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import starts",
        f"args = argparse.Namespace(**{vars(args)!r})",
        "runner = starts.NotifyingRunner(starts.pair(args, 'SYSTEM'), graph_address=args.address)",
    ]
    for cell in cells:
        client.execute_interactive(cell, timeout=60, output_hook=lambda _: None)
    for cell in sys.stdin:
        client.execute(cell.strip())


def main() -> None:
    modes: dict[str, Callable[[argparse.Namespace], None]] = {
        "thread": thread,
        "subclass": subclass,
        "notifying": notifying,
        "unpicklable": unpicklable,
        "wrapped": wrapped,
        "two": two,
        "low-level": low_level,
        "kernel": kernel,
    }
    parser = argparse.ArgumentParser()
    parser.add_argument("--address", type=lambda text: (text.rsplit(":")[0], int(text.rsplit(":")[1])))
    parser.add_argument("--slow-initialize", type=float, default=0.0)
    parser.add_argument("--fail", default="none")
    parser.add_argument("--backend", default="PUB")
    parser.add_argument("mode", choices=modes)
    args = parser.parse_args()
    # A shell that runs the tests in the background makes its children ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    emit("main", pid=os.getpid())
    modes[args.mode](args)


if __name__ == "__main__":
    main()
