"""Puts the monitor's front end into what is built: Hatchling calls this before a wheel or a source archive.

Nothing is built when what is there is of the sources that are there, as in a source archive. Without Node on
the system, the package that brings one is asked for as a requirement of the build.
"""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class FrontEnd(BuildHookInterface[Any]):
    """The hook."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Return what must be installed to build: nothing, or a Node."""
        ui = _builder(self.root)
        return [] if ui.is_current() or ui.find_node() else [ui.WHEEL_OF_NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Build the front end. Only an editable install goes on without it."""
        ui = _builder(self.root)
        if ui.is_current():
            return
        try:
            ui.build()
        except ui.NotBuilt as problem:
            if version != "editable":
                raise
            self.app.display_warning(
                f"durahub monitor will have no pages: {problem}. Build them: python3 dev.py ui"
            )


def _builder(root: str) -> ModuleType:
    """Return the module that knows how, which stands beside the sources of the front end."""
    name = "durahub_build_ui"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(
            name, Path(root, "migrate", "ui", "build_ui.py")
        )
        if spec is None or spec.loader is None:
            raise FileNotFoundError("migrate/ui/build_ui.py")
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]
