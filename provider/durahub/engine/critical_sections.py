"""Critical sections under the IDs that a worker gives them.

A worker makes the ID of a critical section up, always the same for the same history. Another SDK that
replays the history makes up another one, and Python's then does not know the locks that it is granted.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from durahub.engine.actions import Action, Complete, SendEntityMessage, TurnResult
from durahub.engine.entities.calls import release_sent, request_sent
from durahub.engine.entities.messages import guid_text, release_text, request_text
from durahub.model.history import Event, EventRaised, EventSent

_UNKNOWN = re.compile(
    r"Unexpected lock acquire for critical section ID '([^']+)' \(expected '([^']+)'\)"
)
"""What Python's SDK says of locks that it did not ask for under this ID."""


@dataclass(frozen=True, slots=True)
class CriticalSections:
    """The worker's IDs by the stored ones, where they differ."""

    ids: Mapping[str, str] = field(default_factory=dict)

    def shown(self, event: Event) -> Event:
        """Return *event* with the worker's ID."""
        if not self.ids:
            return event
        if isinstance(event, EventRaised):
            own = self.ids.get(guid_text(event.name or ""))
            return event if own is None else replace(event, name=own)
        if not isinstance(event, EventSent):
            return event
        release = release_sent(event)
        if release is not None:
            own = self.ids.get(guid_text(release.id or ""))
            return (
                event
                if own is None
                else replace(event, input=release_text(replace(release, id=own)))
            )
        request = request_sent(event)
        own = None if request is None else self.ids.get(guid_text(request.id))
        if request is None or own is None:
            return event
        return replace(event, input=request_text(replace(request, id=own, stored=None)))

    def stored(self, action: Action) -> Action:
        """Return *action* with the ID that is stored."""
        if isinstance(action, SendEntityMessage):
            for stored, own in self.ids.items():
                if guid_text(action.request_id) == own:
                    return replace(action, request_id=stored)
        return action

    def learned(self, result: TurnResult) -> "CriticalSections | None":
        """Return what the worker's answer tells of its IDs, ``None`` if nothing new."""
        for action in result.actions:
            if isinstance(action, Complete) and action.failure is not None:
                unknown = _UNKNOWN.search(action.failure.message)
                if unknown is not None:
                    stored, own = map(guid_text, unknown.groups())
                    return (
                        None if stored in self.ids else CriticalSections({**self.ids, stored: own})
                    )
        return None
