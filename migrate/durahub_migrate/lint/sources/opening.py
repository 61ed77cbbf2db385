"""Finds the source that a word on the command line names.

======================  ======================================================================
``PATH``                a folder or file that exists: an app, templates, policies, a plan, a bundle, its tar
``bundle:PATH``         a hub bundle
``NAME``, ``azurite:…``  a hub; see `durahub.address`
======================  ======================================================================
"""

import functools
from dataclasses import replace
from pathlib import Path

from durahub.accounts import Access, account_at
from durahub.address import HubAddress, StoreAddress, StoreKind, parse_hub
from durahub.classic.account import Account, MakeTransport
from durahub.cli.access import access_of_environment
from durahub.cli.opening import resolve
from durahub.dispatch.clock import system_clock
from durahub.errors import BadAddress, BadHubName
from durahub_migrate.bundle.archive import is_archive
from durahub_migrate.bundle.reader import is_bundle
from durahub_migrate.lint.sources.bundle import BundleSource
from durahub_migrate.lint.sources.classic import ClassicSource
from durahub_migrate.lint.sources.folder import folder_source
from durahub_migrate.lint.sources.plan import PlanSource, is_plan
from durahub_migrate.lint.sources.reading_options import ReadingOptions
from durahub_migrate.lint.sources.scheduler import SchedulerSource
from durahub_migrate.lint.sources.source import Source

FORMS = (
    "use a hub (NAME, azurite:NAME, env:VARIABLE/NAME, storage:ACCOUNT/NAME, sqlite:FILE/NAME), "
    "bundle:PATH, or the path of a folder or file"
)


NO_PATH = "there is no such file or folder"


def source_of(
    text: str,
    options: ReadingOptions | None = None,
    *,
    tracking_store: StoreAddress | None = None,
    access: Access | None = None,
) -> Source:
    """Return the source that *text* names: a hub's address, or a path. Raises `BadAddress`, `BadHubName`.

    *tracking_store* is where the hub's tables and blobs are, if that is another account. *access* is the way
    to accounts, by default the environment's.
    """
    options = options or ReadingOptions()
    scheme, separator, rest = text.partition(":")
    if separator and scheme.lower() == "bundle":
        return _bundle(rest, text, options)
    if separator and scheme.lower() == "dts":
        raise BadAddress(
            text, "a hub in the Durable Task Scheduler cannot be checked yet; export it to a bundle"
        )
    path = Path(text)
    if path.is_file() and is_plan(path):
        return PlanSource(text, path)
    if path.exists():
        is_tar = path.is_file() and is_archive(path)
        is_ours = is_tar or is_bundle(path)
        return _bundle(text, text, options) if is_ours else folder_source(text)
    if "/" in text and not separator:
        raise BadAddress(text, f"there is no such path; {FORMS}")
    try:
        address = parse_hub(text)
    except BadAddress as error:
        raise BadAddress(text, _with_forms(error.problem)) from None
    try:
        return _hub(text, address, options, tracking_store, access or access_of_environment())
    except BadHubName:
        if not is_bare(text):
            raise
        raise BadAddress(text, f"{NO_PATH}, and no hub can be called so; {FORMS}") from None


def is_bare(text: str) -> bool:
    """Tell whether *text* names a hub for want of a file or folder of that name."""
    return ":" not in text and not Path(text).exists()


def _hub(
    text: str,
    address: HubAddress,
    options: ReadingOptions,
    tracking: StoreAddress | None,
    access: Access,
) -> Source:
    store = resolve(address.store)
    if isinstance(store, StoreAddress) and store.kind is StoreKind.SQLITE:
        return SchedulerSource(text, store.place, address.hub, options, system_clock)
    if tracking is not None:
        access = replace(access, tracking=tracking)
    prefix = options.tracking_prefix or access.tracking_prefix
    return ClassicSource(
        text,
        address.hub,
        functools.partial(_account, store, access),
        replace(options, tracking_prefix=prefix),
        system_clock,
    )


def _account(store: StoreAddress | str, access: Access, make_transport: MakeTransport) -> Account:
    return account_at(store, access, make_transport=make_transport)


def _bundle(path: str, text: str, options: ReadingOptions) -> Source:
    if not Path(path).exists():
        raise BadAddress(text, f"there is no {path}")
    return BundleSource(text, Path(path), options)


def _with_forms(problem: str) -> str:
    return FORMS if problem.startswith("use ") else f"{problem}; {FORMS}"
