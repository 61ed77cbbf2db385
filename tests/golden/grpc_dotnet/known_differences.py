"""Which transcripts are not played, and where this server answers otherwise than the recorded one.

Requests are facts; the recorded answers are one way to satisfy the SDK, of a small server and of a test
host. Each reason here is one line of this server's specification.
"""

NOT_REPLAYED = {
    "bad-work-items": "the items are broken on purpose: no server of ours makes them",
    "client-bad-answers": "the answers are broken on purpose",
    "client-retries": "the server refuses calls by a script",
    "completion-rejected": "the server refuses completions by a script",
    "completion-retries": "the server refuses completions by a script",
    "entity-odd-batches": "the batches are broken on purpose",
    "entity-parameters": "the server leaves out what ours always sends; what the SDK does then is recorded",
    "entity-request-v1": "the older form of entity work, which ours never sends on a stream",
    "history-stream-fails": "the server ends the stream of a history by a script",
    "oversized-work-item": "the server sends more than 4 MiB on purpose; ours splits or streams",
    "reconnect-server-restart": "the server goes away; see tests/fault",
    "reconnect-stream-ends": "the server ends streams by a script; see tests of lost streams",
    "rewind-worker-assisted": "a form of rewind that the recorded SDK does not answer",
    "silent-stream": "the server is silent on purpose",
    "silent-stream-after-ping": "the server is silent on purpose",
    "silent-stream-headers-only": "the server is silent on purpose",
    "worker-hello-faults": "the server refuses Hello by a script",
}

_TAGS = "a child inherits the tags of its parent"
_BY_ENTITY = "an orchestration that an entity starts is tagged, and names it as its parent"
_MISSING = "an instance that does not exist is an error"

ALLOWED: dict[str, dict[str, str]] = {
    "entity-starts-orchestration": {"FromEntity": _BY_ENTITY},
    "history-streaming": {"StreamInstanceHistory is not refused": "no history is no error"},
    "rewind": {
        "executionRewound": "a worker is told of a rewind only if it is to rewind the history"
    },
    "scheduled-tasks": {'"name": "Scheduled"': _BY_ENTITY},
    "tags": {'"kid": "2"': _TAGS},
    "testhost/restart": {"RestartInstance: ": "the test host fails for what is unknown"},
    "testhost/scheduled-start": {
        "GetInstance (line 10)": "the test host has run it already, and says Pending"
    },
    "testhost/tags": {'"kid": "2"': _TAGS, "subOrchestrationInstanceCreated": _TAGS},
    "testhost/terminate": {"term-True-kid": "the test host does not terminate children"},
    "testhost/unknown-instance": {
        "RaiseEvent is refused": _MISSING,
        "TerminateInstance is refused": _MISSING,
        "SuspendInstance is refused": _MISSING,
        "ResumeInstance is refused": _MISSING,
    },
    "tracing": {"FromEntity": _BY_ENTITY},
    "versioning-strict-reject": {"GetInstance": "it is Pending until a turn has been completed"},
}
"""By transcript: what a difference begins with or holds, and why it may be."""

PLAYED_UNTIL = {
    "duplicate-start": (
        116,
        "there an answer to the replaced execution reaches the one that replaced it",
    ),
    "testhost/scheduled-start": (
        65,
        "there an instance runs that was terminated before its start",
    ),
    "versioned-registration": (
        47,
        "ours keeps to the worker's filters: no item of a version it lacks",
    ),
}
"""By transcript: the number of the first line that is not played, and why."""

SOMETIMES = frozenset({"testhost/scheduled-start"})
"""Transcripts whose allowed differences hang on who is quicker, so that they need not occur."""
