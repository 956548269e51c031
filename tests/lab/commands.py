"""Commands that are no pipelines, each with a way to live or to end that a guard has to cope with.

The first argument says which. All tell what happens as JSON lines on stdout, and none lives for long.
"""

import json
import os
import signal
import socket
import sys
import time

# Whoever is not ended by then ends by himself, and the test fails.
LIFETIME = 120
SIGNALS = ("INT", "TERM", "HUP", "QUIT", "USR1", "USR2")
SESSION = b"\x15"


def emit(event: str, **facts: object) -> None:
    line = json.dumps({"event": event, **facts})
    os.write(1, f"{line}\n".encode())


def live() -> None:
    end = time.monotonic() + LIFETIME
    while time.monotonic() < end:
        time.sleep(0.05)


def tell_signals() -> int:
    """Reports each signal, and exits with 0 after SIGUSR2.

    `sigwait` returns also for a signal that came before the call. A handler with `pause` may miss that one.
    """
    names = {getattr(signal, f"SIG{name}"): name for name in SIGNALS}
    signal.pthread_sigmask(signal.SIG_BLOCK, names)
    emit("ready", pid=os.getpid())
    name = None
    while name != "USR2":
        name = names[signal.sigwait(names)]
        emit("signal", name=name)
    return 0


def leave_daemon() -> int:
    """Ends at once, and leaves a daemon: a grandchild in a Unix session of its own."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            emit("daemon", pid=os.getpid())
            live()
        os._exit(0)
    os.wait()
    return 4


def leave_stubborn() -> int:
    """Leaves a child that heeds neither SIGTERM nor Ctrl-C."""
    ready, told = os.pipe()
    if os.fork() == 0:
        for name in ("TERM", "INT"):
            signal.signal(getattr(signal, f"SIG{name}"), signal.SIG_IGN)
        emit("stubborn", pid=os.getpid())
        os.write(told, b"x")
        live()
        os._exit(0)
    os.read(ready, 1)
    return 5


def leave_forking() -> int:
    """Leaves a child that, asked to end, leaves another one in its place, again and again."""
    ready, told = os.pipe()
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, lambda *_: os.fork() and os._exit(0))
        emit("forking", pid=os.getpid())
        os.write(told, b"x")
        live()
        os._exit(0)
    os.read(ready, 1)
    return 6


def leave_connected(address: str) -> int:
    """Leaves a child with a connection on which nothing is said."""
    host, port = address.rsplit(":", 1)
    client = socket.create_connection((host, int(port)))
    if os.fork() == 0:
        live()
        os._exit(0)
    client.close()
    return 7


def leave_ghost(address: str) -> int:
    """Leaves a child that, asked to end, asks for a session and hangs up. The server never rids itself of that
    if it did not look in between: it waits for a line before."""
    host, port = address.rsplit(":", 1)
    client = socket.create_connection((host, int(port)))
    client.recv(64)
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, lambda *_: haunt(client))
        emit("greeted")
        live()
        os._exit(0)
    sys.stdin.readline()
    return 8


def haunt(client: socket.socket) -> None:
    client.send(SESSION)
    client.close()
    emit("hung-up")
    os._exit(0)


def main() -> int:
    commands = {
        "signals": tell_signals,
        "daemon": leave_daemon,
        "stubborn": leave_stubborn,
        "forking": leave_forking,
        "connected": leave_connected,
        "ghost": leave_ghost,
    }
    return commands[sys.argv[1]](*sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
