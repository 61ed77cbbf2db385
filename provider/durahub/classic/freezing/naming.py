"""By what a freeze is recognised in storage, and why nobody can take a lease from it.

Who holds a hub frozen is a worker of the name ``durahub-freeze-`` and eight digits. The ID of its lease on a
blob follows from that name and the blob's, so that whoever thaws the hub knows it, also after the freezer was
killed. The blob does *not* tell it: a worker steals by changing the lease from the ID in the content, and so
finds that this is not the lease's. Classic layout 5.3: a worker that does not write its true lease ID can
never be balanced away from.
"""

import uuid

from durahub.classic.partitioning.app_lease import app_lease_id

PREFIX = "durahub-freeze-"
APP_LEASE = app_lease_id("durahub-freeze")
RECORD = "freeze.json"
"""The blob that holds the report, among our own blobs of the hub."""
_OURS = uuid.UUID("5b1f0c0e-3f1d-4a8e-9d2b-6f4d1c7a9e30")


def holder_name(number: int) -> str:
    """Return a freezer's name; *number* is of 32 bits."""
    return f"{PREFIX}{number:08x}"


def is_freezer(worker: str | None) -> bool:
    """Tell whether a row's or a blob's owner is a freezer."""
    return worker is not None and worker.casefold().startswith(PREFIX)


def lease_id(holder: str, blob: str) -> str:
    """Return the ID of a freezer's lease on *blob*, ``intent/myhub-control-00``."""
    return str(uuid.uuid5(_OURS, f"{holder.casefold()}/{blob}"))


def shown_token(holder: str, blob: str) -> str:
    """Return what the blob tells instead of it."""
    return str(uuid.uuid5(_OURS, f"not {holder.casefold()}/{blob}"))
