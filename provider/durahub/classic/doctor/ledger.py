"""Decides which awaited messages are lost, where some are hidden: by counting.

What is hidden in a queue may be any of those that are awaited from it. If nothing is hidden, all of
these are lost. If fewer are hidden than are awaited, some are, and nobody can tell which.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

from durahub.classic.doctor.findings import Finding, Undecided
from durahub.classic.doctor.rules.waiting import MISSING, Awaited
from durahub.classic.doctor.snapshot import HubFacts


class Ledger:
    """Counts what is awaited of each queue.

    *unfinished* are the places whose messages a repair that was broken off may not have sent: these count
    as lost whatever is hidden, for whoever gets one twice drops the second.
    """

    def __init__(self, hub: HubFacts, unfinished: frozenset[str] = frozenset()) -> None:
        self._hub = hub
        self._unfinished = unfinished
        self._awaited: Counter[tuple[str, ...]] = Counter()

    @property
    def awaited(self) -> dict[tuple[str, ...], int]:
        """How many messages are awaited, and may be hidden, by the queues in which they may be."""
        return dict(self._awaited)

    def await_again(self, awaited: Mapping[tuple[str, ...], int]) -> None:
        """Take over what was awaited when somebody stopped counting."""
        self._awaited.update(awaited)

    def add(self, one: Awaited) -> Finding | None:
        """Return the finding if the message is lost, ``None`` if it may be hidden."""
        if not self._hub.unseen(one.queues) or one.finding.where in self._unfinished:
            return one.finding
        self._awaited[one.queues] += 1
        return None

    def missing(self) -> Iterator[Finding]:
        """Yield where more is awaited than is hidden."""
        for queues, count in self._awaited.items():
            hidden = self._hub.unseen(queues)
            if count > hidden:
                detail = f"at least {count - hidden} of {count}: {hidden} messages are hidden"
                yield MISSING.found(f"queue {', '.join(queues)}", detail)

    def undecided(self) -> tuple[Undecided, ...]:
        """Return what was counted and could not be told apart."""
        return tuple(
            Undecided(queues, count, self._hub.unseen(queues))
            for queues, count in sorted(self._awaited.items())
        )
