"""The pipeline of somebody who copies recipes: a few messages flow, and it ends."""

from collections.abc import AsyncGenerator

import ezmsg.core as ez

MESSAGES = 10


class Counter(ez.Unit):
    OUTPUT = ez.OutputStream(int)

    @ez.publisher(OUTPUT)
    async def count(self) -> AsyncGenerator:
        for number in range(MESSAGES):
            yield self.OUTPUT, number
        raise ez.Complete


class Checker(ez.Unit):
    INPUT = ez.InputStream(int)

    @ez.subscriber(INPUT)
    async def check(self, number: int) -> None:
        if number == MESSAGES - 1:
            print("all messages came", flush=True)
            raise ez.NormalTermination


class System(ez.Collection):
    PUB = Counter()
    SUB = Checker()

    def network(self) -> ez.NetworkDefinition:
        return ((self.PUB.OUTPUT, self.SUB.INPUT),)

    def process_components(self) -> tuple[ez.Component, ...]:
        return (self.PUB,)


if __name__ == "__main__":
    ez.run(SYSTEM=System())
