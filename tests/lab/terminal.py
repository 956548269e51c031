"""A command at a terminal of its own: the arguments are its command line.

What appears on the screen is told as JSON lines on stdout, and the end of the command too. Each line of stdin
is typed: `^C` and `^Z` are keys, and anything else a line with the Enter key.
"""

import json
import os
import pty
import select
import sys

KEYS = {"^C": b"\x03", "^Z": b"\x1a"}


def emit(event: str, **facts: object) -> None:
    line = json.dumps({"event": event, **facts})
    os.write(1, f"{line}\n".encode())


def main() -> int:
    pid, screen = pty.fork()
    if pid == 0:
        os.execvp(sys.argv[1], sys.argv[1:])
    emit("terminal", pid=pid)
    shown, typed = b"", b""
    while True:
        ready, _, _ = select.select([screen, 0], [], [])
        if 0 in ready:
            if not (more := os.read(0, 4096)):
                return 0
            *lines, typed = (typed + more).split(b"\n")
            for line in map(bytes.decode, lines):
                os.write(screen, KEYS.get(line, f"{line}\n".encode()))
        if screen in ready:
            try:
                more = os.read(screen, 4096)
            except OSError:
                break
            *lines, shown = (shown + more).split(b"\n")
            for line in lines:
                emit("line", text=line.decode().strip())
    emit("exit", code=os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
