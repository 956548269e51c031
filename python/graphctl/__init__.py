"""graphctl is a program. This package is how `python -m graphctl` finds it."""

import sys
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

_NAME = "graphctl.exe" if sys.platform == "win32" else "graphctl"


def find_program() -> Path | None:
    """The program that was installed with this package."""
    # `pip install --target` puts it there, and records another place.
    beside = Path(__file__).parent.parent / "bin" / _NAME
    candidates = [beside, *_recorded()]
    return next((path for path in candidates if path.is_file()), None)


def _recorded() -> list[Path]:
    try:
        installed = files("graphctl") or []
    except PackageNotFoundError:
        return []
    return [Path(str(file.locate())) for file in installed if file.name == _NAME]
