"""What leases and counts mean for a freeze: who is in the way, who has written."""

from collections.abc import Iterable, Iterator

from durahub.classic.freezing.naming import is_freezer
from durahub.classic.partitioning.evidence import FOLDERS, Evidence, all_sightings
from durahub.classic.partitioning.table import is_alive
from durahub.classic.queues import MOST_AT_ONCE
from durahub.freezing import Freeze, QueueSample, Sample, Seen
from durahub.model.ticks import Ticks


def seen_working(evidence: Evidence, now: Ticks) -> tuple[Seen, ...]:
    """Return the workers that hold partitions, or did until a minute ago, by whichever manager."""
    found: dict[str, Seen] = {}
    for row in evidence.rows:
        if row.current_owner is not None and is_alive(row, now):
            what = f"row {row.partition}"
            found.setdefault(row.current_owner, Seen(who=row.current_owner, what=what, at=now))
    for sighting in all_sightings(evidence, "", now):
        found.setdefault(sighting.worker, Seen(who=sighting.worker, what=sighting.what, at=now))
    return tuple(found.values())


def last_sign(evidence: Evidence, seen: Iterable[Seen], now: Ticks) -> Ticks:
    """Return when a worker may have been there last; *seen* were there, and are not any more.

    Rows tell it. Blobs do not: then it may have been until *now*.
    """
    if signs := [one.at for one in seen]:
        return max(signs)
    renewed = [row.last_renewal for row in evidence.rows if row.last_renewal is not None]
    return now if any(evidence.blobs.values()) or not renewed else max(renewed)


def not_covered(evidence: Evidence, queues: tuple[str, ...]) -> tuple[str, ...]:
    """Return the control queues for which there is no lease at all that could be taken."""
    names = {row.partition for row in evidence.rows}
    names |= {blob.partition for blobs in evidence.blobs.values() for blob in blobs}
    return tuple(queue for queue in queues if queue not in names)


def not_held(freeze: Freeze, evidence: Evidence, now: Ticks, *, app_leased: bool) -> list[str]:
    """Return why the hub is not held as *freeze* says, a clause each; nothing if it is."""
    held = {
        f"row {row.partition}"
        for row in evidence.rows
        if row.current_owner == freeze.holder and is_alive(row, now)
    }
    held |= {
        f"blob {folder}/{blob.partition}"
        for folder in FOLDERS
        for blob in evidence.blobs.get(folder, ())
        if blob.leased and blob.is_of(freeze.holder)
    }
    if app_leased:
        held |= {one for one in freeze.leases if one.startswith("container ")}
    others = [
        f"{one.who} holds a partition"
        for one in seen_working(evidence, now)
        if one.who.casefold() != freeze.holder and not _asks_only(one, evidence, freeze.holder)
    ]
    return [*(f"{one} is not held" for one in freeze.leases if one not in held), *others]


def _asks_only(seen: Seen, evidence: Evidence, holder: str) -> bool:
    """Tell whether a worker only stands in rows as who would like to have them next."""
    return not any(row.current_owner == seen.who for row in evidence.rows) and any(
        row.next_owner == seen.who and row.current_owner == holder for row in evidence.rows
    )


def askers(evidence: Evidence, holder: str) -> tuple[str, ...]:
    """Return the workers that ask for partitions of *holder*: their apps are running."""
    asking = {
        row.next_owner for row in evidence.rows if row.next_owner and row.current_owner == holder
    }
    return tuple(sorted(one for one in asking if not is_freezer(one)))


# -- counts ----------------------------------------------------------------------------------------


def hidden(sample: Sample) -> dict[str, int]:
    """Return the queues with messages that cannot be seen, as far as that can be told, and how many."""
    found = {}
    for name, queue in sample.queues.items():
        unseen = queue.depth - len(queue.visible)
        if unseen > 0 and len(queue.visible) < MOST_AT_ONCE:
            found[name] = unseen
    return found


def changes(first: Sample, second: Sample) -> list[str]:
    """Return what somebody has done to the queues in between, a clause for each queue; nothing if nobody has.

    A message that comes to be seen because its time has come is no change.
    """
    found = []
    for name in sorted({*first.queues, *second.queues}):
        before, after = first.queues.get(name), second.queues.get(name)
        if before is None or after is None:
            found.append(f"queue {name} has {'come' if before is None else 'gone'}")
        elif (clause := next(_differences(before, after), None)) is not None:
            found.append(f"queue {name} {clause}")
    return found


def _differences(before: QueueSample, after: QueueSample) -> Iterator[str]:
    if after.depth > before.depth:
        yield f"grew from {before.depth} to {after.depth} messages"
    elif after.depth < before.depth:
        yield f"shrank from {before.depth} to {after.depth} messages: somebody takes them"
    if any(after.visible.get(one, count) > count for one, count in before.visible.items()):
        yield "had a message taken and given back"
    if len(after.visible) < MOST_AT_ONCE and not before.visible.keys() <= after.visible.keys():
        yield "had a message taken, which is hidden now"
