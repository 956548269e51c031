"""Becomes the program where that can be done, and elsewhere ends as it does."""

import os
import signal
import subprocess
import sys

from graphctl import find_program

# What a shell says of a command that it cannot find, and of one that it cannot run.
_NOT_FOUND = 127
_NOT_EXECUTABLE = 126


def main() -> int:
    program = find_program()
    if program is None:
        print("graphctl: the program is missing from this installation", file=sys.stderr)
        return _NOT_FOUND
    command = [str(program), *sys.argv[1:]]
    try:
        return _run(command) if sys.platform == "win32" else _become(command)
    except OSError as error:
        print(f"graphctl: {program} cannot be run: {error.strerror}", file=sys.stderr)
        return _NOT_EXECUTABLE


def _become(command: list[str]) -> int:
    # Python ignores these for itself, and what is ignored stays so for the program and all that it starts.
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    os.execv(command[0], command)


def _run(command: list[str]) -> int:
    # Ctrl-C reaches the program, too, which knows what to do.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return subprocess.call(command)


sys.exit(main())
