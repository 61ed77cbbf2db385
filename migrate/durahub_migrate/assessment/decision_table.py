"""What can be done with each row by each strategy, what is lost, and what we would do.

A table, and no more: ``docs/assessment.md`` prints it. Where the service's behaviour is not documented, the
strategy's own description says so, not every cell.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from durahub_migrate.assessment.assessment import Mark
from durahub_migrate.assessment.rows import Row

STRATEGIES: Mapping[str, tuple[str, str]] = {
    "a": (
        "Own store",
        "Copy everything into a durahub scheduler store: histories, messages, timers, locks and times stay "
        "as they are. No managed service is involved.",
    ),
    "b1": (
        "Start again",
        "Clients start every instance anew on the scheduler, by its public calls. What an instance had done "
        "already is done again.",
    ),
    "b2": (
        "Ghost replay",
        "A migration worker answers the scheduler with the recorded results until the instance stands where "
        "it stood; no activity runs again. Times and execution IDs are new. It takes public calls alone; try "
        "it on a scratch hub all the same.",
    ),
    "b3": (
        "Rewind",
        "Like ghost replay, but the old history is handed over in one piece by a rewind, with its times. "
        "Undocumented: try it on a scratch hub first.",
    ),
    "b4": (
        "Backend write",
        "History, timers and messages are written by the calls that Microsoft's own hosts use. "
        "Undocumented, may change: try it on a scratch hub first.",
    ),
    "c": (
        "Drain",
        "New work goes to the scheduler, the old hub goes on until its work has ended. Nothing is moved, "
        "nothing is lost; it takes as long as the longest instance.",
    ),
    "d": ("Archive", "Histories are kept as files to be read. Nothing runs on."),
}

_PREFERRED, _POSSIBLE = Mark.PREFERRED, Mark.POSSIBLE
_IMPOSSIBLE, _UNNEEDED = Mark.IMPOSSIBLE, Mark.UNNEEDED
_MARKS = {"+": _PREFERRED, "o": _POSSIBLE, "x": _IMPOSSIBLE, "-": _UNNEEDED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One row: its cells by strategy, each a mark and a note."""

    title: str
    means: str
    cells: Mapping[str, tuple[Mark, str]]
    default: str


def _row(title: str, means: str, default: str, /, **cells: str) -> Decision:
    """Return a row. A cell is ``+`` preferred, ``o`` possible, ``x`` impossible or ``-``, and its note."""
    assert cells.keys() == STRATEGIES.keys(), title  # noqa: S101 (a table of ours)
    return Decision(
        title=title,
        means=means,
        cells={code: (_MARKS[text[0]], text[1:].strip()) for code, text in cells.items()},
        default=default,
    )


DECISIONS: Mapping[Row, Decision] = {
    Row.ENDED: _row(
        "Ended",
        "Completed, failed, terminated or canceled: only its result is of interest.",
        "Archive. Move it only if someone asks the scheduler for old results by ID.",
        a="+ exact copy",
        b1="x it would run again",
        b2="o times become those of the move, so retention starts anew",
        b3="o as ghost replay; which time of completion counts is not documented",
        b4="o status and history; which time of completion counts is not documented",
        c="- nothing to wait for",
        d="+",
    ),
    Row.PENDING: _row(
        "Pending, to start at once",
        "Asked for and not begun.",
        "Start again on the scheduler with the same ID, input and tags.",
        a="+",
        b1="+ the time of creation is lost",
        b2="o nothing is recorded yet: the same as starting again",
        b3="o nothing is recorded yet: the same as starting again",
        b4="+",
        c="+",
        d="x it would never run",
    ),
    Row.SCHEDULED: _row(
        "Pending, to start later",
        "Asked for a time to come. Its message is hidden until then; the table tells the time.",
        "Start again on the scheduler for the same time.",
        a="+",
        b1="+ with its scheduled time",
        b2="o nothing is recorded yet: the same as starting again",
        b3="o nothing is recorded yet: the same as starting again",
        b4="+",
        c="+ if the time is near",
        d="x it would never run",
    ),
    Row.ACTIVITY_QUEUED: _row(
        "Running, waits for an activity that nobody took",
        "The activity's message lies in the work-item queue, to be seen.",
        "Ghost replay; the activity is handed out once, on the scheduler. Else drain.",
        a="+",
        b1="o activities that had run run again",
        b2="+ the activity is scheduled once, after the replay",
        b3="+",
        b4="+",
        c="+",
        d="x",
    ),
    Row.ACTIVITY_TAKEN: _row(
        "Running, waits for an activity that may be running",
        "Its message is hidden: a worker has it, or it stands behind others. What it has done so far is "
        "written nowhere.",
        "Quiesce: stop new work, let activities finish, look again. What is left may run twice.",
        a="+ at least once: it may run twice",
        b1="o activities that had run run again",
        b2="o at least once: it may run twice",
        b3="o at least once: it may run twice",
        b4="o at least once: it may run twice",
        c="+ let it finish",
        d="x",
    ),
    Row.RESULT_QUEUED: _row(
        "Running, the result it waits for is in a queue",
        "The work is done, the orchestration has not seen it yet.",
        "Ghost replay, which answers with that result.",
        a="+ stays in the inbox",
        b1="x the result is lost, the work is done again",
        b2="+",
        b3="o the result is appended to the history",
        b4="+ added as an event",
        c="+",
        d="x",
    ),
    Row.TIMER: _row(
        "Running, waits for a timer",
        "A delay, or a time-out beside something else.",
        "Ghost replay; the timer keeps its time. One that is overdue fires at once.",
        a="+ same time",
        b1="o the delay begins again",
        b2="+ same time",
        b3="+",
        b4="+",
        c="o if it is short",
        d="x",
    ),
    Row.EVENT: _row(
        "Running, waits for an external event",
        "Nothing else is open: an approval, a callback. Histories do not name the event.",
        "Ghost replay; then tell the callers the scheduler's address.",
        a="+",
        b1="o if nothing with a lasting effect came before the wait",
        b2="+",
        b3="+",
        b4="+",
        c="o people may take weeks to answer",
        d="x",
    ),
    Row.CHILD: _row(
        "Running, waits for a sub-orchestration",
        "A parent; its children stand in rows of their own.",
        "Ghost replay of the whole tree, the parent first.",
        a="+ the link is kept",
        b1="x the parent makes a new child, the old one is orphaned",
        b2="+ the parent's replay makes the child, which is replayed next",
        b3="o as ghost replay",
        b4="+",
        c="+ the whole tree",
        d="x",
    ),
    Row.ENTITY_ANSWER: _row(
        "Running, waits for an entity",
        "It called an operation, or asked for a lock.",
        "Let entities become idle on the old hub first, then ghost replay.",
        a="+",
        b1="o earlier operations are called again",
        b2="o after the entity's state is in place, the call is sent again",
        b3="o after the entity's state is in place, the call is sent again",
        b4="+",
        c="+",
        d="x",
    ),
    Row.RUNNING_UNREAD: _row(
        "Running, not known for what it waits",
        "Its history was not read, or tells nothing yet.",
        "Read the histories (no sample), then look again.",
        a="+",
        b1="o activities that had run run again",
        b2="o needs the history",
        b3="o needs the history",
        b4="o needs the history",
        c="+",
        d="x",
    ),
    Row.SUSPENDED: _row(
        "Suspended",
        "Somebody paused it.",
        "Ask its owner: resume it and let it end, or move it paused.",
        a="+",
        b1="o it runs a little before it is suspended again",
        b2="+ it is suspended before it is let go",
        b3="+",
        b4="+",
        c="x it never ends by itself",
        d="+",
    ),
    Row.ETERNAL: _row(
        "Eternal (continue-as-new)",
        "It has begun again with a new input at least once, and mostly never ends.",
        "Start again with its latest input, right after it has begun anew; else ghost replay.",
        a="+",
        b1="+ with its latest input; events that wait are raised again",
        b2="+",
        b3="+",
        b4="+",
        c="x it never ends; it needs a way to be stopped",
        d="x",
    ),
    Row.ENTITY_IDLE: _row(
        "Entity with state, idle",
        "Its state is all there is.",
        "Ghost replay: the state is handed over without running the entity's code.",
        a="+",
        b1="x unless the entity has an operation that takes a whole state",
        b2="+",
        b3="+ as ghost replay",
        b4="+",
        c="x entities do not end",
        d="+",
    ),
    Row.ENTITY_BUSY: _row(
        "Entity with queued operations",
        "Operations arrived and were not carried out.",
        "Let the old hub carry them out first.",
        a="+ the queue is kept",
        b1="x state is not settable; calls lose their caller",
        b2="o state first, then the signals; calls are sent again by their callers",
        b3="o as ghost replay",
        b4="+",
        c="+ until it is idle",
        d="x",
    ),
    Row.ENTITY_LOCKED: _row(
        "Entity that is locked",
        "An orchestration is in a critical section.",
        "Wait until it is released. One that never is blocks the move.",
        a="+",
        b1="x",
        b2="o its holder asks for the lock again; the order of who waits is lost",
        b3="o as ghost replay",
        b4="o the lock is asked for again, by an event",
        c="+ until it is released",
        d="x",
    ),
    Row.ENTITY_EMPTY: _row(
        "Entity without state",
        "It was deleted, or never written; a row is left.",
        "Leave it behind.",
        a="+",
        b1="- nothing to move",
        b2="- nothing to move",
        b3="- nothing to move",
        b4="- nothing to move",
        c="- nothing to move",
        d="+",
    ),
    Row.SIGNAL_OF_ORCHESTRATOR: _row(
        "Delayed signal from an orchestration",
        "Due in the future; its message is hidden, the sender's history tells it.",
        "Signal again with the same time, rebuilt from the sender's history.",
        a="+",
        b1="+ with its time",
        b2="+",
        b3="+",
        b4="+",
        c="+",
        d="x",
    ),
    Row.EVENT_QUEUED: _row(
        "Event in a queue",
        "Raised by somebody, not yet seen by its orchestration.",
        "Raise it again once the instance stands where it stood.",
        a="+ stays in the inbox",
        b1="+ raised after the start",
        b2="+ raised after the replay",
        b3="+",
        b4="+",
        c="+",
        d="x",
    ),
    Row.MESSAGE: _row(
        "Other message in a queue",
        "Starts, results, timers that are due, operations of entities: work between two steps.",
        "Quiesce until the queues are empty; the rest is moved with its instance.",
        a="+",
        b1="o it is made again by what runs again",
        b2="+ with its instance",
        b3="o with its instance",
        b4="+",
        c="+",
        d="x",
    ),
    Row.UNSEEN: _row(
        "Message that cannot be seen and that nothing explains",
        "Hidden until a time, or behind the first messages of a queue. Delayed signals from clients are "
        "such messages, and stand nowhere else.",
        "Wait until it is due. What is left behind is lost.",
        a="x it cannot be read until it is due",
        b1="x",
        b2="x",
        b3="x",
        b4="x",
        c="+ the only way",
        d="x",
    ),
    Row.POISON: _row(
        "Message that fails again and again",
        "Delivered many times, never done.",
        "Keep its body as a file; its owner decides.",
        a="x not to be carried along",
        b1="x",
        b2="x",
        b3="x",
        b4="x",
        c="x it fails there as well",
        d="+ its body",
    ),
    Row.STRAY: _row(
        "Message for an instance that is not there or has ended",
        "Nobody will receive it.",
        "Archive and report.",
        a="x",
        b1="x",
        b2="x",
        b3="x",
        b4="x",
        c="- it is dropped when it is received",
        d="+",
    ),
    Row.UNREADABLE: _row(
        "Something of it cannot be read",
        "A row that no program writes, a blob that is gone.",
        "Repair it (durahub hub doctor) or write it off; raw bytes are kept.",
        a="x",
        b1="x",
        b2="x",
        b3="x",
        b4="x",
        c="o if the old app gets over it",
        d="+ raw bytes",
    ),
    Row.BAD_ID: _row(
        "ID that the scheduler refuses",
        "Longer than 100 characters, or with characters outside printable ASCII.",
        "Drain, or map IDs explicitly. Never cut them.",
        a="+",
        b1="o under another ID, with a mapping",
        b2="o under another ID, with a mapping",
        b3="o under another ID, with a mapping",
        b4="o under another ID, with a mapping",
        c="+",
        d="+",
    ),
    Row.LARGE: _row(
        "Payload above 1 MiB",
        "The scheduler takes it from a blob only.",
        "Turn on payload offload first; more than 10 MiB has to become smaller.",
        a="+",
        b1="o with payload offload",
        b2="o with payload offload",
        b3="o with payload offload",
        b4="o with payload offload",
        c="+",
        d="+",
    ),
}

_RANK = {_IMPOSSIBLE: 0, _POSSIBLE: 1, _PREFERRED: 2, _UNNEEDED: 3}


def mark_of(rows: Iterable[Row], strategy: str) -> Mark:
    """Return what *strategy* is for something in all of *rows*: the worst of them counts."""
    return min((DECISIONS[row].cells[strategy][0] for row in rows), key=_RANK.__getitem__)
