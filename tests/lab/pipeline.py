"""A pipeline of two units whose messages really flow: NAME/PUB counts, NAME/SUB checks the counting.

It tells what happens to it as JSON lines on stdout and is told what to do on stdin.
SIGWINCH to a process ends the slow `initialize` or `shutdown` of a unit in it. Without an address of a server
ezmsg starts one of its own, in the main process, as it does when none is running; the event `serving` tells
where. All names are ezmsg's public ones, but for what it takes not to find a stranger's server meanwhile.
"""

import os

if __name__ == "__main__":
    # What started the tests may have left pipes open here that lead to it.
    os.closerange(3, 1024)

import argparse
import asyncio
import code
import json
import multiprocessing
import multiprocessing.connection
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
import traceback
import uuid
from collections.abc import AsyncGenerator

import ezmsg.core as ez
from ezmsg.core.backendprocess import DefaultBackendProcess
from ezmsg.core.graphserver import GraphService

go_on = threading.Event()
# Other signals might continue a pipeline, and their handlers keep graphctl from judging its start as failed.
signal.signal(signal.SIGWINCH, lambda *_: go_on.set())

# Messages after which a unit blocks that is to do so: those of a pipeline that has been running.
BLOCKS_AFTER = 50

# Nobody serves here, so that ezmsg starts a server of its own.
NOBODYS_PORT = 1


def emit(event: str, **facts: object) -> None:
    """One line in one write, so that lines of several processes never mix."""
    line = json.dumps({"event": event, **facts, "at": time.monotonic()})
    os.write(1, f"{line}\n".encode())


def open_path(path: str) -> object:
    """A connection where a unix socket is, or else the file, to be written to."""
    if not stat.S_ISSOCK(os.stat(path).st_mode):
        return open(path, "wb")
    client = socket.socket(socket.AF_UNIX)
    client.connect(path)
    return client


class Plan(ez.Settings):
    run: str
    host: str
    rate: float
    messages: int
    processes: int
    slow_initialize: float
    fail: str
    quiet: bool = False
    opens: str = ""
    backend: str = "PUB"


class Counter(ez.Unit):
    """Publishes 0, 1, 2, … with the id of its run, and fails as planned."""

    SETTINGS = Plan
    OUTPUT = ez.OutputStream(dict)

    async def initialize(self) -> None:
        emit("unit", unit="PUB", pid=os.getpid())
        await asyncio.to_thread(go_on.wait, self.SETTINGS.slow_initialize)
        if self.SETTINGS.fail == "initialize-raises":
            raise ValueError("the amplifier is not there")
        if self.SETTINGS.fail == "runs-child":
            self.child = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
            emit("child", pid=self.child.pid)
        if self.SETTINGS.opens:
            self.opened = open_path(self.SETTINGS.opens)
            emit("opened")
        if self.SETTINGS.fail == "forks-helper" and os.fork() == 0:
            emit("helper", pid=os.getpid())
            while True:
                signal.pause()

    @ez.publisher(OUTPUT)
    async def count(self) -> AsyncGenerator:
        if self.SETTINGS.rate == 0:
            await asyncio.Event().wait()
        number, due, tells = 0, time.monotonic(), time.monotonic()
        while self.SETTINGS.messages == 0 or number < self.SETTINGS.messages:
            yield self.OUTPUT, {"run": self.SETTINGS.run, "number": number}
            number += 1
            if time.monotonic() >= tells and not self.SETTINGS.quiet:
                emit("sent", run=self.SETTINGS.run, total=number)
                tells = time.monotonic() + 0.2
            if self.SETTINGS.fail == "blocks-loop" and number == BLOCKS_AFTER:
                emit("blocks", pid=os.getpid())
                time.sleep(3600)
            due = max(due + 1 / self.SETTINGS.rate, time.monotonic() - 1)
            await asyncio.sleep(max(0.0, due - time.monotonic()))
        raise ez.NormalTermination

    async def shutdown(self) -> None:
        if self.SETTINGS.fail == "shutdown-raises":
            raise OSError("the recording could not be closed")
        if self.SETTINGS.fail == "shutdown-hangs":
            emit("shutdown-hangs", pid=os.getpid())
            await asyncio.Event().wait()
        if self.SETTINGS.fail == "slow-shutdown":
            go_on.clear()
            emit("shutdown-begins", pid=os.getpid())
            await asyncio.to_thread(go_on.wait)
            emit("shutdown-ends")


class Checker(ez.Unit):
    """Counts the messages of its own run, the gaps among them, and messages of any other run."""

    SETTINGS = Plan
    INPUT = ez.InputStream(dict)

    async def initialize(self) -> None:
        self.total = self.foreign = self.gaps = self.due = 0
        emit("unit", unit="SUB", pid=os.getpid())

    @ez.subscriber(INPUT)
    async def check(self, message: dict) -> None:
        if message["run"] != self.SETTINGS.run:
            self.foreign += 1
            return
        self.gaps += message["number"] != self.due
        self.due = message["number"] + 1
        self.total += 1
        if self.total == 1:
            emit("running")

    @ez.task
    async def report(self) -> None:
        while not self.SETTINGS.quiet:
            counts = dict(total=self.total, foreign=self.foreign, gaps=self.gaps)
            emit("count", run=self.SETTINGS.run, **counts)
            await asyncio.sleep(0.2)


class Pair(ez.Collection):
    SETTINGS = Plan
    PUB = Counter()
    SUB = Checker()

    def configure(self) -> None:
        self.PUB.apply_settings(self.SETTINGS)
        self.PUB.OUTPUT.host = self.SETTINGS.host
        self.SUB.apply_settings(self.SETTINGS)

    def network(self) -> ez.NetworkDefinition:
        return ((self.PUB.OUTPUT, self.SUB.INPUT),)

    def process_components(self) -> tuple[ez.Component, ...]:
        return (getattr(self, self.SETTINGS.backend),) if self.SETTINGS.processes == 2 else ()


class Telling(DefaultBackendProcess):
    """Tells the address of the server that ezmsg started for this pipeline."""

    def process(self, loop: asyncio.AbstractEventLoop) -> None:
        host, port = self.graph_address
        emit("serving", address=f"{host}:{port}")
        super().process(loop)


def wait_for_backends() -> None:
    """Watches without reaping: joining the backends stays the runner's affair."""
    waiting = [child.sentinel for child in multiprocessing.active_children()]
    while waiting:
        for sentinel in multiprocessing.connection.wait(waiting):
            waiting.remove(sentinel)
    emit("backends-ended")


def obey(runner: ez.GraphRunner) -> None:
    """A prompt of Python, as in a notebook: the runner is an object of a session which outlives errors and interrupts.

    The order `stop()` stops the pipeline, and `wait_for_backends()` reports when its backends have ended.
    """

    def stop() -> None:
        try:
            runner.stop()
            emit("stopped")
        except (Exception, KeyboardInterrupt) as error:
            emit("cleanup-failed", error=repr(error))

    wait_at_prompt(runner=runner, stop=stop, wait_for_backends=wait_for_backends)


def wait_at_prompt(**names: object) -> None:
    """Runs the orders on stdin as Python statements that know these names.

    With `python -i`, the prompt of Python follows the script. Without it, the script runs a prompt itself.
    """
    sys.ps1 = sys.ps2 = ""
    if sys.flags.inspect:
        vars(sys.modules["__main__"]).update(names)
    else:
        code.interact(banner="", local=names, exitmsg="")


def was_refused(error: Exception) -> bool:
    """By its metadata, by its processes, or because a backend was."""
    reasons = ("registration rejected", "PROCESS_REGISTER")
    return isinstance(error, ez.GraphRunnerStartError) or any(why in str(error) for why in reasons)


def start(runner: ez.GraphRunner) -> None:
    """In a notebook, Ctrl-C interrupts what is being done, and the notebook stays."""
    try:
        runner.start()
    except KeyboardInterrupt:
        emit("interrupted")
        return
    emit("started")


def launch(runner: ez.GraphRunner, how: str) -> int:
    try:
        if how == "start":
            start(runner)
        else:
            runner.run_blocking()
    except Exception as error:
        traceback.print_exc()
        emit("refused" if was_refused(error) else "cleanup-failed", error=str(error))
        return 1
    if how == "start":
        obey(runner)
    return 0


def write_on() -> None:
    """As a recorder does that has much left to save."""
    while True:
        emit("writes", pid=os.getpid())
        time.sleep(0.1)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--address", help="of the server; without one, ezmsg starts its own")
    parser.add_argument("--name", default="SYSTEM")
    parser.add_argument("--run", default=str(uuid.uuid4()))
    parser.add_argument("--host", default="127.0.0.1", help="where PUB listens for subscribers")
    parser.add_argument("--rate", type=float, default=200.0)
    parser.add_argument("--messages", type=int, default=0, help="end by itself after so many")
    parser.add_argument("--processes", type=int, choices=(1, 2), default=1)
    parser.add_argument("--backend", choices=("PUB", "SUB"), default="PUB", help="the unit in a backend")
    parser.add_argument("--start-method", choices=("fork", "spawn", "forkserver"), default="fork")
    parser.add_argument("--runner", choices=("run", "start"), default="run")
    parser.add_argument("--slow-initialize", type=float, default=0.0)
    parser.add_argument("--fail", default="none")
    parser.add_argument("--stay", action="store_true", help="keep the interpreter open at the end")
    parser.add_argument("--stubborn", action="store_true", help="tell `asked` on SIGTERM, and go on")
    parser.add_argument("--opens", default="", help="what PUB opens: a unix socket, or a file to write to")
    parser.add_argument("--quiet", action="store_true", help="write nothing once it is running")
    return parser.parse_args()


def main() -> int:
    args = arguments()
    # A shell that runs the tests in the background makes its children ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if args.stubborn:
        signal.signal(signal.SIGTERM, lambda *_: emit("asked", pid=os.getpid()))
    if args.fail == "writes-when-asked":
        signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=write_on).start())
    multiprocessing.set_start_method(args.start_method)
    emit("main", pid=os.getpid(), run=args.run)
    fields = ("run", "host", "rate", "messages", "processes", "slow_initialize", "fail", "quiet", "opens", "backend")
    plan = Plan(**{field: getattr(args, field) for field in fields})
    pair = {args.name: Pair(plan)}
    if args.address:
        host, port = args.address.rsplit(":", 1)
        runner = ez.GraphRunner(pair, graph_address=(host, int(port)))
    else:
        GraphService.PORT_DEFAULT = NOBODYS_PORT
        runner = ez.GraphRunner(pair, backend_process=Telling)
    code = launch(runner, args.runner)
    if code == 0 and args.runner == "run":
        emit("ended")
    if args.stay:
        sys.stdin.read()
    return code


if __name__ == "__main__":
    status = main()
    if not sys.flags.inspect:
        sys.exit(status)
