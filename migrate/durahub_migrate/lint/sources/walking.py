"""Finds and reads the files below a folder that say something of apps, templates, policies."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from durahub_migrate.lint.facts.files import FileProblem
from durahub_migrate.lint.files.app_files import is_of_an_app
from durahub_migrate.lint.files.decoding import Undecodable, decoded
from durahub_migrate.lint.files.templates import is_template
from durahub_migrate.lint.place import Place, PlaceKind, Span

LARGEST = 4 * 1024 * 1024  # bytes of a file; templates may have 4 MiB
MOST = 64 * 1024 * 1024  # bytes of all files
_DEEPEST = 40  # folders in folders
_HEAD = 2_000  # characters that tell a template from other JSON
_SKIPPED = frozenset(
    {"node_modules", "bin", "obj", "venv", "env", "__pycache__", "site-packages", "target"}
)


@dataclass(slots=True)
class Found:
    """The files that were read, by path with ``/`` between its parts, and what could not be read.

    *beside* are templates that were not asked for: modules and parameters of those that were.
    """

    app_files: dict[str, str] = field(default_factory=dict)
    templates: dict[str, str] = field(default_factory=dict)
    beside: dict[str, str] = field(default_factory=dict)
    problems: list[FileProblem] = field(default_factory=list)
    size: int = 0


def found_below(folder: Path, limit: int = LARGEST, most: int = MOST) -> Found:
    """Read the files below *folder*, but those of tools: ``.git``, ``node_modules``, ``bin`` and the like.

    Links to folders are not followed. Nothing is raised.
    """
    found = Found()
    for path in _walked(folder, found, _DEEPEST):
        read_into(found, path, limit, most)
    return found


def read_into(found: Found, path: Path, limit: int = LARGEST, most: int = MOST) -> None:
    """Read one file if its name or its beginning tells that it matters."""
    name = path.as_posix()
    of_app = is_of_an_app(name)
    if not of_app and path.suffix.lower() not in (".json", ".jsonc") and not is_template(name, ""):
        return
    try:
        data = _read(path, limit, None if of_app else _HEAD)
        text = decoded(data).text
    except Undecodable as undecodable:
        if of_app or is_template(name, ""):
            line = undecodable.line
            span = Span(line, 1, line, 1, 0, 0)
            found.problems.append(FileProblem(_place(path, span), str(undecodable)))
        return
    except OSError as error:
        found.problems.append(FileProblem(_place(path), f"cannot be read: {_said(error)}"))
        return
    if found.size + len(data) > most:
        sentence = f"left unread: the files before it have {most // 1024**2} MiB together"
        found.problems.append(FileProblem(_place(path), sentence))
        return
    found.size += len(data)
    if is_template(name, text[:_HEAD]):
        found.templates[name] = text
    elif of_app:
        found.app_files[name] = text


def _walked(folder: Path, found: Found, deepest: int) -> Iterator[Path]:
    try:
        with os.scandir(folder) as scanned:
            entries = sorted(scanned, key=lambda one: one.name)
    except OSError as error:
        found.problems.append(FileProblem(_place(folder), f"cannot be read: {_said(error)}"))
        return
    folders = []
    for entry in entries:
        if _is_folder(entry):
            folders.append(entry)
        else:
            yield folder / entry.name
    for entry in folders:
        if entry.name.startswith(".") or entry.name.lower() in _SKIPPED or entry.is_symlink():
            continue
        if deepest:
            yield from _walked(folder / entry.name, found, deepest - 1)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def _read(path: Path, limit: int, head: int | None) -> bytes:
    """Return the bytes of a file; of one that must show first what it is, nothing if it does not."""
    # Without O_NONBLOCK a named pipe would be waited for.
    opened = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(opened, "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError("it is no file")
        data = file.read(limit + 1 if head is None else head * 4)
        if head is not None:
            begun = data.decode("utf-8", "ignore")
            if data.startswith((b"\xff\xfe", b"\xfe\xff")):
                begun = data.decode("utf-16", "ignore")
            if not is_template(path.as_posix(), begun[:head]):
                return b""
            data += file.read(limit + 1 - len(data))
    if len(data) > limit:
        raise OSError(f"it has more than {limit // 1024**2} MiB")
    return data


def _said(error: OSError) -> str:
    return error.strerror.lower() if error.strerror else str(error)


def _place(path: Path, span: Span | None = None) -> Place:
    return Place(source=path.as_posix(), kind=PlaceKind.FILE, span=span)
