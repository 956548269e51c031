"""Sessions NAME0, NAME1, …, each with as many edges as are wanted between the same few topics: which, tells the seed.

Says `ready` and the `ids` of all of them with `woven`, and lives until its stdin is closed.
"""

import argparse
import asyncio
import random
from itertools import combinations

from clients import emit, metadata, session_id, until_let_go
from odd_clients import Clients

TOPICS = [f"WEB/{number:02}" for number in range(20)]


async def serve(args: argparse.Namespace) -> None:
    host, port = args.address.rsplit(":", 1)
    chance = random.Random(args.seed)
    async with Clients((host, int(port))) as lab:
        sessions = [await lab.session(metadata([f"{args.name}{at}"])) for at in range(args.sessions)]
        for session in sessions:
            # Each from an earlier topic to a later one: there is no cycle.
            for edge in chance.sample(list(combinations(TOPICS, 2)), args.edges):
                await session.connect(*edge)
        emit("woven", ids=[session_id(session) for session in sessions])
        emit("ready", id=session_id(sessions[0]))
        await until_let_go()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--address", required=True)
    parser.add_argument("name")
    for number in ("seed", "sessions", "edges"):
        parser.add_argument(number, type=int)
    asyncio.run(serve(parser.parse_args()))
