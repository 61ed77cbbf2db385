"""Writes views of a bundle. What has not ended stands apart, so that nobody takes it for finished."""

import contextlib
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Protocol

from durahub.engine import state as states
from durahub.errors import BadRequest
from durahub.model.history import TERMINAL
from durahub.stored import StoredInstance
from durahub_migrate.bundle import hub_bundle_pb2 as hb
from durahub_migrate.bundle import layout
from durahub_migrate.bundle.entities import is_entity
from durahub_migrate.bundle.plain_files import writing
from durahub_migrate.bundle.reader import BundleReader
from durahub_migrate.views import dotnet, parquet, python
from durahub_migrate.views.parquet import ParquetFiles

OPEN = "open"
"""The folder within a view of what has not ended; entities never end."""

NAMES = "_names.jsonl"
"""Lists the files of a view with the IDs of their instances, which blobs have in their metadata."""

_ENDED = frozenset(status.name for status in TERMINAL)


class View(Enum):
    """A shape."""

    DOTNET = "dotnet"
    PYTHON = "python"
    PARQUET = "parquet"

    @property
    def folder(self) -> str:
        """Return its folder in a bundle."""
        return f"{layout.COMPAT}/{_FOLDERS[self]}"


_FOLDERS = {
    View.DOTNET: "dotnet-jsonl",
    View.PYTHON: "python-jsonl",
    View.PARQUET: "parquet",
}


@dataclass(frozen=True, slots=True)
class Viewed:
    """How many instances are in a view, how many of them in `OPEN`; *left_out* the shape cannot hold."""

    ended: int = 0
    open: int = 0
    left_out: int = 0


class _Files(Protocol):
    def add(self, instance: StoredInstance, head: hb.InstanceHead) -> None:
        """Add an instance; raise `ValueError`, `OverflowError` if the shape cannot hold it."""

    def close(self) -> None:
        """End the files."""


def write_into(folder: Path, views: Sequence[View]) -> Mapping[View, Viewed]:
    """Write *views* of the bundle in *folder* into it, each whole or not at all. Raises as `write`."""
    done = {}
    for view in views:
        target = folder / view.folder
        scratch = target.with_name(target.name + layout.PART)
        with writing(folder):
            for left in (scratch, target):
                if left.exists():
                    shutil.rmtree(left)
        done[view] = write(folder, view, scratch)
        with writing(folder):
            scratch.rename(target)
    return done


def write(bundle: Path, view: View, target: Path) -> Viewed:
    """Write a view of the bundle in a folder into the new folder *target*.

    Raises `BadRequest` where something is, `MissingPackage`, `FileUnavailable`, what reading a bundle does;
    then nothing of the view is left.
    """
    if view is View.PARQUET:
        parquet.check_installed()
    reader = BundleReader(bundle)
    with writing(target):
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise BadRequest(f"{target} is there already; name another folder")
    try:
        return _written(reader, view, target)
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)
        raise


def _written(reader: BundleReader, view: View, target: Path) -> Viewed:
    counts = {True: 0, False: 0}
    left_out = 0
    with writing(target), contextlib.ExitStack() as stack:
        (target / OPEN).mkdir(parents=True, exist_ok=True)
        files: dict[bool, _Files] = {}
        for ended, folder in ((True, target), (False, target / OPEN)):
            files[ended] = _MAKERS[view](folder)
            stack.callback(files[ended].close)
        for one in reader.instances():
            instance = one.whole()
            ended = has_ended(instance)
            try:
                files[ended].add(instance, one.head)
                counts[ended] += 1
            except (ValueError, OverflowError):
                left_out += 1
    return Viewed(counts[True], counts[False], left_out)


def has_ended(instance: StoredInstance) -> bool:
    """Tell whether an instance has ended; its row may be one checkpoint behind its history."""
    if is_entity(instance.instance_id):
        return False
    if instance.status in _ENDED:
        return True
    return states.read(stored.event for stored in instance.history).completed is not None


class _JsonLines:
    """A folder with a file for each instance."""

    def __init__(
        self,
        folder: Path,
        name: Callable[[StoredInstance], str],
        content: Callable[[StoredInstance, hb.InstanceHead], bytes],
    ) -> None:
        self._folder = folder
        self._name = name
        self._content = content
        self._names = (folder / NAMES).open("w", encoding="ascii")

    def add(self, instance: StoredInstance, head: hb.InstanceHead) -> None:
        content = self._content(instance, head)
        name = self._name(instance)
        (self._folder / name).write_bytes(content)
        told = {"file": name, "instanceId": instance.instance_id, "status": instance.status}
        self._names.write(json.dumps(told) + "\n")

    def close(self) -> None:
        self._names.close()


_MAKERS: Mapping[View, Callable[[Path], _Files]] = {
    View.DOTNET: lambda folder: _JsonLines(
        folder, dotnet.file_name, lambda instance, _: dotnet.content(instance)
    ),
    View.PYTHON: lambda folder: _JsonLines(folder, python.file_name, python.content),
    View.PARQUET: ParquetFiles,
}
