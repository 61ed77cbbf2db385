#!/usr/bin/env python3
"""Everything a checkout needs, from nothing: Python 3.10 or later is enough, the rest is installed.

    python3 dev.py demo               start a local server, run an app against it, show what it left
    python3 dev.py test [ARGUMENT]... run the tests; arguments go to pytest
    python3 dev.py lint               check style, types and the direction of imports
    python3 dev.py audit [ARGUMENT].. make and check bills of materials, ask for advisories
    python3 dev.py ui                 build the monitor's front end
    python3 dev.py table [ARGUMENT].. write docs/compatibility.md from what the tests of features show

Packages go into .venv beside this file, Azurite into the user's cache folder, both on the first run; later
runs are offline. Node 18 or later is taken from the system, else installed into .venv.

    python3 dev.py test tests/unit    one folder
    python3 dev.py test -k lease      tests by name
    python3 dev.py test -m fault      a suite that is not in the default run: slow, fault, soak, browser
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

OLDEST_PYTHON = (3, 10)
OLDEST_NODE = 18
OLDEST_PIP = (25, 1)  # the first to know dependency groups

TOP = Path(__file__).resolve().parent
VENV = TOP / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
STAMP = VENV / "durahub-installed.json"
WHAT_MATTERS = ("pyproject.toml", "azurite/package-lock.json")  # install again when these change


def main() -> int:
    """Do what the command line asks; return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=("demo", "test", "lint", "audit", "table", "ui"))
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="for pytest")
    options = parser.parse_args()
    if sys.version_info < OLDEST_PYTHON:
        sys.exit("durahub needs Python {}.{} or later".format(*OLDEST_PYTHON))
    if options.arguments and options.command not in ("test", "table", "audit"):
        parser.error(f"{options.command} takes no arguments")
    commands = {"demo": demo, "test": test, "lint": lint, "audit": audit, "table": table, "ui": ui}
    return commands[options.command](options.arguments)


def demo(_: list[str]) -> int:
    """Run the demonstration."""
    install(dev=False)
    return run(PYTHON, "examples/demo.py")


def test(arguments: list[str]) -> int:
    """Run pytest; its exit status is ours."""
    install(dev=True)
    run(
        PYTHON, "migrate/ui/build_ui.py", "build"
    )  # tests that need it fail by themselves without it
    return run(PYTHON, "-m", "pytest", *arguments)


def ui(_: list[str]) -> int:
    """Build the monitor's front end."""
    install(dev=False)
    return run(PYTHON, "migrate/ui/build_ui.py", "build", "--always")


def table(arguments: list[str]) -> int:
    """Run tests that claim features, all or those that *arguments* select, and write the page.

    Outcomes of tests that did not run stay as they were.
    """
    install(dev=True)
    marks = (
        ("-m", "not slow and not fault and not soak and not browser")
        if "-m" not in arguments
        else ()
    )
    status = run(PYTHON, "-m", "pytest", "--record-features", *marks, *(arguments or ("tests",)))
    return run(PYTHON, "-m", "tests.compatibility.table") or status


def lint(_: list[str]) -> int:
    """Run every check, also after one has failed."""
    install(dev=True)
    checks = (
        (PYTHON, "-m", "ruff", "check", "."),
        (PYTHON, "-m", "ruff", "format", "--check", "."),
        (PYTHON, "-m", "mypy"),
        (BIN / "lint-imports",),
        (PYTHON, "migrate/ui/build_ui.py", "check"),
    )
    failed = [check for check in checks if run(*check)]
    return 1 if failed else 0


def audit(arguments: list[str]) -> int:
    """Make bills of materials into dist/sbom, check them, and ask for advisories; needs npm."""
    install(dev=True)
    return run(PYTHON, "-m", "tests.security.supply", *arguments)


def install(*, dev: bool) -> None:
    """Make .venv hold the project and what it needs; quick when it does already."""
    extras = {"examples"} if has_node() else {"examples", "node"}
    wanted: dict[str, Any] = {"digest": digest(), "extras": sorted(extras), "dev": dev}
    if is_installed(wanted):
        return
    if not PYTHON.exists():
        say("making .venv")
        try:
            venv.create(VENV, with_pip=True)
        except subprocess.CalledProcessError:
            shutil.rmtree(VENV, ignore_errors=True)
            sys.exit("this Python cannot make a virtual environment: install python3-venv")
    say("installing packages into .venv")
    pip = (PYTHON, "-m", "pip", "--disable-pip-version-check", "install", "--quiet")
    if dev and pip_version() < OLDEST_PIP:
        must(*pip, "pip>={}.{}".format(*OLDEST_PIP))
    group = ("--group", "dev") if dev else ()
    must(*pip, *group, "--editable", f".[{','.join(sorted(extras))}]")
    STAMP.write_text(json.dumps(wanted))


def is_installed(wanted: dict[str, Any]) -> bool:
    """Tell whether an earlier run has installed *wanted*, or more."""
    try:
        found = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return False
    return (
        found["digest"] == wanted["digest"]
        and set(found["extras"]) >= set(wanted["extras"])
        and found["dev"] >= wanted["dev"]
    )


def digest() -> str:
    """Return what changes when something else must be installed."""
    known = hashlib.sha256(sys.version.encode())
    for name in WHAT_MATTERS:
        known.update((TOP / name).read_bytes())
    return known.hexdigest()


def has_node() -> bool:
    """Tell whether the system's own Node will do, with npm to install Azurite."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return False
    try:
        version = subprocess.check_output([node, "--version"], text=True)  # noqa: S603 (says "v20.20.2")
        return int(version.lstrip("v").partition(".")[0]) >= OLDEST_NODE
    except (OSError, subprocess.CalledProcessError, ValueError):
        return False


def pip_version() -> tuple[int, ...]:
    """Return the version of pip in .venv: ``(23, 2)``."""
    said = subprocess.check_output([PYTHON, "-m", "pip", "--version"], text=True)  # noqa: S603 (a program of ours)
    return tuple(int(number) for number in said.split()[1].split(".")[:2])


def must(*command: str | Path) -> None:
    """Run a command that may not fail."""
    status = run(*command)
    if status:
        sys.exit(status)


def run(*command: str | Path) -> int:
    """Run a command in the checkout, with .venv first on PATH; return its exit status."""
    path = os.pathsep.join((str(BIN), os.environ.get("PATH", "")))
    environment = {**os.environ, "PATH": path, "VIRTUAL_ENV": str(VENV)}
    try:
        return subprocess.call([str(part) for part in command], cwd=TOP, env=environment)  # noqa: S603 (a program of ours)
    except KeyboardInterrupt:
        return 130


def say(sentence: str) -> None:
    """Tell what takes so long."""
    print(f"dev.py: {sentence} ...", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
