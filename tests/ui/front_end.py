"""The front end's sources and what is built of them, for tests."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

TOP = Path(__file__).parents[2]
UI = TOP / "migrate" / "ui"


def builder() -> ModuleType:
    """Return ``migrate/ui/build_ui.py``, which is no module of a package."""
    name = "durahub_build_ui"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, UI / "build_ui.py")
        assert spec
        assert spec.loader
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


def first_load(manifest: dict[str, Any]) -> set[str]:
    """Return the files that index.html loads before any page: what the entry imports, and its styles."""
    found: set[str] = set()
    waiting = [name for name, one in manifest.items() if one.get("isEntry")]
    seen = set(waiting)
    while waiting:
        one = manifest[waiting.pop()]
        found |= {one["file"], *one.get("css", ())}
        more = set(one.get("imports", ())) - seen
        seen |= more
        waiting += more
    return found


def manifest_of(text: str | bytes) -> dict[str, Any]:
    """Read a manifest of Vite."""
    read = json.loads(text)
    assert isinstance(read, dict)
    return read
