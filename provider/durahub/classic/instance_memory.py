"""What a server remembers of the instances it has written: it spares requests, and protects from repeats.

All of it can be forgotten without harm to what is stored: then a row is written once more than
needed, or the blobs of a replaced generation stay until the instance is purged.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from durahub.classic.history_table import LoadedHistory, WrittenHistory
from durahub.classic.taken import MOST as MOST_TAKEN
from durahub.engine.commit import Commit, Delivery
from durahub.model.history import (
    Event,
    ExecutionStarted,
    SubOrchestrationInstanceCompleted,
    TaskCompleted,
    TimerFired,
)

MOST = 20_000  # instances
CARRIED = 900.0  # seconds; a message that was consumed has come again by then, or never will

# A history shows by itself that it holds these already. Not so a failure: a rewind takes it out, and the
# action is asked for again under its number; the old failure would pass for that of the new try.
_SELF_EVIDENT = (
    TaskCompleted,
    SubOrchestrationInstanceCompleted,
    TimerFired,
)


@dataclass(slots=True)
class _Known:
    token: str | None = None  # of the history that this is about
    custom_status: str | None = None
    row_written: float | None = None  # when the instance row was last written; None: not by us
    row_etag: str | None = None  # as it was last written here, or read
    blobs: frozenset[str] = frozenset()  # of the present generation
    unconfirmed: dict[str, float] = field(default_factory=dict)  # consumed messages, and until when
    taken: dict[str, float] = field(default_factory=dict)  # what may have copies, and until when


class InstanceMemory:
    """What is known of some instances, the longest unused forgotten first. Times are any clock's."""

    def __init__(self, row_refresh: float) -> None:
        self._row_refresh = row_refresh
        self._known: OrderedDict[str, _Known] = OrderedDict()

    def knows(self, instance_id: str) -> bool:
        """Tell whether anything is known of an instance: then it existed a while ago."""
        return instance_id in self._known

    def loaded(self, instance_id: str, loaded: LoadedHistory, now: float) -> None:
        """Remember a history that was read."""
        known = self._of(instance_id)
        if known.token != loaded.version.token:
            known.token, known.row_written, known.row_etag = loaded.version.token, None, None
        known.blobs = loaded.blobs
        for key in loaded.consumed:
            known.unconfirmed.setdefault(key, now + CARRIED)
        for name in loaded.taken:
            known.taken.setdefault(name, now + CARRIED)

    def row_is_current(self, commit: Commit, now: float) -> bool:
        """Tell whether the instance row need not be written: nothing but its time would change."""
        update, known = commit.instance, self._known.get(commit.instance_id)
        if update.started or update.status is not None or update.completed or update.sets_output:
            return False
        if known is None or known.row_written is None or self.row_may_be_behind(commit):
            return False
        fresh = now - known.row_written < self._row_refresh
        return fresh and known.custom_status == update.custom_status

    def row_may_be_behind(self, commit: Commit) -> bool:
        """Tell whether the row may not tell of the history that *commit* goes on from: it is not ours."""
        known = self._known.get(commit.instance_id)
        return known is None or known.row_written is None or known.token != commit.base.token

    def consumed(self, commit: Commit, now: float) -> list[str]:
        """Return the keys for the sentinel: what this commit and earlier ones have consumed.

        Those of this commit are remembered only when it is `written`: a checkpoint that is lost has
        consumed nothing, and its messages come again.
        """
        known = self._of(commit.instance_id)
        known.unconfirmed = {key: until for key, until in known.unconfirmed.items() if until > now}
        return list(dict.fromkeys([*known.unconfirmed, *_keys_of(commit)]))

    def taken(self, commit: Commit, new: Sequence[str], now: float) -> list[str]:
        """Return the names for the sentinel: what of clients is in no history once *commit* is written.

        *new* is what it takes itself, and is remembered only when it is `written`.
        """
        known = self._of(commit.instance_id)
        known.taken = {name: until for name, until in known.taken.items() if until > now}
        return list(dict.fromkeys([*known.taken, *new])) if commit.replaces else []

    def written(
        self,
        commit: Commit,
        written: WrittenHistory,
        now: float,
        taken: Sequence[str] = (),
    ) -> frozenset[str]:
        """Remember a checkpoint; return the blobs of the generation that it has replaced."""
        known = self._of(commit.instance_id)
        known.unconfirmed |= dict.fromkeys(_keys_of(commit), now + CARRIED)
        if taken:
            all_of_them = known.taken | dict.fromkeys(taken, now + CARRIED)
            known.taken = dict(list(all_of_them.items())[-MOST_TAKEN:])
        if known.token != commit.base.token:
            known.row_written, known.blobs = None, frozenset()
        known.token = written.version.token
        old = known.blobs if commit.replaces else frozenset()
        known.blobs = (known.blobs - old) | written.blobs
        return old - written.blobs

    def row_etag(self, instance_id: str) -> str | None:
        """Return the ETag of the instance row as it is known; the row may have another one by now."""
        known = self._known.get(instance_id)
        return known.row_etag if known is not None else None

    def row_read(self, instance_id: str, etag: str | None) -> None:
        """Remember the ETag of a row that was read, or inserted."""
        self._of(instance_id).row_etag = etag

    def row_in_doubt(self, instance_id: str) -> None:
        """Remember that nobody knows whether the row is as we wrote it: it is written now."""
        known = self._known.get(instance_id)
        if known is not None:
            known.row_written = None

    def row_written(self, commit: Commit, now: float, etag: str | None = None) -> None:
        """Remember that the row was written with the commit, and has that *etag* now."""
        known = self._of(commit.instance_id)
        known.custom_status, known.row_written = commit.instance.custom_status, now
        known.row_etag = etag

    def confirm(self, instance_id: str, keys: Iterable[str]) -> None:
        """Forget consumed messages that are deleted for certain."""
        known = self._known.get(instance_id)
        if known is not None:
            for key in keys:
                known.unconfirmed.pop(key, None)

    def row_changed(self, instance_id: str) -> None:
        """Remember that the row is not as we wrote it."""
        known = self._known.get(instance_id)
        if known is not None:
            known.row_written = known.row_etag = None

    def forget(self, instance_id: str) -> None:
        """Forget an instance: it was purged."""
        self._known.pop(instance_id, None)

    def _of(self, instance_id: str) -> _Known:
        known = self._known.get(instance_id)
        if known is None:
            known = self._known[instance_id] = _Known()
            if len(self._known) > MOST:
                self._known.popitem(last=False)
        self._known.move_to_end(instance_id)
        return known


def confirmed_by_instance(deliveries: Iterable[Delivery], keys: set[str]) -> dict[str, list[str]]:
    """Return those of *keys* that are among *deliveries*, by the instance they were for."""
    found: dict[str, list[str]] = {}
    for delivery in deliveries:
        if delivery.key in keys:
            found.setdefault(delivery.message.target.instance_id, []).append(delivery.key)
    return found


def _keys_of(commit: Commit) -> list[str]:
    """Return the keys of what *commit* consumes and its history does not show by itself."""
    return [
        delivery.key
        for delivery in commit.consumed
        if not is_self_evident(delivery.message.event, commit.execution_id)
    ]


def is_self_evident(event: Event, execution_id: str) -> bool:
    """Tell whether the history of *execution_id* shows that it holds *event*.

    A start whose execution continued as new within the same work item left no row.
    """
    if isinstance(event, ExecutionStarted):
        return event.execution.execution_id == execution_id
    return isinstance(event, _SELF_EVIDENT)
