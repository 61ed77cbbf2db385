"""The monitor's own files, and what it gets from stores: the audit log, jobs, the index's rows."""

import contextlib
import json
from datetime import datetime, timezone

from durahub.classic.columns import from_odata
from durahub.errors import DurahubError
from durahub.model.ticks import Ticks
from durahub.preflight.clocks import check_clock
from durahub_migrate.acting.audit_log import AuditLog, AuditQuery
from durahub_migrate.watching.index.record import record_of, row_of
from durahub_migrate.watching.sources.classic_rows import RowMaker
from durahub_migrate.watching.sources.endpoint import _position, _since
from durahub_migrate.watching.sources.scheduler import _id_of
from durahub_migrate.watching.transport import StorageClock
from tests.fuzz.target import JSON, TIMES, clean_text_of, target
from tests.fuzz.targets.archives import scratch

NOW = Ticks(639_000_000_000_000_000)


@target("audit-log", words=(*JSON, *TIMES, b"at", b"user", b"verb", b"\n"))
def audit_log(data: bytes) -> None:
    """The audit log, in which a line may be cut off: lines that are ours, the newest first."""
    with scratch() as folder:
        (folder / "audit.jsonl").write_bytes(data)
        log = AuditLog(folder)
        found = log.page(AuditQuery(), count=2)
        if found.after is not None:
            log.page(count=2, after=found.after)
        log.page(after=clean_text_of(data))


@target("list-positions", words=(*JSON, b"instances", b"9" * 25))
def list_positions(data: bytes) -> None:
    """Where the monitor's reading of a store was, in its index."""
    text = clean_text_of(data)
    for read in (
        lambda: _position(text, ("active", "new")),
        lambda: _since(text),
        lambda: _id_of(text),
    ):
        with contextlib.suppress(DurahubError):
            read()


@target(
    "watched-row", words=(*JSON, *TIMES, b"@odata.type", b"Edm.DateTime", b"RuntimeStatus", b"Tags")
)
def watched_row(data: bytes) -> None:
    """A row of Instances as the monitor's index keeps it: what is strange is left out."""
    try:
        found = json.loads(clean_text_of(data))
    except (ValueError, RecursionError):
        return
    if not isinstance(found, dict):
        return
    row, _ = RowMaker(
        "h@a", "https://acme.blob.core.windows.net/hub-largemessages", lambda _: 1
    ).row(from_odata(found), NOW)
    kept = record_of(row)
    again = row_of("h@a", tuple(kept), None)
    assert record_of(again) == kept


@target("storage-date", words=(b"Fri, 09 Oct 2009 21:04:30 GMT", b"+9999", b" -0000", b"31 Feb"))
def storage_date(data: bytes) -> None:
    """The header ``Date`` of storage: what is no date, or has no zone, is passed over."""
    text, now = clean_text_of(data), datetime(2026, 1, 15, tzinfo=timezone.utc)
    StorageClock().note(text)
    check_clock(text, now, now)
