"""How far a reading of a hub in Azure Storage is, as a text that a later run goes on from."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from durahub.errors import BadRequest
from durahub.model.json_text import loads

INSTANCES, BLOBS = "instances", "blobs"


@dataclass(frozen=True, slots=True)
class Position:
    """Behind which key of the *phase* (instances, then blobs) it is; ``None``: before the first.

    *awaited* is how many messages the instances so far wait for, by the queues in which they may be.
    """

    phase: str = INSTANCES
    after: str | None = None
    awaited: Mapping[tuple[str, ...], int] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return the text."""
        awaited = [[list(queues), count] for queues, count in self.awaited.items()]
        return json.dumps([self.phase, self.after, awaited])


def parse(text: str) -> Position:
    """Return the position that *text* is. Raises `BadRequest`."""
    try:
        phase, after, awaited = loads(text)
        counts = {tuple(map(str, queues)): int(count) for queues, count in awaited}
    except (ValueError, TypeError):
        raise BadRequest(f"not a position of a hub: {text[:60]!r}") from None
    return Position(str(phase), after if after is None else str(after), counts)
