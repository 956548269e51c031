"""A stock GraphServer in a process of its own, on a free port of the loopback."""

import json
import signal
import sys

import ezmsg.core as ez


def leave(*_: object) -> None:
    sys.exit(0)


def main() -> None:
    signal.signal(signal.SIGTERM, leave)
    server = ez.GraphServer()
    server.start(("127.0.0.1", 0))
    host, port = server.address
    print(json.dumps({"event": "listening", "address": f"{host}:{port}"}), flush=True)
    try:
        server.join()
    finally:
        server.stop()


if __name__ == "__main__":
    main()
