"""What the probes' observations say of a target.

An observation is a mapping as JSON takes it. What a probe wanted to know stands under names of its own; a
probe that could not be made has ``why`` alone, and nothing is concluded from it.
"""

from collections.abc import Mapping
from typing import Any

from durahub_migrate.moving.capabilities import Capabilities
from durahub_migrate.moving.place import PlaceKind

Observed = Mapping[str, Any]

PROBES: Mapping[str, str] = {
    "P1": "an instance ID that is taken",
    "P2": "instance IDs: how long, which characters",
    "P3": "payloads: how large, of each kind",
    "P4": "ghost replay, and what filters of work items keep away",
    "P5": "rewinding with a history that the worker hands over",
    "P6": "BackendService: a history that the worker writes",
    "P7": "a timer whose time has passed",
    "P8": "retention of what ended long ago",
    "P9": "messages to entities in DTFx's own form",
    "P10": "an entity's state, set by a migration worker",
    "P11": "the custom status, when it is not sent again",
    "P12": "tags",
    "P13": "how many calls at a time are taken",
    "P14": "events that are addressed to another execution",
}
"""What each probe tries."""

LENGTHS = (100, 101, 256, 1000)
"""Characters of instance IDs that are tried."""

CHARACTERS = {
    "slash": "/",
    "backslash": "\\",
    "hash": "#",
    "question mark": "?",
    "blank": " ",
    "umlaut": "ü",
    "ideogram": "雪",
    "emoji": "🧪",
}
"""Characters in instance IDs that are tried."""

SIZES = (1_000_000, 1_048_575, 1_048_576, 1_048_577, 3_000_000)
"""Bytes of payloads that are tried. The last is below what gRPC takes where nobody has set a limit."""

KINDS = (
    "input",
    "output",
    "activity input",
    "activity output",
    "event",
    "custom status",
    "entity state",
)
"""Kinds of payloads that are tried."""


def judge(probes: Mapping[str, Observed]) -> Capabilities:
    """Return what is known of an endpoint after these probes."""

    def said(probe: str, name: str) -> bool | None:
        found = probes.get(probe, {}).get(name)
        return found if isinstance(found, bool) else None

    return Capabilities(
        kind=PlaceKind.ENDPOINT,
        probed=True,
        refuses_duplicates=_all(said("P1", "live"), said("P1", "ended")),
        ghost=said("P4", "replayed"),
        filters=_all(said("P4", "other_names_kept_away"), said("P4", "empty_receives_none")),
        rewind_history=_all(
            said("P5", "events_kept"), said("P5", "times_kept"), said("P5", "runs_on")
        ),
        backend=_all(said("P6", "events_kept"), said("P6", "times_kept"), said("P6", "runs_on")),
        past_timers=said("P7", "fired"),
        entities=said("P10", "seeded"),
        drops_strays=_all(
            said("P14", "dropped"), said("P14", "dropped_before"), said("P14", "goes_on")
        ),
        tags=said("P12", "kept"),
        longest_id=_longest(probes.get("P2", {})),
        any_characters=_any_characters(probes.get("P2", {})),
        largest_payload=_largest(probes.get("P3", {})),
        probes=dict(probes),
    )


def _all(*answers: bool | None) -> bool | None:
    """Return whether all are so: one that is not decides, one that nobody knows leaves it open."""
    if any(one is False for one in answers):
        return False
    return True if all(answers) else None


def _longest(ids: Observed) -> int:
    """Return the longest ID that came back as it was given; 100, the documented one, if nobody knows."""
    taken = ids.get("lengths")
    if not isinstance(taken, Mapping):
        return LENGTHS[0]
    if all(taken.get(str(one)) is True for one in LENGTHS):
        return 0
    longest = 0
    for one in LENGTHS:
        if taken.get(str(one)) is not True:
            break
        longest = one
    return longest or LENGTHS[0] - 1


def _any_characters(ids: Observed) -> bool:
    taken = ids.get("characters")
    return isinstance(taken, Mapping) and all(taken.get(name) is True for name in CHARACTERS)


def _largest(sizes: Observed) -> int:
    """Return the bytes that every kind of payload may have; the documented 1 MiB if nobody knows.

    Of a kind of which not even the smallest came back: fewer than that. No limit would be 0.
    """
    found = [sizes.get(kind) for kind in KINDS]
    known = [one or min(sizes.get("tried", SIZES)) - 1 for one in found if isinstance(one, int)]
    return min(known) if len(known) == len(KINDS) else min([*known, 1_048_576])
