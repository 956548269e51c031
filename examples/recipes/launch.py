"""Launches a pipeline: clears phantoms first, and refuses in plain words while somebody has its component keys."""

import subprocess
import sys
from collections.abc import Mapping

import ezmsg.core as ez

from component_keys import component_keys
from my_pipeline import System

# Something was left alone. Whether that is in the way is what the check tells.
PARTIAL = 3
# ezmsg starts a server, unless EZMSG_GRAPHSERVER_ADDR says that there must be one.
NO_SERVER = 69


def sessions(*arguments: str, keys: str = "") -> int:
    return subprocess.run(["graphctl", "sessions", *arguments], input=keys, text=True).returncode


def make_way(components: Mapping[str, ez.Component]) -> None:
    """Ends the program if something is in the way that is not proven dead."""
    code = sessions("reap", "--yes", "--older-than", "5m")
    if code == NO_SERVER:
        return
    if code not in (0, PARTIAL):
        sys.exit("not launched: phantoms could not be cleared")
    if sessions("check", "--from", "-", keys="\n".join(component_keys(components))) != 0:
        sys.exit("not launched: its component keys must be free")


if __name__ == "__main__":
    system = {"SYSTEM": System()}
    make_way(system)
    ez.run(system)
