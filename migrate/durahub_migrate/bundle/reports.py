"""Reports beside what was exported: what was found in the hub, what a move is to do with it."""

from dataclasses import replace
from pathlib import Path

from durahub_migrate.bundle import layout
from durahub_migrate.bundle.manifest import changed
from durahub_migrate.bundle.plain_files import plain_member, write_whole, writing


def add_report(folder: Path, name: str, content: bytes) -> None:
    """Add a report to a finished bundle, or replace it. The root stays; unknown parts of the manifest, too.

    After a crash the report is there, or the former one, or none. Raises `BadBundle`, `NewerBundle`,
    `FileUnavailable`; `ValueError` for what is no plain name.
    """
    path = layout.report(name)
    manifest = folder / layout.MANIFEST
    with writing(folder):
        text = manifest.read_bytes()
        without = changed(text, str(folder), path, None)
        scratch = plain_member(folder, path + layout.PART, [content])
        if without != text:
            write_whole(manifest, without)
        (folder / (path + layout.PART)).replace(folder / path)
        write_whole(manifest, changed(without, str(folder), path, replace(scratch, path=path)))
