"""Lists the sessions of a GraphServer with their component keys, by what ezmsg itself offers for that."""

import asyncio
import json
import sys

import ezmsg.core as ez


async def main(host: str, port: str) -> None:
    async with ez.GraphContext((host, int(port)), auto_start=False) as context:
        snapshot = await context.snapshot()
    sessions = [
        {"id": id, "components": sorted(session.metadata.components) if session.metadata else []}
        for id, session in snapshot.sessions.items()
    ]
    print(json.dumps({"sessions": sessions}))


asyncio.run(main(*sys.argv[1].split(":")))
