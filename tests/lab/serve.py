"""A stock GraphServer in a process of its own, on a free port of a host address.

The order "state" on stdin makes it tell what it has at hand, which no client can ask a stock server.
"""

import asyncio
import json
import os
import signal
import sys
import threading
from collections import Counter

import ezmsg.core as ez


def leave(*_: object) -> None:
    sys.exit(0)


def emit(event: str, **facts: object) -> None:
    print(json.dumps({"event": event, **facts}), flush=True)


async def state(server: ez.GraphServer) -> dict[str, object]:
    """Without the command lock, so that it also works while that is held for ever."""
    own = asyncio.current_task()
    return {
        "clients": Counter(type(client).__name__ for client in server.clients.values()),
        "handlers": sum(not task.done() for task in server._client_tasks.values()),
        "tasks": len(asyncio.all_tasks() - {own}),
        "pings": len(server._pending_process_requests),
        "locked": server._command_lock.locked(),
        "waiters": len(server._command_lock._waiters or ()),
    }


def obey(server: ez.GraphServer) -> None:
    """Reads without a buffer, whose lock would be in the interpreter's way at its end."""
    while orders := os.read(0, 4096):
        for _ in orders.splitlines():
            telling = asyncio.run_coroutine_threadsafe(state(server), server._loop)
            emit("state", **telling.result())


def main() -> None:
    signal.signal(signal.SIGTERM, leave)
    server = ez.GraphServer()
    server.start((sys.argv[1], 0))
    host, port = server.address
    emit("listening", address=f"{host}:{port}")
    threading.Thread(target=obey, args=(server,), daemon=True).start()
    try:
        server.join()
    finally:
        server.stop()


if __name__ == "__main__":
    main()
