"""Why an instance does not move: an answer of one sentence, the evidence for it, and what to do next."""

from dataclasses import dataclass
from enum import Enum

from durahub.model.ticks import Ticks


class Reason(Enum):
    """Why an instance waits. Stable: alerts and scripts match on them."""

    NEVER_STARTED = "never_started"  # Pending, and its start message is gone or nobody takes it
    SCHEDULED = "scheduled"  # Pending until its time comes
    QUEUED_BEHIND_BACKLOG = "queued_behind_backlog"
    NO_OWNER = "no_owner"  # nobody holds its partition
    OWNER_NOT_RENEWING = "owner_not_renewing"
    NO_WORKERS = "no_workers"  # nobody is connected, or holds any partition
    MESSAGE_POISON = (
        "message_poison"  # a message to it was delivered again and again, or cannot be read
    )
    ACTIVITY_QUEUED = "activity_queued"
    ACTIVITY_RUNNING = "activity_running"
    ACTIVITY_RUNNING_LONG = "activity_running_long"
    ACTIVITY_POISON = "activity_poison"
    MESSAGE_LOST = "message_lost"  # what it waits for has no message: the doctor can mend it
    TIMER_UNTIL = "timer_until"
    RETRY_UNTIL = "retry_until"  # a timer between two tries of what has failed
    CHILD_RUNNING = "child_running"
    CHILD_MISSING = "child_missing"
    EVENT_OR_ENTITY = (
        "event_or_entity"  # nothing that is scheduled is open: it can wait for nothing else
    )
    ENTITY_LOCK_HELD_BY = "entity_lock_held_by"
    SUSPENDED = "suspended"
    CHECKPOINT_STALE = "checkpoint_stale"  # its messages are taken, and no checkpoint follows
    STATUS_DISAGREES = "status_row_disagrees_with_history"
    HUB_FROZEN = "hub_frozen"
    WORKING = (
        "working"  # it moves: a checkpoint is recent, or its messages are just being worked on
    )
    ENDED = "ended"
    UNKNOWN = "unknown"  # what would tell could not be read; the evidence says what


class Weight(Enum):
    """How sure a piece of evidence is."""

    FACT = "fact"  # stands in storage
    LIKELY = "likely"  # follows from what stands there, by the layout
    NOT_READ = "not_read"  # could not be read, or not within the budget


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One thing that was found. *place* says where: ``queue orders-control-02``, ``history row 17``."""

    sentence: str
    weight: Weight = Weight.FACT
    place: str | None = None
    since: Ticks | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """One thing that an instance waits for.

    *what* is ``activity``, ``timer``, ``child``, ``event``, ``entity``, ``lock`` or ``start``; *name* is the
    activity's, the child's, the event's or the entity's; *instance_id* a child's or an entity's. *attempt*
    counts from 1. *message* says what was found of its message: ``queued``, ``taken`` (hidden: a worker has
    it, or its time has not come), ``missing``, ``none`` (it needs none) or ``unknown``; *deliveries* and
    *queued* (since when) are the message's. *last_failure* is why the try before failed.
    """

    what: str
    reason: Reason
    name: str | None = None
    event_id: int | None = None
    instance_id: str | None = None
    since: Ticks | None = None
    due: Ticks | None = None
    attempt: int = 1
    last_failure: str | None = None
    message: str = "unknown"
    queue: str | None = None
    queued: Ticks | None = None
    deliveries: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStep:
    """What to do about it: a sentence, and the command that does it or shows more, if there is one."""

    sentence: str
    command: str | None = None
    action: str | None = None  # a Verb's value, where a button does it


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why an instance waits. *sentence* is whole by itself; *since* is when it last moved.

    *reasons* are all that apply, the first of which is *reason*; *is_stuck* tells that it will not go on by
    itself, as far as can be seen. *chain* leads to the instance at fault: a parent waits for a child that
    waits for a lock. *at* is when this was looked at.
    """

    instance_id: str
    reason: Reason
    sentence: str
    is_stuck: bool
    at: Ticks
    since: Ticks | None = None
    reasons: tuple[Reason, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    pending: tuple[Pending, ...] = ()
    next_steps: tuple[NextStep, ...] = ()
    chain: tuple["Explanation", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stuck:
    """A line of the stuck list: an instance that does not move though it should.

    *seconds* is for how long. *whole* tells that storage was asked (a full explanation); else it was judged
    by its row and its hub's queues and leases alone.
    """

    hub: str
    instance_id: str
    name: str | None
    status: str
    reason: Reason
    sentence: str
    since: Ticks | None
    seconds: float
    whole: bool = False
