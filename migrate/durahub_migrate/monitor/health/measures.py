"""What a hub takes in storage: some instances are measured, the rest is estimated, name by name."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from durahub.model.ticks import Ticks
from durahub_migrate.monitor.partitions import NameShare, StorageView

GB = 1_000_000_000  # as storage is billed
GROWTH_DAYS = 7
MOST_NAMES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """An instance that was measured: its rows of history, and the bytes of all its rows."""

    instance_id: str
    name: str
    rows: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the index knows: instances by name, entities among them, those created in the last days."""

    names: Mapping[str, int]
    entities: int = 0
    recent: int = 0
    days: float = GROWTH_DAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobSum:
    """The blobs of large payloads, all of them or as many as the listing came to."""

    blobs: int = 0
    bytes: int = 0
    whole: bool = True
    orphaned: int = 0
    orphaned_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a GB costs a month, by the user's own prices."""

    gb_month: float
    currency: str
    file: str


def storage_view(
    at: Ticks,
    samples: Iterable[Measured],
    known: Known,
    blobs: BlobSum,
    messages: int,
    price: Price | None,
) -> StorageView:
    """Return the estimate. A name of which nothing was measured counts as the mean of all others."""
    by_name: dict[str, list[Measured]] = {}
    for one in samples:
        by_name.setdefault(one.name, []).append(one)
    taken = [one for group in by_name.values() for one in group]
    instances = sum(known.names.values())
    names = sorted(
        (_share(name, count, by_name.get(name) or taken) for name, count in known.names.items()),
        key=lambda share: (-share.bytes, share.name),
    )
    rows = sum(share.rows for share in names)
    bytes_rows = sum(share.bytes for share in names)
    each = (bytes_rows + blobs.bytes) / instances if instances else 0.0
    per_day = known.recent / known.days if known.days else 0.0
    total = bytes_rows + blobs.bytes
    return StorageView(
        at=at,
        instances=instances,
        entities=known.entities,
        rows=rows,
        bytes_rows=bytes_rows,
        bytes_blobs=blobs.bytes,
        blobs=blobs.blobs,
        messages=messages,
        sampled=round(min(1.0, len(taken) / instances), 4) if instances else 1.0,
        orphaned=blobs.orphaned,
        orphaned_bytes=blobs.orphaned_bytes,
        growth_bytes=round(per_day * each, 1) if instances else None,
        growth_instances=round(per_day, 2) if instances else None,
        cost_month=round(total / GB * price.gb_month, 4) if price is not None else None,
        currency=price.currency if price is not None else None,
        assumptions=tuple(_assumptions(len(taken), instances, blobs, price)),
        names=tuple(names[:MOST_NAMES]),
    )


def _share(name: str, count: int, measured: list[Measured]) -> NameShare:
    if not measured:
        return NameShare(name=name, instances=count)
    rows = sum(one.rows for one in measured) / len(measured)
    size = sum(one.bytes for one in measured) / len(measured)
    return NameShare(
        name=name, instances=count, rows=round(rows * count), bytes=round(size * count)
    )


def _assumptions(
    sampled: int, instances: int, blobs: BlobSum, price: Price | None
) -> Iterable[str]:
    if sampled < instances:
        yield (
            f"{sampled:,} of {instances:,} instances were measured, the others count as the mean of "
            "their name."
        )
    yield (
        "Bytes of rows are those of their columns, in UTF-16 as tables count them, with the current "
        "execution and what is left of older ones."
    )
    yield (
        f"Growth is what was created in the last {GROWTH_DAYS} days and is still there: purged instances are "
        "not in it."
    )
    if not blobs.whole:
        yield f"Blobs are those that were listed so far: {blobs.blobs:,}. There are more."
    if price is not None:
        yield (
            f"The price is that of {price.file}, for what is stored; requests, which often cost more, are "
            "not in it."
        )
    else:
        yield "No prices were given, so no amount of money is told."
