"""The published keys of an identity provider, and when they are fetched again."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

PAUSE = 60.0
"""Seconds between two fetches, at least: anybody can send tokens with unknown keys."""
STALE = 12 * 3600.0
"""Seconds after which keys are fetched again though they are known: one that was withdrawn must go."""


class Do(Enum):
    """What is done about a key."""

    USE = "use"
    USE_AND_REFRESH = "use and refresh"
    FETCH = "fetch"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class KeySet:
    """The keys by their IDs; times are monotonic seconds, ``None`` before the first."""

    keys: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    fetched: float | None = None
    tried: float | None = None

    def look(self, key_id: str, now: float) -> Do:
        """Return what is done about a key that a token names."""
        may_fetch = self.tried is None or now - self.tried >= PAUSE
        if key_id not in self.keys:
            return Do.FETCH if may_fetch else Do.REFUSE
        stale = self.fetched is None or now - self.fetched >= STALE
        return Do.USE_AND_REFRESH if stale and may_fetch else Do.USE

    def trying(self, now: float) -> "KeySet":
        """Return the set when a fetch begins. What is known stays while the provider is down."""
        return replace(self, tried=now)

    def with_keys(self, document: Mapping[str, Any], now: float) -> "KeySet":
        """Return the set that a provider publishes now (RFC 7517). Raises `ValueError`."""
        listed = document.get("keys")
        if not isinstance(listed, list):
            raise ValueError("it publishes no list of keys")
        keys = {
            one["kid"]: one
            for one in listed
            if isinstance(one, dict) and isinstance(one.get("kid"), str)
        }
        if not keys:
            raise ValueError("it publishes no key with an ID")
        return replace(self, keys=keys, fetched=now)
