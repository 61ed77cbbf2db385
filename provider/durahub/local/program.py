"""Which Azurite we run: the one that the environment names, else our pinned one, with which Node."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from durahub.errors import AzuriteFailed
from durahub.local.install import Say, azurite_package, cache_folder, installed, say_on_stderr
from durahub.local.node import Node, find_node


@dataclass(frozen=True, slots=True)
class Program:
    """An installed Azurite and the Node that runs it."""

    node: Node
    script: Path  # .../azurite/dist/src/azurite.js

    @property
    def version(self) -> str:
        """As ``"3.37.0"``."""
        try:
            manifest = (self.script.parents[2] / "package.json").read_text("utf-8")
            return str(json.loads(manifest)["version"])
        except (OSError, IndexError, KeyError, ValueError):
            return "of unknown version"  # DURAHUB_AZURITE may name a bundle of one file


def azurite_program(say: Say = say_on_stderr) -> Program:
    """Return the Azurite in ``DURAHUB_AZURITE``, else ours, after installing it if need be.

    Raises `AzuriteFailed`.
    """
    node = find_node()
    named = os.environ.get("DURAHUB_AZURITE")
    if not named:
        folder = installed(azurite_package(), cache_folder(), node, say)
        return Program(node, folder / "node_modules" / "azurite" / "dist" / "src" / "azurite.js")
    if not Path(named).is_file():
        raise AzuriteFailed(f"DURAHUB_AZURITE names {named}, which is not a file")
    return Program(node, Path(named).resolve())
