"""The file that renames instances: a JSON object, old IDs to new ones."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from durahub.engine.entities.ids import is_entity
from durahub.errors import BadIdMap


@dataclass(frozen=True, slots=True)
class IdMap:
    """New IDs by old ones; *digest* is the file's SHA-256 in hex, empty without a file."""

    ids: Mapping[str, str] = field(default_factory=dict)
    digest: str = ""


def read(file: Path) -> IdMap:
    """Return what *file* says. Raises `BadIdMap`."""
    try:
        text = file.read_bytes()
    except OSError as error:
        raise BadIdMap(str(file), (error.strerror or "it cannot be read").lower()) from None
    return IdMap(_checked(text, str(file)), hashlib.sha256(text).hexdigest())


def _checked(text: bytes, name: str) -> dict[str, str]:
    try:
        found = json.loads(text, object_pairs_hook=list)
    except (ValueError, RecursionError):
        raise BadIdMap(name, "it is not JSON") from None
    pairs = found if text.lstrip().startswith(b"{") else None
    if pairs is None or not all(isinstance(new, str) for _, new in pairs):
        raise BadIdMap(name, "it is no object of texts, old IDs to new ones")
    olds: dict[str, str] = {}
    news: dict[str, str] = {}
    for old, new in pairs:
        if old in olds:
            raise BadIdMap(name, f"{old!r} stands there twice")
        if new in news:
            raise BadIdMap(name, f"{news[new]!r} and {old!r} would both be {new!r}")
        if is_entity(old) != is_entity(new):
            raise BadIdMap(name, f"one of {old!r} and {new!r} is an entity's")
        olds[old], news[new] = new, old
    return olds
