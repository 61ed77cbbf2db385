"""A hub as somebody else may see it: without what its instances are called and what they carry.

IDs become keyed hashes, the same one everywhere: ``@counter@7`` becomes ``@counter@3f…``. Texts become the
count of their bytes and a keyed hash of them, so that two that are the same still show. Names of
orchestrations, activities, entities, operations, events and tags stay, and so do times, execution IDs and
traces. What could not be read is counted, and withheld.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from durahub.engine.entities import messages as requests
from durahub.engine.entities.ids import is_entity
from durahub.engine.entities.scheduler_state import (
    scheduler_state_of,
    scheduler_state_text,
    status_of,
    status_text,
)
from durahub.engine.entities.sorter import Sender
from durahub.errors import DurahubError, Malformed
from durahub.model.failure import Failure
from durahub.model.history import Event, EventRaised, EventSent, Execution, ExecutionStarted, Tags
from durahub.stored import NotRead, StoredEvent, StoredInstance, StoredMessage
from durahub_migrate.bundle.canonical import utf8

_DIGITS = 32
_TEXTS = ("input", "result", "reason", "details", "data", "state", "correlation")
_SAYS_NOTHING = (None, "", "null")
_RELEASE = "release"


@dataclass(frozen=True, slots=True)
class Redaction:
    """Redacts with one key; the same key makes the same of the same."""

    key: bytes

    def id(self, instance_id: str) -> str:
        """Return what an ID becomes; that of no instance stays."""
        if not instance_id:
            return instance_id
        name = f"@{instance_id[1:].partition('@')[0]}@" if is_entity(instance_id) else ""
        return name + self._hash(instance_id)

    def text(self, text: str | None) -> str | None:
        """Return what a text becomes: JSON of its bytes and its hash. Null stays null."""
        if text is None or text in _SAYS_NOTHING:
            return text
        told = {"redacted": {"bytes": len(utf8(text)), "hmac": self._hash(text)}}
        return json.dumps(told, separators=(",", ":"))

    def instance(self, instance: StoredInstance) -> StoredInstance:
        """Return an orchestration or an entity, its history and its row redacted."""
        is_one = is_entity(instance.instance_id)
        size = instance.beside.get("bytes")
        return replace(
            instance,
            instance_id=self.id(instance.instance_id),
            input=self._scheduler_state(instance.input) if is_one else self.text(instance.input),
            output=self.text(instance.output),
            custom_status=self._custom_status(instance.custom_status, of_entity=is_one),
            tags=self._tags(instance.tags),
            history=tuple(
                StoredEvent(self.event(one.event, of_entity=is_one), one.lacks)
                for one in instance.history
            ),
            beside={"bytes": size} if size is not None else {},
        )

    def message(self, stored: StoredMessage) -> StoredMessage:
        """Return a message; what lay in the queue is not kept."""
        message = stored.message
        of_entity = is_entity(message.target.instance_id)
        return replace(
            stored,
            message=replace(
                message,
                event=self.event(message.event, of_entity=of_entity),
                target=self._execution(message.target),
                sender=self._execution(message.sender) if message.sender is not None else None,
                tags=self._tags(message.tags),
            ),
            raw=b"",
            blob=None,
        )

    def not_read(self, found: NotRead) -> NotRead:
        """Return what is told of something that could not be read: its code alone."""
        known = self.id(found.instance_id) if found.instance_id is not None else None
        return NotRead(f"redacted {self._hash(found.place)}", _withheld(found.error), b"", known)

    def event(self, event: Event, *, of_entity: bool) -> Event:
        """Return an event; *of_entity* tells that it is one of an entity's history, or on its way there."""
        changed: dict[str, Any] = {}
        for name in (one.name for one in fields(event)):
            found = getattr(event, name)
            if name in _TEXTS:
                changed[name] = self.text(found)
            elif name == "instance_id" and found is not None:
                changed[name] = self.id(found)
            elif name == "failure":
                changed[name] = self._failure(found)
            elif name == "tags":
                changed[name] = self._tags(found)
            elif name == "execution":
                changed[name] = self._execution(found)
            elif name == "parent" and found is not None:
                changed[name] = replace(found, execution=self._execution(found.execution))
        match event:
            case ExecutionStarted() if of_entity:
                changed["input"] = self._scheduler_state(event.input)
            case EventSent() | EventRaised():
                changed["input"] = self._entity_message(event.name, event.input)
        return replace(event, **changed)

    # -- entities ------------------------------------------------------------------------------

    def _entity_message(self, name: str | None, text: str | None) -> str | None:
        """Return what an event carries; where entities talk by it, in the form that they know."""
        try:
            if name == _RELEASE:
                release = requests.release_of(text)
                parent = self.id(release.parent) if release.parent is not None else None
                return requests.release_text(replace(release, parent=parent))
            if requests.is_request_name(name):
                return requests.request_text(self._request(requests.request_of(text)))
            if name is not None and requests.guid_of(name) is not None:
                response = requests.response_of(text)
                return requests.response_text(
                    replace(
                        response,
                        result=self.text(response.result),
                        error=self.text(response.error),
                        failure=self._failure(response.failure),
                    )
                )
        except Malformed:
            pass  # an event of an app, called like that
        return self.text(text)

    def _request(self, request: requests.Request) -> requests.Request:
        locks = request.lock_set
        return replace(
            request,
            input=self.text(request.input),
            parent=self.id(request.parent) if request.parent is not None else None,
            lock_set=tuple(map(self.id, locks)) if locks is not None else None,
            stored=None,
        )

    def _scheduler_state(self, text: str | None) -> str | None:
        if text in _SAYS_NOTHING:
            return text
        try:
            state = scheduler_state_of(text)
        except Malformed:
            return self.text(text)
        sorting = state.sorting
        return scheduler_state_text(
            replace(
                state,
                state=self.text(state.state),
                queue=tuple(map(self._request, state.queue)),
                locked_by=self.id(state.locked_by) if state.locked_by is not None else None,
                sorting=replace(
                    sorting,
                    sent=self._by_id(sorting.sent),
                    senders=self._senders(sorting.senders),
                ),
            )
        )

    def _senders(self, found: Mapping[str, Sender] | None) -> Mapping[str, Sender] | None:
        if found is None:
            return None
        return {
            self.id(sender): replace(one, held=tuple(map(self._request, one.held)))
            if one.held is not None
            else one
            for sender, one in found.items()
        }

    def _custom_status(self, text: str | None, *, of_entity: bool) -> str | None:
        if not of_entity or text in _SAYS_NOTHING:
            return self.text(text)
        status = status_of(text)
        holder = self.id(status.locked_by) if status.locked_by is not None else None
        return status_text(replace(status, locked_by=holder))

    # -- parts ---------------------------------------------------------------------------------

    def _execution(self, execution: Execution) -> Execution:
        return replace(execution, instance_id=self.id(execution.instance_id))

    def _failure(self, failure: Failure | None) -> Failure | None:
        if failure is None:
            return None
        return replace(
            failure,
            message=self.text(failure.message) or "",
            stack_trace=self.text(failure.stack_trace),
            inner=self._failure(failure.inner),
            properties=None,
        )

    def _tags(self, tags: Tags | None) -> Tags | None:
        if tags is None:
            return None
        return {name: self.text(text) or "" for name, text in tags.items()}

    def _by_id(self, found: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        if found is None:
            return None
        return {self.id(instance_id): one for instance_id, one in found.items()}

    def _hash(self, text: str) -> str:
        return hmac.new(self.key, utf8(text), hashlib.sha256).hexdigest()[:_DIGITS]


def _withheld(error: DurahubError) -> DurahubError:
    """Return an error of that code that says nothing of what it is about."""
    found = type(error).__new__(type(error))
    found.sentence = "what is there is withheld: the bundle is redacted"
    return found
