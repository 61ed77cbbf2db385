"""A bundle as one file: a tar of its members, the manifest last; and out of it again, safely.

The same folder makes the same bytes: members by name, without times or owners. Out of a tar comes only what
a bundle has, plain files, in the sizes that its manifest and its lists tell; a temporary folder has them.
"""

import contextlib
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from durahub.errors import BadBundle, FileUnavailable
from durahub_migrate.bundle import layout
from durahub_migrate.bundle.manifest import LARGEST_MANIFEST, Manifest, decode

SUFFIX = ".tar"
_LEFT_OUT = frozenset({layout.LOCK, layout.SPOOL})
_LARGEST_STARTED = 64 * 1024
_SPARE = 1024  # bytes by which a file of zstd may be larger than its content


def is_archive(path: Path) -> bool:
    """Tell whether *path* is called as a bundle in one file is."""
    return path.name.lower().endswith(SUFFIX)


def pack(folder: Path, target: Path) -> None:
    """Write the finished bundle in *folder* into the file *target*, whole or not at all.

    Raises `FileUnavailable`.
    """
    scratch = target.with_name(target.name + layout.PART)
    try:
        with scratch.open("wb") as file:
            with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
                for name in _names(folder):
                    _put(archive, folder, name)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(target)
    except OSError as error:
        scratch.unlink(missing_ok=True)
        said = error.strerror or type(error).__name__
        raise FileUnavailable(error.filename or str(target), said) from None


def _names(folder: Path) -> Iterator[str]:
    found = sorted(one.relative_to(folder).as_posix() for one in folder.rglob("*") if one.is_file())
    for name in found:
        top = name.partition("/")[0]
        if top in layout.OWN and top not in _LEFT_OUT and name != layout.MANIFEST:
            yield name
    yield layout.MANIFEST


def _put(archive: tarfile.TarFile, folder: Path, name: str) -> None:
    member = tarfile.TarInfo(name)
    member.mode = 0o644
    with (folder / name).open("rb") as file:
        member.size = os.fstat(file.fileno()).st_size
        archive.addfile(member, file)


# -- out of it -----------------------------------------------------------------------------------


@contextlib.contextmanager
def opened_bundle(path: Path) -> Iterator[Path]:
    """Have the bundle at *path*, a folder or a tar, in a folder for the body.

    Raises `BadBundle`, `NewerBundle`, `FileUnavailable` where there is no room for it. What is in the members
    is checked by whoever reads them.
    """
    if not path.is_file():
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="durahub-") as place:
        yield unpack(path, Path(place))


def unpack(path: Path, place: Path) -> Path:
    """Unpack the tar *path* into a new folder within *place*; return that. Raises as `opened_bundle`."""
    folder = place / (path.stem or "bundle")
    with _read(path) as unpacking:
        unpacking.all(folder)
    return folder


def manifest_of(path: Path) -> Manifest:
    """Return the manifest in the tar *path*. Raises `BadBundle`, `NewerBundle`, `FileUnavailable`."""
    with _read(path) as unpacking:
        return decode(unpacking.manifest(), str(path))


@contextlib.contextmanager
def _read(path: Path) -> Iterator["_Unpacking"]:
    bundle = str(path)
    try:
        with tarfile.open(path, mode="r:") as archive:
            named = ((_checked(member, bundle), member) for member in archive)
            found = {name: member for name, member in named if not member.isdir()}
            yield _Unpacking(archive, found, bundle)
    except (tarfile.TarError, ValueError):  # of a header's numbers
        raise BadBundle(bundle, layout.MANIFEST, "the tar is cut off, or is none") from None
    except OSError as error:
        said = error.strerror or type(error).__name__
        raise FileUnavailable(error.filename or bundle, said) from None


def _checked(member: tarfile.TarInfo, bundle: str) -> str:
    """Return the name of a member that is a plain file within the bundle."""
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts or "\\" in member.name or ":" in member.name:
        raise BadBundle(bundle, member.name, "it stands outside of the bundle")
    if member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.DIRTYPE):
        raise BadBundle(bundle, member.name, "it is no plain file")
    return str(path)


class _Unpacking:
    """The way of one bundle out of its tar."""

    def __init__(
        self, archive: tarfile.TarFile, found: dict[str, tarfile.TarInfo], bundle: str
    ) -> None:
        self._archive = archive
        self._found = found
        self._folder = Path()
        self._bundle = bundle

    def manifest(self) -> bytes:
        """Return the text of the manifest."""
        member = self._found.get(layout.MANIFEST)
        if member is None:
            raise BadBundle(self._bundle, layout.MANIFEST, "there is no such file")
        if member.size > LARGEST_MANIFEST:
            raise BadBundle(self._bundle, layout.MANIFEST, "it is larger than any can be")
        source = self._archive.extractfile(member)
        assert source is not None  # noqa: S101 (it is a plain file)
        with source:
            return source.read()

    def all(self, folder: Path) -> None:
        """Unpack what the manifest names, and then what these files name."""
        self._folder = folder
        folder.mkdir()
        text = self.manifest()
        (folder / layout.MANIFEST).write_bytes(text)
        named = {one.path: one.size for one in decode(text, self._bundle).files}
        for name, size in named.items():
            member = self._found.get(name)
            if member is None:
                raise BadBundle(self._bundle, name, "there is no such file")
            if member.size != size:
                problem = f"it has {member.size} bytes where {size} were written"
                raise BadBundle(self._bundle, name, problem)
            self._unpack(name, most=size)
        payloads = self._payloads()
        for name, member in self._found.items():
            if name in named:
                continue
            if name in payloads:
                self._unpack(name, most=payloads[name])
            elif name == layout.STARTED:
                self._unpack(name, most=_LARGEST_STARTED)
            elif name.startswith(f"{layout.RAW}/") or name in (layout.INDEX, layout.INDEX_SAYS):
                self._unpack(name, most=member.size)  # as it lies there: not more than the tar

    def _payloads(self) -> dict[str, int]:
        """Return which payloads there can be, and how large their files."""
        found: dict[str, int] = {}
        path = self._folder / layout.PAYLOAD_LIST
        if not path.exists():
            return found
        with path.open("rb") as file:
            for line in file:
                digest, _, size = line.decode("ascii", "replace").partition(" ")
                try:
                    most = int(size) + int(size) // 128 + _SPARE
                    found[layout.payload(bytes.fromhex(digest))] = most
                except ValueError:
                    problem = "a line names no payload"
                    raise BadBundle(self._bundle, layout.PAYLOAD_LIST, problem) from None
        return found

    def _unpack(self, name: str, most: int) -> None:
        member = self._found[name]
        if member.size > most:
            raise BadBundle(self._bundle, name, "it is larger than it can be")
        target = self._folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        source = self._archive.extractfile(member)
        assert source is not None  # noqa: S101 (it is a plain file)
        with source, target.open("wb") as file:
            shutil.copyfileobj(source, file)
