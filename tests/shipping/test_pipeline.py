"""Tests of pipelines, as somebody has them who has copied the fixture."""

import json
import subprocess

import ezmsg.core as ez
from my_pipeline import System

# What a notebook, or the traceback of a failure, keeps: its session stays open.
kept = []


def roots() -> list[str]:
    listing = subprocess.run(["graphctl", "sessions", "list", "-o", "json"], capture_output=True, check=True)
    sessions = json.loads(listing.stdout)["sessions"]
    return sorted(session["components"][0] for session in sessions if session["components"])


def test_phantoms_are_gone(graph_server):
    assert graph_server
    assert roots() == ["HEALTHY"]


def test_that_is_clean(graph_root):
    ez.run(SYSTEM=System(), root_name=graph_root)


def test_that_never_stops_what_it_starts(graph_root):
    runner = ez.GraphRunner(SYSTEM=System(), root_name=graph_root)
    kept.append(runner)
    runner.start()
    for process in runner.processes:
        process.join()
    assert roots() == ["HEALTHY", f"{graph_root}/SYSTEM"]


def test_that_comes_after_it(graph_root):
    now = roots()
    # Python does not end while it is kept.
    kept.clear()
    assert now == ["HEALTHY"]
