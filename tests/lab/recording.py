"""The units SRC and REC of a pipeline that records, and the ways in which a recording is written.

A recording is the file `rows` of a folder, with one number per line. It is held half-way until the test creates the
file `go-on` in the same folder. The event `half` reports that it is held there, `written` that it is whole.
"""

import asyncio
import concurrent.futures
import multiprocessing.util
import os
import subprocess
import sys
import threading
import time
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

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
        time.sleep(STEP)


def write(folder: Path, rows: list[int]) -> None:
    """Writes one half of the rows, waits until the test lets it go on, and writes the other half."""
    half = len(rows) // 2
    with open(folder / "rows", "w") as file:
        file.writelines(f"{row}\n" for row in rows[:half])
        file.flush()
        emit("half", pid=os.getpid())
        wait_for(folder)
        file.writelines(f"{row}\n" for row in rows[half:])
    emit("written", pid=os.getpid())


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
            if row == ROWS and self.SETTINGS.how != "live":
                break
        await asyncio.Event().wait()

    async def shutdown(self) -> None:
        if "SRC" in SHUTDOWNS.get(self.SETTINGS.how, ()):
            emit("main-waits")
            await asyncio.to_thread(wait_for, Path(self.SETTINGS.folder))


class Recorder(ez.Unit):
    """Ends the pipeline when all rows are there, and hands them to a writer in `shutdown`.

    With `live` it writes each row as it comes, for ever.
    """

    SETTINGS = Plan
    INPUT = ez.InputStream(int)

    async def initialize(self) -> None:
        self.rows: list[int] = []
        self.file = open(Path(self.SETTINGS.folder) / "rows", "w")
        emit("unit", unit="REC", pid=os.getpid())

    @ez.subscriber(INPUT)
    async def record(self, row: int) -> None:
        self.rows.append(row)
        if len(self.rows) == 1:
            emit("running")
        if self.SETTINGS.how == "live":
            self.file.write(f"{row}\n")
            self.file.flush()
        elif len(self.rows) == ROWS:
            raise ez.NormalTermination

    @ez.task
    async def report(self) -> None:
        while True:
            emit("count", total=len(self.rows))
            await asyncio.sleep(0.2)

    async def shutdown(self) -> None:
        how, folder = self.SETTINGS.how, Path(self.SETTINGS.folder)
        if how in WRITERS:
            WRITERS[how](folder, self.rows)
        elif "REC" in SHUTDOWNS.get(how, ()):
            await asyncio.to_thread(write, folder, self.rows)
        elif how != "live":
            self.file.writelines(f"{row}\n" for row in self.rows)
            self.file.close()


def runner(
    address: tuple[str, int] | None, root: str, folder: str, how: str, **options: object
) -> ez.GraphRunner:
    """A pipeline ROOT/SRC -> ROOT/REC, with REC in a process of its own."""
    plan = Plan(folder=folder, how=how)
    source, recorder = Source(plan), Recorder(plan)
    return ez.GraphRunner(
        dict(SRC=source, REC=recorder),
        root_name=root,
        connections=((source.OUTPUT, recorder.INPUT),),
        process_components=(recorder,),
        graph_address=address,
        **options,
    )


if __name__ == "__main__":
    write(Path(sys.argv[1]), list(range(int(sys.argv[2]))))
