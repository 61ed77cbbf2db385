"""Spans, as the layers make them; what is behind them is `durahub.observing.otel`, or nothing.

A span that is made here always has a parent that an SDK has sent: with a start, a scheduled activity, or in
a call's headers. Polls and leases are nobody's, so nothing is made of them. Names and attributes come from
closed lists but for the IDs and names of instances; there are no payloads in them.
"""

import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from durahub.model.history import Trace

Attributes = Mapping[str, str | int]

HUB, INSTANCE, EXECUTION = (
    "durahub.hub",
    "durabletask.task.instance_id",
    "durabletask.execution_id",
)
NAME = "durabletask.task.name"
CODE = "durahub.code"  # of an error, such as DH304


class Tracing(Protocol):
    """Makes spans."""

    @property
    def is_on(self) -> bool:
        """Whether spans are made: who asks first spares what it would take to name one."""

    def span(
        self, name: str, parent: Trace | None, attributes: Attributes
    ) -> AbstractContextManager[None]:
        """Make a span of the body, below *parent*, or below the one that is under way if that is ``None``.

        Without either there is none. What the body raises marks it as failed, with a code of ours.
        """

    def ended(self, name: str, seconds: float, attributes: Attributes, *, failed: bool) -> None:
        """Make a span of what has just ended below the one that is under way, if there is one."""

    def alone(self) -> AbstractContextManager[None]:
        """Have the body go on without the span under which it was begun."""


class NotTraced:
    """Makes none."""

    is_on = False

    def span(
        self,
        name: str,  # noqa: ARG002 (the protocol's)
        parent: Trace | None,  # noqa: ARG002
        attributes: Attributes,  # noqa: ARG002
    ) -> AbstractContextManager[None]:
        """Do nothing."""
        return nullcontext()

    def ended(self, name: str, seconds: float, attributes: Attributes, *, failed: bool) -> None:
        """Do nothing."""

    def alone(self) -> AbstractContextManager[None]:
        """Do nothing."""
        return nullcontext()


NOT_TRACED = NotTraced()


def below(trace: Trace | None) -> Trace | None:
    """Return the parent of what is done for an orchestration: its own span, once a worker has made it."""
    if trace is None or not trace.trace_parent:
        return None
    parts = trace.trace_parent.split("-")
    if not trace.span_id or len(parts) != 4:
        return trace
    version, trace_id, _, flags = parts
    return Trace(
        trace_parent=f"{version}-{trace_id}-{trace.span_id}-{flags}", trace_state=trace.trace_state
    )


def current_trace_id() -> str:
    """Return the ID of the trace that is under way, ``""`` for none, or where nothing is traced."""
    api = sys.modules.get("opentelemetry.trace")
    if api is None:
        return ""
    found = api.get_current_span().get_span_context()
    return format(found.trace_id, "032x") if found.is_valid else ""
