"""The units SRC and REC of a pipeline that records, and the ways in which a recording is written.

A recording is the file `rows` of a folder, with one number per line. It is held half-way until the test creates the
file `go-on` in the same folder. The event `half` reports that it is held there, `written` that it is whole.
"""

import asyncio
import concurrent.futures
import multiprocessing.util
import os
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncGenerator, Callable, Iterable
from pathlib import Path
from typing import BinaryIO

import ezmsg.core as ez
from clients import ticks
from pipeline import emit

ROWS = 100
RATE = 200.0

# How often a process looks for a file that the test creates.
STEP = 0.01


class Plan(ez.Settings):
    folder: str
    how: str


def wait_for(folder: Path, gate: str = "go-on") -> None:
    """Waits until the test creates a file of this name."""
    while not (folder / gate).exists():
        pause()


def pause() -> None:
    """Sleeps as a thread does that waits for another one: to graphctl it looks idle."""
    threading.Event().wait(STEP)


def write(folder: Path, rows: list[int]) -> None:
    """Writes one half of the rows, waits until the test lets it go on, and writes the other half."""
    half = len(rows) // 2
    with open(folder / "rows", "w") as file:
        file.writelines(f"{row}\n" for row in rows[:half])
        file.flush()
        emit("half", pid=os.getpid())
        wait_for(folder)
        file.writelines(f"{row}\n" for row in rows[half:])
    emit("written", pid=os.getpid(), total=len(rows))


def by_executor(folder: Path, rows: list[int]) -> None:
    """Python joins the threads of an executor when the process exits."""
    concurrent.futures.ThreadPoolExecutor(1).submit(write, folder, rows)


def by_thread(folder: Path, rows: list[int]) -> None:
    """Python joins every thread that is not a daemon when the process exits."""
    threading.Thread(target=write, args=(folder, rows)).start()


def by_atexit(folder: Path, rows: list[int]) -> None:
    """In a child of multiprocessing, which does not run the functions of `atexit`, this is its counterpart."""
    multiprocessing.util.Finalize(None, write, args=(folder, rows), exitpriority=10)


def by_child(folder: Path, rows: list[int]) -> None:
    """Another program writes; the backend waits for it when it exits."""
    command = [sys.executable, "-B", __file__, str(folder), str(len(rows))]
    child = subprocess.Popen(command)
    multiprocessing.util.Finalize(None, child.wait, exitpriority=10)


def write_on(folder: Path) -> None:
    """Writes one row after the other until the test lets it end."""
    row = 0
    with open(folder / "rows", "w") as file:
        while not (folder / "go-on").exists():
            file.write(f"{row}\n")
            file.flush()
            row += 1
            if row == 10:
                emit("half", pid=os.getpid())
            pause()
    emit("written", total=row)


def feed(folder: Path, stream: BinaryIO) -> None:
    """Gives a program one half of the rows, waits until the test lets it go on, and gives it the other half."""
    rows = [f"{row}\n".encode() for row in range(ROWS)]
    stream.write(b"".join(rows[: ROWS // 2]))
    stream.flush()
    emit("half", pid=os.getpid())
    wait_for(folder)
    stream.write(b"".join(rows[ROWS // 2 :]))
    stream.close()


def feed_child(folder: Path) -> None:
    """Feeds a child that writes what it reads, as an encoder of video does."""
    child = subprocess.Popen(["sh", "-c", 'cat > "$0"', str(folder / "rows")], stdin=subprocess.PIPE)
    feed(folder, child.stdin)
    child.wait()
    emit("written", total=ROWS)


def feed_display(folder: Path) -> None:
    """Feeds a program through a Unix socket. The program is neither its parent nor its child."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(folder / "display"))
        feed(folder, connection.makefile("wb"))


def display(folder: Path) -> None:
    """Writes what it reads from the one connection to its Unix socket."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(folder / "display"))
        listening.listen()
        emit("listening")
        connection, _ = listening.accept()
    with connection, open(folder / "rows", "wb", buffering=0) as file:
        while data := connection.recv(4096):
            file.write(data)
    emit("written", total=ROWS)


def append_late(folder: Path) -> None:
    """Keeps its file open. Appends one half of the rows, and collects the others until the test lets it go on."""
    write(folder, list(range(ROWS)))


def fill_pool(folder: Path) -> None:
    """A worker of a process pool writes."""
    concurrent.futures.ProcessPoolExecutor(1).submit(write_on, folder).result()


WORKS: dict[str, Callable[[Path], None]] = {
    "feeds-child": feed_child,
    "feeds-display": feed_display,
    "writes": write_on,
    "fills-pool": fill_pool,
    "appends-late": append_late,
}

WRITERS: dict[str, Callable[[Path, list[int]], None]] = {
    "executor": by_executor,
    "thread": by_thread,
    "atexit": by_atexit,
    "child": by_child,
}

# Where `shutdown` writes by itself, and where it waits for the test.
SHUTDOWNS = {"shutdown-child": ("REC",), "shutdown-main": ("SRC",), "shutdown-both": ("SRC", "REC")}


class Source(ez.Unit):
    """Publishes 0, 1, 2, … for ever, or so many numbers as a recording has rows."""

    SETTINGS = Plan
    OUTPUT = ez.OutputStream(int)

    async def initialize(self) -> None:
        emit("unit", unit="SRC", pid=os.getpid())

    @ez.publisher(OUTPUT)
    async def count(self) -> AsyncGenerator:
        row = 0
        async for _ in ticks(RATE):
            yield self.OUTPUT, row
            row += 1
            if row == ROWS and self.SETTINGS.how not in ("live", *WORKS):
                break
        await asyncio.Event().wait()

    async def shutdown(self) -> None:
        if "SRC" in SHUTDOWNS.get(self.SETTINGS.how, ()):
            emit("main-waits")
            await asyncio.to_thread(wait_for, Path(self.SETTINGS.folder))


class Recorder(ez.Unit):
    """Ends the pipeline when all rows are there, and hands them to a writer in `shutdown`.

    With `live` it writes each row as it comes, for ever; with one of `WORKS` it begins that with the first row.
    """

    SETTINGS = Plan
    INPUT = ez.InputStream(int)

    async def initialize(self) -> None:
        self.rows: list[int] = []
        if self.SETTINGS.how not in WORKS:
            self.file = open(Path(self.SETTINGS.folder) / "rows", "w")
        emit("unit", unit="REC", pid=os.getpid())

    @ez.subscriber(INPUT)
    async def record(self, row: int) -> None:
        self.rows.append(row)
        if len(self.rows) == 1:
            emit("recording")
            if work := WORKS.get(self.SETTINGS.how):
                threading.Thread(target=work, args=(Path(self.SETTINGS.folder),)).start()
        if self.SETTINGS.how == "live":
            self.file.write(f"{row}\n")
            self.file.flush()
        elif len(self.rows) == ROWS and self.SETTINGS.how not in WORKS:
            raise ez.NormalTermination

    @ez.task
    async def report(self) -> None:
        # `--kill` spares a process that prints, whatever its work is.
        while self.SETTINGS.how not in WORKS:
            emit("count", total=len(self.rows))
            await asyncio.sleep(0.2)

    async def shutdown(self) -> None:
        how, folder = self.SETTINGS.how, Path(self.SETTINGS.folder)
        if how in WRITERS:
            WRITERS[how](folder, self.rows)
        elif "REC" in SHUTDOWNS.get(how, ()):
            await asyncio.to_thread(write, folder, self.rows)
        elif how != "live" and how not in WORKS:
            self.file.writelines(f"{row}\n" for row in self.rows)
            self.file.close()


def runner(
    address: tuple[str, int] | None,
    root: str,
    folder: str,
    how: str,
    edges: Iterable[tuple[str, str]] = (),
    **options: object,
) -> ez.GraphRunner:
    """A pipeline ROOT/SRC -> ROOT/REC, with REC in a process of its own, and with these other edges."""
    plan = Plan(folder=folder, how=how)
    source, recorder = Source(plan), Recorder(plan)
    return ez.GraphRunner(
        dict(SRC=source, REC=recorder),
        root_name=root,
        connections=((source.OUTPUT, recorder.INPUT), *edges),
        process_components=(recorder,),
        graph_address=address,
        **options,
    )


if __name__ == "__main__":
    write(Path(sys.argv[1]), list(range(int(sys.argv[2]))))
