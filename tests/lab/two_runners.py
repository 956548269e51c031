"""Two runners in one program, each with one backend that is forked; the first is stopped while the second runs on.

Prints "stopped" when it has stopped, and then waits for its end.
"""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncGenerator

import ezmsg.core as ez


class Publisher(ez.Unit):
    OUTPUT = ez.OutputStream(int)

    @ez.publisher(OUTPUT)
    async def publish(self) -> AsyncGenerator:
        while True:
            yield self.OUTPUT, 0
            await asyncio.sleep(0.005)


class System(ez.Collection):
    PUB = Publisher()

    def process_components(self) -> tuple[ez.Component, ...]:
        return (self.PUB,)


def main() -> None:
    host, port = sys.argv[1].split(":")
    names = ("FIRST", "SECOND")
    runners = [ez.GraphRunner(components={it: System()}, graph_address=(host, int(port))) for it in names]
    for runner in runners:
        runner.start()
    runners[0].stop()
    print(json.dumps({"event": "stopped"}), flush=True)
    signal.pause()


if __name__ == "__main__":
    main()
