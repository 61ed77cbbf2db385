"""The bundle that a plan is made of: the one that SOURCE names, or one that SOURCE is exported to first."""

import contextlib
import sys
from pathlib import Path

import click

from durahub.cli.output import say
from durahub.errors import BadAddress
from durahub_migrate.bundle.archive import is_archive
from durahub_migrate.bundle.reader import is_bundle
from durahub_migrate.cli.export import export
from durahub_migrate.cli.outlets import refuse_path

SUFFIX = ".hub"


def bundle_of(context: click.Context, source: str, bundle: Path | None, *, force: bool) -> Path:
    """Return the bundle of *source*; a hub is exported, to *bundle* if that is named.

    Raises `BadAddress`, and what an export raises.
    """
    scheme, separator, rest = source.partition(":")
    if separator and scheme.lower() == "bundle":
        named = Path(rest)
    else:
        named = Path(source)
        if not (is_bundle(named) or (named.is_file() and is_archive(named))):
            refuse_path(source)
            return _exported(context, source, bundle, force=force)
    if bundle is not None:
        raise BadAddress(source, "it is a bundle already: --bundle is for a hub")
    return named


def _exported(context: click.Context, source: str, bundle: Path | None, *, force: bool) -> Path:
    folder = bundle or Path(_name_of(source) + SUFFIX)
    say(f"exporting {source} to {folder}")
    with contextlib.redirect_stdout(sys.stderr):  # what it says is no result of a plan
        try:
            context.invoke(export, source=source, bundle=folder, force=force, output="text")
        except SystemExit as ended:
            if ended.code not in (0, 1):  # 1: something was rejected, which the plan tells
                raise
    return folder


def _name_of(source: str) -> str:
    """Return what the hub is called: what stands behind the last slash or colon of its address."""
    return source.replace(":", "/").rstrip("/").rpartition("/")[2] or "hub"
