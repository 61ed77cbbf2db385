"""What a target can do: what its protocol promises, or what a probe has seen it do.

``None`` is what nobody has tried. A strategy that needs something is chosen only where that is ``True``.
"""

from dataclasses import dataclass, field
from typing import Any

from durahub_migrate.moving.place import PlaceKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What is known of a target.

    *probes* has what each probe saw, by its name: P1, P2 and so on. *longest_id* is in characters,
    *largest_payload* in bytes of UTF-8; 0 where there is no limit.
    """

    kind: PlaceKind
    probed: bool = False
    refuses_duplicates: bool | None = None  # P1: ALREADY_EXISTS
    ghost: bool | None = None  # P4
    filters: bool | None = None  # P4: an empty filter of activities receives none
    rewind_history: bool | None = None  # P5: newHistory taken over, times too
    backend: bool | None = None  # P6: BackendService writes
    past_timers: bool | None = None  # P7: fire at once
    entities: bool | None = None  # P10: a state can be seeded
    drops_strays: bool | None = None  # P14: events that are addressed to another execution
    tags: bool | None = None  # P12
    longest_id: int = 0
    any_characters: bool = False  # in IDs, not only printable ASCII
    largest_payload: int = 0
    probes: dict[str, Any] = field(default_factory=dict)


OWN_STORE = Capabilities(kind=PlaceKind.SCHEDULER, refuses_duplicates=True, any_characters=True)
"""Of a scheduler store of ours: everything is imported as it is."""

CLASSIC_HUB = Capabilities(
    kind=PlaceKind.CLASSIC, refuses_duplicates=True, longest_id=256, any_characters=True
)
"""Of a hub in Azure Storage."""

UNPROBED_ENDPOINT = Capabilities(
    kind=PlaceKind.ENDPOINT,
    ghost=True,
    entities=True,
    past_timers=True,
    longest_id=100,
    largest_payload=1_048_576,
)
"""Of an endpoint of which only what is documented is known. It works by public calls alone."""
