"""Publishers and subscribers that come and go, so many pairs at once, each pair on a topic of its own.

A subscriber leaves when it has heard some messages in a row, and its publisher with it; then both come again. The
event `left` tells how many pairs have, and how many `gaps` there were among their messages. When stdin is closed
all leave, and that is the end.
"""

import argparse
import asyncio
import sys
from collections.abc import Callable

import ezmsg.core as ez
from clients import emit, graph_context

MESSAGES = 20


async def send(publisher: ez.Publisher) -> None:
    number = 0
    while True:
        await publisher.broadcast(number)
        number += 1
        await asyncio.sleep(0.005)


async def hear(subscriber: ez.Subscriber) -> int:
    """How many gaps there were."""
    gaps, last = 0, await subscriber.recv()
    for _ in range(MESSAGES):
        number = await subscriber.recv()
        gaps += number != last + 1
        last = number
    return gaps


async def visit(address: str, topic: str) -> int:
    async with graph_context(address) as here, graph_context(address) as there:
        publisher, subscriber = await here.publisher(topic), await there.subscriber(topic)
        sending = asyncio.create_task(send(publisher))
        try:
            return await hear(subscriber)
        finally:
            sending.cancel()


async def come_and_go(address: str, topic: str, goes_on: Callable[[], bool], left: list[int]) -> None:
    while goes_on():
        left.append(await visit(address, topic))
        emit("left", pairs=len(left), gaps=sum(left))


async def main(args: argparse.Namespace) -> None:
    closed = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
    left: list[int] = []
    topics = [f"COMERS/{number}" for number in range(args.pairs)]
    pairs = [come_and_go(args.address, topic, lambda: not closed.done(), left) for topic in topics]
    await asyncio.gather(*pairs)
    emit("ended", pairs=len(left), gaps=sum(left))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--address", required=True)
    parser.add_argument("pairs", type=int)
    asyncio.run(main(parser.parse_args()))
