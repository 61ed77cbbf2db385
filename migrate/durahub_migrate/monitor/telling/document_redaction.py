"""Documents of instances as somebody else may see them: every text through a hook."""

from dataclasses import dataclass, fields, replace
from typing import Any

from durahub.model.failure import Failure
from durahub.model.history import Event, SubOrchestrationInstanceFailed, TaskFailed
from durahub_migrate.monitor.telling.document import InstanceDocument
from durahub_migrate.monitor.telling.meanings import Meanings, meanings_of
from durahub_migrate.monitor.telling.redaction import Redact, RedactionPlace

_OF_EVENT = {
    "input": "input",
    "data": "input",
    "state": "input",
    "result": "result",
    "details": "failure",
    "reason": "reason",
}
_OF_ROW = {"input": "input", "output": "output", "custom_status": "customStatus"}


def redacted_document(document: InstanceDocument, redact: Redact) -> InstanceDocument:
    """Return a document with every payload, reason and failure as *redact* leaves it.

    What rows tell beside their events is left out: columns that a rewind left behind hold results.
    """
    detail = document.detail
    redaction = _Redaction(detail.row.instance_id, detail.row.name, redact)
    meanings = meanings_of(document.history.events)
    return replace(
        document,
        detail=replace(
            redaction.of_row(detail),
            row=redaction.of_row(detail.row),
            state=redaction.text(detail.state, "state"),
            failure=redaction.text(detail.failure, "failure"),
        ),
        history=replace(
            document.history,
            events=tuple(
                redaction.of_event(number, event, meanings)
                for number, event in enumerate(document.history.events)
            ),
            beside={},
        ),
        redacted=True,
    )


@dataclass(frozen=True, slots=True)
class _Redaction:
    instance_id: str
    name: str | None
    redact: Redact

    def text(self, text: str | None, member: str) -> str | None:
        return self._at(text, RedactionPlace(self.instance_id, member, self.name))

    def of_row(self, row: Any) -> Any:
        found = {name: self.text(getattr(row, name), one) for name, one in _OF_ROW.items()}
        return replace(row, **found)

    def of_event(self, number: int, event: Event, meanings: Meanings) -> Event:
        name: str | None = getattr(event, "name", None)
        changed: dict[str, Any] = {}
        for one in fields(event):
            value = getattr(event, one.name)
            place = RedactionPlace(
                self.instance_id, _member(number, event, one.name, meanings), name, number
            )
            if isinstance(value, Failure):
                changed[one.name] = self._failure(value, place)
            elif one.name in _OF_EVENT:
                changed[one.name] = self._at(value, place)
        return replace(event, **changed)

    def _failure(self, failure: Failure, place: RedactionPlace) -> Failure:
        return replace(
            failure,
            message=self.redact(place, failure.message),
            stack_trace=self._at(failure.stack_trace, place),
            inner=self._failure(failure.inner, place) if failure.inner is not None else None,
            properties=None,
        )

    def _at(self, text: str | None, place: RedactionPlace) -> str | None:
        return None if text is None else self.redact(place, text)


def _member(number: int, event: Event, name: str, meanings: Meanings) -> str:
    if number in meanings.entities:
        return "message"
    if isinstance(event, TaskFailed | SubOrchestrationInstanceFailed) and name == "reason":
        return "failure"
    return _OF_EVENT.get(name, "failure")
