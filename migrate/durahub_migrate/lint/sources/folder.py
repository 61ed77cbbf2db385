"""A folder, or a file of one, as a source: its apps, templates and policies."""

import hashlib
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from durahub.errors import NothingToLint
from durahub_migrate.lint.facts.apps import AppFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.files.app_files import (
    HOST,
    file_name,
    is_of_an_app,
    is_settings_file,
    is_shared_project,
)
from durahub_migrate.lint.files.app_reader import read_app
from durahub_migrate.lint.files.templates import facts_of_file
from durahub_migrate.lint.sources.source import Read
from durahub_migrate.lint.sources.walking import LARGEST, Found, found_below, read_into


def folder_source(text: str) -> "FolderSource":
    """Return the source that a path names. Raises `NothingToLint` if there is nothing of interest.

    A file of an app stands for its folder: without settings and packages little can be said of a host.json.
    """
    path = Path(text)
    found = found_below(path) if path.is_dir() else _found_beside(path)
    if not (found.templates or found.problems or _app_folders(found)):
        raise NothingToLint(text)
    return FolderSource(text, found)


class FolderSource:
    """What was found below a path; everything is read before the first fact."""

    def __init__(self, address: str, found: Found) -> None:
        self._address = address
        self._found = found

    @property
    def address(self) -> str:
        """The path as the user gave it."""
        return self._address

    @property
    def provides(self) -> frozenset[Need]:
        """Tell by the files that are there."""
        needs = set()
        if _app_folders(self._found):
            needs.add(Need.APP_FILES)
        if any(is_settings_file(path) for path in self._found.app_files):
            needs.add(Need.APP_SETTINGS)
        if self._found.templates:
            needs |= {Need.TEMPLATES, Need.POLICIES}
        return frozenset(needs)

    @property
    def texts(self) -> dict[str, str]:
        """The texts that were read, by path: what fixes may change."""
        return self._found.app_files | self._found.templates

    @property
    def identity(self) -> str:
        """The path and a digest of what was read: what was found in other files is not found in these."""
        digest = hashlib.sha256()
        for path, text in sorted((self.texts | self._found.beside).items()):
            digest.update(f"{path}\0{len(text)}\0{text}".encode("utf-8", "surrogatepass"))
        return f"{self._address} {digest.hexdigest()}"

    def replaced(self, texts: Mapping[str, str]) -> "FolderSource":
        """Return a source that gives what it would give if the files held *texts*."""
        found = replace(
            self._found,
            app_files={path: texts.get(path, old) for path, old in self._found.app_files.items()},
            templates={path: texts.get(path, old) for path, old in self._found.templates.items()},
        )
        return FolderSource(self._address, found)

    async def count(self) -> int | None:
        """Return how many files there are."""
        return len(self._found.app_files) + len(self._found.templates)

    async def facts(self, after: str | None = None) -> AsyncIterator[Read]:  # noqa: ARG002
        """Yield what could not be read, the apps, then what templates and policies say."""
        for fact in self._facts():
            yield Read(fact)

    def _facts(self) -> Iterator[Any]:
        yield from self._found.problems
        folders = _app_folders(self._found)
        for folder in folders:
            yield from _of_app(folder, folders, self._found)
        templates = self._found.templates
        for path, text in templates.items():
            others = {other: there for other, there in templates.items() if other != path}
            alone = bool(self._found.beside)
            yield from facts_of_file(path, text, self._found.beside | others, alone=alone)


def _found_beside(path: Path) -> Found:
    found = Found()
    if is_of_an_app(path.as_posix()):
        folder = path.parent
        if not (folder / HOST).exists() and path.name.lower() == "function.json":
            folder = folder.parent
        inside = [one for one in sorted(folder.glob("*")) if one.name.lower() != "durahub.toml"]
        for one in (*inside, *sorted(folder.glob("*/function.json"))):
            if is_of_an_app(one.as_posix()) and not one.is_dir():
                read_into(found, one, LARGEST)
    else:
        read_into(found, path)
        around = found_below(path.parent).templates if found.templates else {}
        found.beside = {
            other: text for other, text in around.items() if other not in found.templates
        }
    return found


def _app_folders(found: Found) -> list[str]:
    return sorted(_folder(path) for path in found.app_files if file_name(path) == HOST)


def _of_app(folder: str, folders: list[str], found: Found) -> Iterator[Any]:
    """Yield the app of *folder*; app settings elsewhere are its own if there is no other app."""
    texts, above = {}, {}
    for path, text in found.app_files.items():
        at = _folder(path)
        if at == folder or (file_name(path) == "function.json" and _folder(at) == folder):
            texts[path] = text
        elif is_settings_file(path) and _owner(at, folders) in (folder, None):
            if len(folders) == 1 or _owner(at, folders) == folder:
                texts[path] = text
        elif is_shared_project(path) and _is_within(folder, at):
            above[path] = text
    nearest_last = dict(sorted(above.items(), key=lambda one: len(_folder(one[0]))))
    for fact in read_app(folder, texts, nearest_last):
        if not isinstance(fact, AppFacts) or fact.is_durable:
            yield fact


def _owner(folder: str, folders: list[str]) -> str | None:
    """Return the nearest app folder that *folder* is in."""
    owners = [one for one in folders if _is_within(folder, one)]
    return max(owners, key=len) if owners else None


def _is_within(folder: str, other: str) -> bool:
    return folder == other or PurePosixPath(other) in PurePosixPath(folder).parents


def _folder(path: str) -> str:
    return PurePosixPath(path).parent.as_posix()
