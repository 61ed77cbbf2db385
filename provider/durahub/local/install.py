"""Installing Azurite from npm, once, into a cache folder of the user.

What is installed is fixed by a lock file with a digest of every package. The folder is named for the
lock file's own digest and appears by a rename, complete or not at all: whoever finds it uses it,
without npm and without a network.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_path

from durahub.errors import AzuriteFailed
from durahub.local.child import TAIL
from durahub.local.exclusive import waiting_for
from durahub.local.node import ADVICE, Node

SIZE = (
    "about 365 MB"  # of Azurite 3.37.0, nearly all of it libraries for telemetry that we switch off
)
NPM_CI = (
    "ci",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--prefer-offline",
    "--loglevel=error",
)

Say = Callable[[str], None]


def say_on_stderr(line: str) -> None:
    """Tell the user what takes so long."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


@dataclass(frozen=True, slots=True)
class Package:
    """An npm program to install: a folder with ``package.json`` and ``package-lock.json``."""

    folder: Path
    name: str  # of the one dependency that is the program: "azurite"

    @property
    def version(self) -> str:
        """The version that the lock file fixes."""
        lock = json.loads(self._lock.read_text("utf-8"))
        return str(lock["packages"][f"node_modules/{self.name}"]["version"])

    @property
    def key(self) -> str:
        """The name of its folder in the cache."""
        return f"{self.name}-{hashlib.sha256(self._lock.read_bytes()).hexdigest()[:16]}"

    @property
    def _lock(self) -> Path:
        return self.folder / "package-lock.json"


def azurite_package() -> Package:
    """Return the pinned Azurite: beside this module in a wheel, at the top of a checkout."""
    here = Path(__file__).resolve()
    for folder in (here.parent / "azurite", here.parents[3] / "azurite"):
        if (folder / "package-lock.json").is_file():
            return Package(folder, "azurite")
    raise AzuriteFailed("its package-lock.json is missing from this installation of durahub")


def cache_folder() -> Path:
    """Return where programs are installed: ``DURAHUB_CACHE_DIR``, else the user's cache folder."""
    named = os.environ.get("DURAHUB_CACHE_DIR")
    return Path(named) if named else user_cache_path("durahub", appauthor=False)


def installed(package: Package, cache: Path, node: Node, say: Say = say_on_stderr) -> Path:
    """Return the folder in *cache* that holds ``node_modules``, after installing if it is new.

    Raises `AzuriteFailed` when npm fails, with the end of its output.
    """
    target = cache / package.key
    if target.is_dir():
        return target
    cache.mkdir(parents=True, exist_ok=True)
    with waiting_for(cache / f"{package.key}.lock"):
        if not target.is_dir():  # or another process has just installed it
            say(
                f"Installing {package.name.title()} {package.version} (once, {SIZE}) in {target} ..."
            )
            _install(package, target, node)
    return target


def _install(package: Package, target: Path, node: Node) -> None:
    with tempfile.TemporaryDirectory(prefix=".installing-", dir=target.parent) as scratch:
        place = Path(scratch) / "node"
        place.mkdir()
        for file in ("package.json", "package-lock.json"):
            shutil.copyfile(package.folder / file, place / file)
        _npm_ci(node, place)
        place.rename(target)


def _npm_ci(node: Node, folder: Path) -> None:
    if node.npm is None:
        raise AzuriteFailed(f"npm is missing beside Node {node.version}; {ADVICE}")
    # npm starts `node` by name for its own children: the same one, not another on PATH
    path = os.pathsep.join((str(node.executable.parent), os.environ.get("PATH", "")))
    done = subprocess.run(  # noqa: S603 (a program of ours)
        [node.executable, node.npm, *NPM_CI],
        cwd=folder,
        env={**os.environ, "PATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode:
        tail = "\n".join(done.stdout.splitlines()[-TAIL:])
        raise AzuriteFailed(
            f"npm could not install it (exit status {done.returncode}); it needs a registry that it "
            f"can reach (`npm config get registry`) the first time, and {SIZE} of disk:\n{tail}"
        )
