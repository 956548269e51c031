"""Runs a script, which fails as soon as it connects, listens, or starts a process or a thread."""

import runpy
import sys

FORBIDDEN = (
    "_thread.start_new_thread",
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.posix_spawn",
    "os.system",
    "socket.bind",
    "socket.connect",
    "subprocess.Popen",
)


def forbid(event: str, arguments: tuple[object, ...]) -> None:
    if event in FORBIDDEN:
        raise PermissionError(f"{event}{arguments}")


sys.addaudithook(forbid)
sys.path.insert(0, ".")
del sys.argv[0]
runpy.run_path(sys.argv[0], run_name="__main__")
