"""SYSTEM/PUB -> SYSTEM/RELAY -> SYSTEM/SUB, each in a process of its own. The main process runs the named unit."""

import os

if __name__ == "__main__":
    # What started the tests may have left pipes open here that lead to it.
    os.closerange(3, 1024)

import sys

import ezmsg.core as ez
from pipeline import Checker, Counter, Plan, emit


class Relay(ez.Unit):
    INPUT = ez.InputStream(dict)
    OUTPUT = ez.OutputStream(dict)

    async def initialize(self) -> None:
        emit("unit", unit="RELAY", pid=os.getpid())

    @ez.subscriber(INPUT)
    @ez.publisher(OUTPUT)
    async def relay(self, message: dict) -> None:
        yield self.OUTPUT, message


def main() -> None:
    host, port = sys.argv[1].rsplit(":")
    fields = dict(messages=0, processes=3, slow_initialize=0.0, fail="none", quiet=True)
    plan = Plan(run="relayed", host="127.0.0.1", rate=200.0, **fields)
    units = {"PUB": Counter(plan), "RELAY": Relay(), "SUB": Checker(plan)}
    ez.run(
        components=units,
        root_name="SYSTEM",
        connections=(
            (units["PUB"].OUTPUT, units["RELAY"].INPUT),
            (units["RELAY"].OUTPUT, units["SUB"].INPUT),
        ),
        process_components=tuple(unit for name, unit in units.items() if name != sys.argv[2]),
        graph_address=(host, int(port)),
    )


if __name__ == "__main__":
    main()
