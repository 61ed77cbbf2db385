"""Running apps that are written with the SDKs of other languages.

An app has a driver that runs scenarios by name and writes a line of JSON for each. What it needs is
installed once, into the user's cache folder, under a name that changes with what is installed.
"""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from durahub.local.child import Child
from durahub.local.exclusive import waiting_for
from durahub.local.install import cache_folder

SCENARIOS_WITHIN = 300.0  # seconds, for all of them


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a scenario has ended."""

    scenario: str
    seconds: float
    error: str | None


def verdict(line: str) -> Verdict | None:
    """Return what a line of a driver says; None for any other line."""
    if not line.startswith('{"scenario"'):
        return None
    return Verdict(**json.loads(line))


class Driver:
    """A driver that is running scenarios, some at the same time."""

    def __init__(self, child: Child) -> None:
        self._child = child

    def verdict(self, scenario: str) -> Verdict:
        """Return how *scenario* has ended, as soon as it has."""

        def look(line: str) -> Verdict | None:
            found = verdict(line)
            return found if found and found.scenario == scenario else None

        found = self._child.wait_for(look, SCENARIOS_WITHIN)
        assert found, f"nothing was heard of {scenario}:\n{self._child.tail()}"
        return found


def names_of(driver: Sequence[str], env: Mapping[str, str] | None = None) -> set[str]:
    """Return the names of the scenarios that a driver has."""
    said = subprocess.check_output(
        [*driver, "none", "none"], env={**os.environ, **(env or {})}, text=True, timeout=180
    )
    return set(said.split())


def selected(request: pytest.FixtureRequest) -> list[str]:
    """Return the scenarios of this module's tests that run with the parameter of this fixture."""
    found = []
    for item in request.session.items:
        if item.path == request.path and isinstance(item, pytest.Function):
            given = item.callspec.params if hasattr(item, "callspec") else {}
            if given.get(request.fixturename) == request.param:
                found.append(str(given["scenario"]))
    return found


def installed(name: str, parts: Iterable[Path], install: Callable[[Path], None]) -> Path:
    """Return the cache folder of *name*, made by *install* if it is new.

    Its name holds a digest of the files *parts*. It appears by a rename, complete or not at all. Where
    *install* fails the test is skipped, for want of a network most likely; in CI it fails.
    """
    known = hashlib.sha256()
    for part in sorted(parts):
        known.update(part.name.encode() + part.read_bytes())
    target = cache_folder() / f"{name}-{known.hexdigest()[:16]}"
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with waiting_for(target.parent / f"{target.name}.lock"):
        if not target.is_dir():
            with tempfile.TemporaryDirectory(prefix=".installing-", dir=target.parent) as scratch:
                place = Path(scratch) / name
                place.mkdir()
                install(place)
                place.rename(target)
    return target


def must(command: Sequence[str | Path], place: Path) -> None:
    """Run an installer in *place*; skip the test where it fails, but fail it in CI."""
    if shutil.which(str(command[0])) is None:
        missing(f"{command[0]} is not installed")
    done = subprocess.run(
        [str(part) for part in command],
        cwd=place,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=300,
        check=False,
    )
    if done.returncode:
        missing(f"{command[0]} failed:\n" + "\n".join(done.stdout.splitlines()[-20:]))


def missing(why: str) -> None:
    """End the test: skipped, or failed in CI, where everything must be there."""
    if os.environ.get("CI", "").lower() in ("1", "true"):
        pytest.fail(why)
    pytest.skip(why)
