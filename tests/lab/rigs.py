"""Healthy pipelines, and programs beside them, that graphctl 0.1.0 touched.

Each scene reports the events of `pipeline.py` and of `recording.py`, and obeys orders on stdin.
"""

import argparse
import asyncio
import multiprocessing
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import ezmsg.core as ez
import pipeline
from clients import metadata, ticks, until_let_go
from ezmsg.core.graphserver import GraphService
from ezmsg.core.processclient import ProcessControlClient
from pipeline import emit
from recording import RATE, Plan, display, pause, runner, wait_for

Address = tuple[str, int]


def recorder(args: argparse.Namespace) -> None:
    """A run of two processes. The units end by themselves; the recording is held while its backend exits."""
    if args.address:
        recording = runner(args.address, "SYSTEM", args.folder, args.how)
    else:
        GraphService.PORT_DEFAULT = pipeline.NOBODYS_PORT
        recording = runner(None, "SYSTEM", args.folder, args.how, backend_process=pipeline.Telling)
    recording.run_blocking()
    emit("ended")


def recorder_notebook(args: argparse.Namespace) -> None:
    """The same in a notebook, where the order `stop` begins a `stop()` that waits for the recording."""
    recording = runner(args.address, "SYSTEM", args.folder, args.how)
    recording.start()
    emit("started")
    sys.stdin.readline()
    emit("stopping")
    recording.stop()
    emit("ended")


def recorder_daemon(args: argparse.Namespace) -> None:
    """The same in a daemon: its parent has left. It stays in the process group of the lab."""
    if os.fork() or os.fork():
        os._exit(0)
    recorder(args)


def recorder_slow_revert(args: argparse.Namespace) -> None:
    """The main process waits for the test before it takes its session down; its backend has left."""
    revert = ez.GraphContext.revert

    async def delayed(context: ez.GraphContext) -> None:
        if context._session_id is not None:
            emit("main-waits")
            await asyncio.to_thread(wait_for, Path(args.folder))
        await revert(context)

    ez.GraphContext.revert = delayed
    recorder(args)


def recorder_live(args: argparse.Namespace) -> None:
    """A healthy pipeline NAME/SRC -> NAME/REC that records for ever."""
    runner(args.address, args.how, args.folder, "live").run_blocking()


def low_level(args: argparse.Namespace) -> None:
    """The same by a program that registers no metadata, as one that uses ezmsg's low-level API does."""

    async def skip(context: ez.GraphContext, metadata: object) -> None:
        pass

    ez.GraphContext.register_metadata = skip
    recorder_live(args)


async def record_own(args: argparse.Namespace, unit: str) -> None:
    """Registers a unit by the low-level API, and records what it publishes itself."""
    topic = f"{unit}/OUTPUT"
    process = ProcessControlClient(args.address)
    await process.connect()
    publisher = await ez.Publisher.create(topic, args.address)
    subscriber = await ez.Subscriber.create(topic, args.address)
    await process.register([unit])
    emit("recording", pid=os.getpid())

    async def publish() -> None:
        row = 0
        async for _ in ticks(RATE):
            await publisher.broadcast(row)
            row += 1

    publishing = asyncio.create_task(publish())
    with open(Path(args.folder) / "rows", "w") as file:
        while not publishing.done():
            row = await subscriber.recv()
            file.write(f"{row}\n")
            file.flush()
            if row % 40 == 0:
                emit("count", total=row)


def successor(args: argparse.Namespace) -> None:
    """A program without a session that takes over the unit SYSTEM/SRC."""
    asyncio.run(record_own(args, "SYSTEM/SRC"))


def idle_daemon(args: argparse.Namespace) -> None:
    """A program that opens its session, becomes a daemon, and records in a thread. Its session's loop runs no more.

    It uses a semaphore and pipes of multiprocessing, as for a log that several threads write.
    """
    context = ez.GraphContext(args.address, auto_start=False)

    async def begin() -> None:
        await context.__aenter__()
        await context.register_metadata(metadata(["SYSTEM", "SYSTEM/REC"]))

    asyncio.new_event_loop().run_until_complete(begin())
    if os.fork() or os.fork():
        os._exit(0)
    log, lock = multiprocessing.Queue(), multiprocessing.Lock()
    recording = threading.Thread(target=lambda: asyncio.run(record_own(args, "SYSTEM/REC")))
    recording.start()
    recording.join()
    with lock:
        log.close()


def late_daemon(args: argparse.Namespace) -> None:
    """A notebook's pipeline that records. Then the program forks itself, and closes all but its standard streams.

    It can still stop its pipeline, by the semaphores that they share.
    """
    recording = runner(args.address, "SYSTEM", args.folder, "live")
    recording.start()
    launched = os.getpid()
    if os.fork():
        os._exit(0)
    while os.getppid() == launched:
        pause()
    os.closerange(3, 4096)
    emit("daemon")
    sys.stdin.readline()
    recording._execution_context.term_ev.set()


def supervisor(args: argparse.Namespace) -> None:
    """A notebook's pipeline that records. When all its processes have ended, it starts them again after a time."""
    recording = runner(args.address, "SYSTEM", args.folder, "live")
    recording.start()
    for process in recording.processes:
        process.join()
    emit("backing-off")
    wait_for(Path(args.folder), "restart")
    context = recording._execution_context
    context.create_processes(args.address)
    recording._start_processes(context.processes)
    context.start_barrier.wait()
    pipeline.obey(recording)


def glue(args: argparse.Namespace) -> None:
    """A recording whose session also connects a topic of the pipeline SENSOR with one of a display."""
    edge = ("SENSOR/PUB/OUTPUT", "DISPLAY/INPUT")
    runner(args.address, "GLUE", args.folder, "live", edges=[edge]).run_blocking()


def survivor(args: argparse.Namespace) -> None:
    """A notebook's pipeline. The backend of REC has work that outlives the main process."""
    if args.how == "feeds-display":
        command = [sys.executable, "-B", __file__, f"--folder={args.folder}", "display"]
        subprocess.Popen(command)
        wait_for(Path(args.folder), "display")
    surviving = runner(args.address, "SYSTEM", args.folder, args.how)
    surviving.start()
    pipeline.obey(surviving)


def show(args: argparse.Namespace) -> None:
    display(Path(args.folder))


class Daq(ez.Unit):
    """A root unit that waits for its amplifier: the file `amplifier`."""

    SETTINGS = Plan
    OUTPUT = ez.OutputStream(int)

    async def initialize(self) -> None:
        emit("initializing", pid=os.getpid())
        await asyncio.to_thread(wait_for, Path(self.SETTINGS.folder), "amplifier")

    @ez.publisher(OUTPUT)
    async def idle(self) -> None:
        await asyncio.Event().wait()


class Sink(ez.Unit):
    """Receives from DAQ, in the main process."""

    INPUT = ez.InputStream(int)

    @ez.subscriber(INPUT)
    async def take(self, _: int) -> None:
        pass


def slow_daq(args: argparse.Namespace) -> None:
    """The root unit DAQ in a spawned process, with an `initialize` that the test ends."""
    multiprocessing.set_start_method("spawn")
    daq, sink = Daq(Plan(folder=args.folder, how="")), Sink()
    ez.run(
        DAQ=daq,
        SINK=sink,
        connections=((daq.OUTPUT, sink.INPUT),),
        process_components=(daq,),
        graph_address=args.address,
    )


class Held(ez.OutputStream):
    """A stream that blocks the making of its publisher until the file `port` exists."""

    folder: Path | None = None

    @property
    def port(self) -> int | None:
        if self.folder is not None:
            emit("half-connected", pid=os.getpid())
            wait_for(self.folder, "port")
        return None

    @port.setter
    def port(self, _: int | None) -> None:
        pass


class Relay(ez.Unit):
    """Has made its subscriber, and makes its publisher when the test lets it."""

    SETTINGS = Plan
    INPUT = ez.InputStream(dict)
    OUTPUT = Held(dict)

    async def initialize(self) -> None:
        emit("unit", unit="RELAY", pid=os.getpid())
        self.streams["OUTPUT"].folder = Path(self.SETTINGS.folder)

    @ez.subscriber(INPUT)
    @ez.publisher(OUTPUT)
    async def relay(self, message: dict) -> None:
        yield self.OUTPUT, message


def half_connected(args: argparse.Namespace) -> None:
    """SYSTEM/PUB in the main process; SYSTEM/SUB in a backend that stops between its two endpoints."""
    fields = dict(host="127.0.0.1", messages=0, processes=2, slow_initialize=0.0, fail="none")
    source = pipeline.Counter(pipeline.Plan(run="old", rate=200.0, **fields))
    relay = Relay(Plan(folder=args.folder, how=""))
    ez.run(
        components=dict(PUB=source, SUB=relay),
        root_name="SYSTEM",
        connections=((source.OUTPUT, relay.INPUT),),
        process_components=(relay,),
        graph_address=args.address,
    )


async def visit(address: Address, name: str) -> None:
    """A tool without metadata: a session, an endpoint, and a process that registers and leaves."""
    async with ez.GraphContext(address, auto_start=False) as context:
        await context.subscriber(f"{name}/INPUT")
        process = ProcessControlClient(address)
        await process.connect()
        await process.register([f"{name}/UNIT"])
        emit("registered")
        if name == "TOOL":
            await until_let_go()
        await process.close()


def tool(args: argparse.Namespace) -> None:
    """Stays until its stdin is closed; with `again`, five visits one after the other before that."""
    if args.how == "again":
        for visitor in range(5):
            asyncio.run(visit(args.address, f"VISITOR{visitor}"))
    asyncio.run(visit(args.address, "TOOL"))
    emit("ended")


def calibrate(args: argparse.Namespace) -> ez.GraphRunner:
    """A short calibration in a `GraphRunner` that ends by itself, without `stop()`: a true phantom."""
    fields = dict(host="127.0.0.1", messages=20, processes=2, slow_initialize=0.0, fail="none")
    pair = pipeline.Pair(pipeline.Plan(run="calibration", rate=200.0, **fields))
    calibration = ez.GraphRunner({"CALIB": pair}, graph_address=args.address)
    calibration.start()
    for process in calibration.processes:
        process.join()
    emit("calibrated")
    return calibration


def launcher(args: argparse.Namespace) -> None:
    """Calibrates, and then starts the recording and reads its events through a pipe.

    With `grandchild` a shell runs the recording; otherwise it is a child, on the server at that address.
    """
    calibration = calibrate(args)
    host, port = args.address
    address = f"{host}:{port}" if args.how == "grandchild" else args.how
    rig = [f"--address={address}", f"--folder={args.folder}", "live", "SYSTEM"]
    command = [sys.executable, "-B", __file__, *rig]
    if args.how == "grandchild":
        command = ["sh", "-c", '"$@"; exit $?', "sh", *command]
    recording = subprocess.Popen(command, stdout=subprocess.PIPE)
    for line in recording.stdout:
        os.write(1, line)
    emit("recording-ended", status=recording.wait(), calibration=str(calibration.running))


def interpreter(args: argparse.Namespace) -> None:
    """A notebook's kernel: it keeps what it computed, and answers, after its pipeline ended without `stop()`."""
    state = {"calibration": calibrate(args), "answer": 42}
    for line in sys.stdin:
        emit("answer", value=str(state[line.strip()]))


def main() -> None:
    modes: dict[str, Callable[[argparse.Namespace], None]] = {
        "recorder": recorder,
        "recorder-notebook": recorder_notebook,
        "recorder-daemon": recorder_daemon,
        "recorder-slow-revert": recorder_slow_revert,
        "live": recorder_live,
        "low-level": low_level,
        "successor": successor,
        "idle-daemon": idle_daemon,
        "late-daemon": late_daemon,
        "supervisor": supervisor,
        "glue": glue,
        "survivor": survivor,
        "display": show,
        "slow-daq": slow_daq,
        "half-connected": half_connected,
        "tool": tool,
        "launcher": launcher,
        "interpreter": interpreter,
    }
    parser = argparse.ArgumentParser()
    parser.add_argument("--address", type=lambda text: (text.rsplit(":")[0], int(text.rsplit(":")[1])))
    parser.add_argument("--folder", required=True)
    parser.add_argument("mode", choices=modes)
    parser.add_argument("how", nargs="?", default="")
    args = parser.parse_args()
    emit("main", pid=os.getpid())
    modes[args.mode](args)


if __name__ == "__main__":
    main()
