"""Failures as text: what failed, why, what caused it, and where."""

from durahub.model.failure import Failure

DEEPEST = 64  # causes of causes


def failure_text(
    failure: Failure | None, reason: str | None = None, details: str | None = None
) -> str | None:
    """Return a failure with its causes and stack traces, ``None`` if nothing is told.

    Old modes of DTFx fill in *reason* and *details* alone.
    """
    if failure is None:
        lines = [one for one in (reason, details) if one]
        return "\n".join(lines) or None
    lines = []
    cause: Failure | None = failure
    for _ in range(DEEPEST):
        if cause is None:
            break
        lines.append(f"caused by {cause}" if lines else str(cause))
        if cause.stack_trace:
            lines.append(cause.stack_trace)
        cause = cause.inner
    if failure.non_retriable:
        lines.append("not to be retried")
    return "\n".join(lines)


def failure_head(
    failure: Failure | None, reason: str | None = None, details: str | None = None
) -> str | None:
    """Return the first line of a failure: its type and its message, or what an old mode tells."""
    if failure is not None:
        return str(failure)
    return reason or details or None
