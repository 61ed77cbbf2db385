"""What a move can lose or change: every code that a plan names, with its sentence. Codes are stable."""

from collections.abc import Mapping

from durahub_migrate.moving.units import Loss

LOSSES: Mapping[str, str] = {
    "times-are-new": "Times are those of the move: of its creation, of each step, of its end.",
    "row-times-are-new": "Its creation, update and end are told as of the move; its history keeps its times.",
    "execution-id-is-new": "The execution ID is another one; so is what an app derives from it.",
    "generation-is-dropped": "How often its ID was started before is not told any more.",
    "retention-starts-anew": "It ended long ago, and ends now for the target: its retention begins again.",
    "activities-run-again": "Activities that have run run again, with what they do outside.",
    "activity-may-run-again": "A worker had, or may have had, this activity in hand before the hub was read; "
    "whether it has run is written nowhere. At the target it runs: at least once.",
    "overdue-timer-fires-at-once": "A timer was due when the hub was read; at the target it fires at once.",
    "overdue-start-begins-at-once": "A start was due when the hub was read; at the target it begins at once.",
    "delay-begins-again": "A delay begins again, as if it had just been asked for.",
    "order-across-queues": "Messages that waited come in the order of the bundle; queues promise none.",
    "calls-are-sent-again": "A call of an entity without an answer is sent again, with a new request ID.",
    "lock-is-asked-for-again": "An entity's lock is asked for again; another who waits may get it first.",
    "sorter-dropped": "What an entity remembers of the order of its senders' messages is dropped.",
    "actions-are-renumbered": "Actions count from another number, that of the SDK at the target.",
    "tags-are-lost": "The target does not keep tags.",
    "ids-are-new": "It has another ID at the target: who knows the old one does not find it.",
    "parent-is-missing": "Its parent is not in the bundle: nobody takes its result.",
    "delayed-signal-is-lost": "A signal to an entity, due later, lies hidden in a queue, not in the bundle.",
    "poison-left": "A message that failed again and again is left in the bundle.",
    "message-for-nobody-left": "A message for an execution that has ended is left in the bundle.",
    "hidden-messages": "Messages were hidden when the hub was read and nothing explains them: they stay "
    "behind. Delayed signals of clients are such messages.",
    "only-in-the-bundle": "It is kept in the bundle; who asks the target for it finds nothing.",
    "stays-on-the-old-hub": "It goes on where it is: the old app has to run until it has ended.",
}


WEIGHTY = frozenset(
    {
        "activities-run-again",
        "activity-may-run-again",
        "delayed-signal-is-lost",
        "hidden-messages",
        "lock-is-asked-for-again",
        "message-for-nobody-left",
        "parent-is-missing",
        "poison-left",
        "tags-are-lost",
    }
)
"""Losses that somebody should look at, tree by tree; the others are what the strategy always costs."""


def sentence_of(code: str) -> str:
    """Return the sentence of a code; an empty one for a code of a later version."""
    return LOSSES.get(code, "")


def loss(code: str, count: int = 1, detail: str = "") -> Loss:
    """Return a loss; *detail* says which things it is about."""
    text = LOSSES[code]
    return Loss(code=code, text=f"{text} {detail}".rstrip(), count=count)
