"""The rows of the decision table: what something in a hub is, as far as moving it goes."""

from enum import Enum


class Unit(Enum):
    """What a row counts."""

    INSTANCES = "instances"
    ENTITIES = "entities"
    MESSAGES = "messages"
    SIGNALS = "signals"


class Row(Enum):
    """A row. One instance may be in several: it waits for a timer and for a child, and its ID is too long."""

    ENDED = "ended"
    PENDING = "pending"
    SCHEDULED = "pending-scheduled"
    ACTIVITY_QUEUED = "awaiting-activity-not-picked-up"
    ACTIVITY_TAKEN = "awaiting-activity-in-progress-or-hidden"
    RESULT_QUEUED = "awaiting-result-that-is-queued"
    TIMER = "awaiting-timer"
    EVENT = "awaiting-event"
    CHILD = "awaiting-sub-orchestration"
    ENTITY_ANSWER = "awaiting-entity"
    RUNNING_UNREAD = "running-not-known-for-what"
    SUSPENDED = "suspended"
    ETERNAL = "eternal"
    ENTITY_IDLE = "entity-idle"
    ENTITY_BUSY = "entity-with-queued-operations"
    ENTITY_LOCKED = "entity-locked"
    ENTITY_EMPTY = "entity-without-state"
    SIGNAL_OF_ORCHESTRATOR = "delayed-signal-of-an-orchestrator"
    EVENT_QUEUED = "event-not-processed"
    MESSAGE = "other-message"
    UNSEEN = "message-that-cannot-be-seen"
    POISON = "poison-message"
    STRAY = "message-for-nobody"
    UNREADABLE = "cannot-be-read"
    BAD_ID = "id-the-scheduler-refuses"
    LARGE = "payload-above-1-mib"

    @property
    def unit(self) -> Unit:
        """What it counts."""
        if self in _ENTITY_ROWS:
            return Unit.ENTITIES
        if self in _MESSAGE_ROWS:
            return Unit.MESSAGES
        return Unit.SIGNALS if self is Row.SIGNAL_OF_ORCHESTRATOR else Unit.INSTANCES

    @property
    def is_trait(self) -> bool:
        """Whether it comes on top of a row that says what the instance does."""
        return self in _TRAITS


_ENTITY_ROWS = (Row.ENTITY_IDLE, Row.ENTITY_BUSY, Row.ENTITY_LOCKED, Row.ENTITY_EMPTY)
_MESSAGE_ROWS = (Row.EVENT_QUEUED, Row.MESSAGE, Row.UNSEEN, Row.POISON, Row.STRAY)
_TRAITS = (Row.SUSPENDED, Row.ETERNAL, Row.UNREADABLE, Row.BAD_ID, Row.LARGE)
