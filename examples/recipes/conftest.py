"""No phantoms when tests of pipelines begin, and nothing left when one has ended.

A test takes `graph_root` and launches below it, so that it has its keys for itself on any server:

    def test_it(graph_root):
        ez.run(SYSTEM=System(), root_name=graph_root)
"""

import subprocess
import uuid
from collections.abc import Iterator

import pytest

COLLISION = 1
PARTIAL = 3
NO_SERVER = 69


def sessions(*arguments: str, expected: tuple[int, ...] = (0,)) -> subprocess.CompletedProcess:
    run = subprocess.run(["graphctl", "sessions", *arguments], capture_output=True, text=True)
    assert run.returncode in expected, run.stderr
    return run


@pytest.fixture(scope="session")
def graph_server() -> bool:
    """Whether there is a server that outlives the tests; its phantoms are gone."""
    return sessions("reap", "--yes", expected=(0, PARTIAL, NO_SERVER)).returncode != NO_SERVER


@pytest.fixture
def graph_root(graph_server: bool) -> Iterator[str]:
    root = f"test-{uuid.uuid4().hex}"
    yield root
    if not graph_server:
        return
    check = sessions("check", "--root", root, "--wait", "2s", expected=(0, COLLISION))
    if check.returncode == COLLISION:
        # They are this test's own. No --kill: pytest itself may hold their connections.
        left = sessions("list", "--output", "name", "--component", f"{root}*").stdout.split()
        if left:
            sessions("drop", "--yes", "--force", *left)
        pytest.fail(f"it has left sessions on the server:\n{check.stdout}")
