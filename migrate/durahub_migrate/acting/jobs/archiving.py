"""Writes instances into a hub bundle, on the disk, before they are deleted.

An archive is a folder with a bundle for every part of a job: a bundle is complete or it is none, so what a
killed job was writing is begun again, and what was complete stays.
"""

import hashlib
import os
import shutil
from pathlib import Path

from durahub import __version__
from durahub.dispatch.clock import Clock
from durahub.errors import FileUnavailable
from durahub.stored import StoredInstance
from durahub_migrate.acting.actor import JobActor
from durahub_migrate.bundle import layout
from durahub_migrate.bundle.manifest import SourceHub
from durahub_migrate.bundle.writer import BundleWriter, Given


def folder_of(archive: Path, hub: str, job: int, part: int) -> Path:
    """Return where a part of a job's archive is: ``orders-job3/part-0001``."""
    return archive / f"{hub}-job{job}" / f"part-{part:04d}"


def free_folder(archive: Path, hub: str, job: int, part: int) -> Path:
    """Return the folder for a part, after one that is complete though the book does not know of it.

    A process that was killed between the two has written it: it stays, for nobody knows what read it.
    """
    folder = folder_of(archive, hub, job, part)
    number = 0
    while (folder / layout.MANIFEST).exists():
        number += 1
        whole = folder_of(archive, hub, job, part)
        folder = whole.with_name(f"{whole.name}-{number}")
    return folder


class Part:
    """A part that is being written. Use it in ``with``; it counts when `finish` has returned."""

    def __init__(self, folder: Path, actor: JobActor, job: int, clock: Clock) -> None:
        self.folder = folder
        self.instances = 0
        self._actor = actor
        self._job = job
        self._clock = clock
        tool = f"durahub {__version__}"
        self._writer = BundleWriter(folder, Given(tool=tool, started=clock()))

    def __enter__(self) -> "Part":
        self._writer.__enter__()
        return self

    def __exit__(self, *details: object) -> None:
        self._writer.__exit__(*details)

    def add(self, instance: StoredInstance) -> None:
        """Add an instance. Raises `FileUnavailable`."""
        self._writer.add_instance(
            instance, f"hub {self._actor.name}, instance {instance.instance_id!r}"
        )
        self.instances += 1

    def finish(self) -> None:
        """Complete the bundle, and have every byte of it on the disk. Raises `FileUnavailable`."""
        told = self._actor.hub.lower()
        source = SourceHub(
            kind=self._actor.kind.value,
            hub=self._actor.name,
            address_sha256=hashlib.sha256(told.encode()).hexdigest(),
        )
        self._writer.finish(
            source, self._clock(), evidence={"not_frozen": f"archived by batch job {self._job}"}
        )
        to_disk(self.folder)


def to_disk(folder: Path) -> None:
    """Have a folder on the disk, with everything in it, and its name. Raises `FileUnavailable`."""
    try:
        for path in (*folder.rglob("*"), folder, *folder.parents[:2]):
            if path.is_dir() and os.name == "nt":
                continue  # there a folder cannot be opened
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
    except OSError as error:
        raise FileUnavailable(str(folder), error.strerror or str(error)) from None


def discard(folder: Path) -> None:
    """Remove a part in which there is nothing."""
    shutil.rmtree(folder, ignore_errors=True)
