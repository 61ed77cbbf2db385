"""The gate that every call passes: it finds out who calls, and whether it may do that there.

A caller without any right on a hub is told the same whether the hub exists or not: the hub is looked for
after the gate. No call costs I/O here but one with a token of a key that has not been seen yet.
"""

import logging
from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from typing import Protocol

from durahub.authorization.presented import Presented
from durahub.authorization.principals import EVERY_HUB, Principal
from durahub.authorization.requirements import NOBODY, REQUIREMENTS, Requirements
from durahub.authorization.roles import titles_for
from durahub.errors import NotAuthenticated, RoleMissing
from durahub.model.ticks import Ticks

log = logging.getLogger(__name__)

ROLE = "role"
"""The reason of a refusal to a caller that is known."""
REMEMBERED = 10_000  # callers


class Way(Protocol):
    """A way in: static tokens, an identity provider, client certificates."""

    async def principal(self, presented: Presented) -> Principal | None:
        """Return who that is, ``None`` if this way does not know. Raises `NotAuthenticated`."""


class Gate:
    """Lets calls pass, or raises. Without ways in, every caller is let in: see `check_listening`."""

    def __init__(self, ways: Sequence[Way] = (), requirements: Requirements = REQUIREMENTS) -> None:
        self._ways = tuple(ways)
        self._requirements = requirements
        self._refused: Counter[str] = Counter()
        self._until: OrderedDict[str, Ticks] = (
            OrderedDict()
        )  # by the names of those who come with an end

    @property
    def is_open(self) -> bool:
        """Whether everybody is let in."""
        return not self._ways

    @property
    def refused(self) -> Mapping[str, int]:
        """How many calls were refused, by reason."""
        return self._refused

    async def admit(self, call: str, hub: str | None, presented: Presented) -> Principal:
        """Return who calls, where it may. *hub* is ``None`` for a call that concerns all hubs.

        Raises `NotAuthenticated`, `RoleMissing`; `KeysUnavailable` where nothing could be checked.
        """
        try:
            principal = await self._known(presented)
        except NotAuthenticated as error:
            self._count(error.reason, call, hub, None)
            raise
        needs = self._requirements.get(call, NOBODY)
        if principal.may_everywhere(needs) if hub is None else principal.may(needs, hub):
            self._seen(principal)
            return principal
        self._count(ROLE, call, hub, principal.name)
        raise RoleMissing(principal.name, titles_for(needs), hub or EVERY_HUB)

    def known_until(self, principal: Principal) -> Ticks | None:
        """Return when what the caller has presented expires, or what it has presented since."""
        if principal.still_counts is not None and not principal.still_counts():
            return Ticks(0)
        return self._until.get(principal.name, principal.expires)

    def _seen(self, principal: Principal) -> None:
        if principal.expires is None:
            return
        known = self._until.get(principal.name, principal.expires)
        self._until[principal.name] = max(known, principal.expires)
        self._until.move_to_end(principal.name)
        while len(self._until) > REMEMBERED:
            self._until.popitem(last=False)

    async def _known(self, presented: Presented) -> Principal:
        if presented.malformed:
            raise NotAuthenticated("malformed", "the header 'authorization' is no bearer token")
        for way in self._ways:
            principal = await way.principal(presented)
            if principal is not None:
                return principal
        if presented.bearer is not None:
            raise NotAuthenticated("unknown", "this server does not know the token")
        if presented.certificate:
            raise NotAuthenticated("unknown", "nothing is granted to the client certificate")
        raise NotAuthenticated("none", "the call carries neither a token nor a certificate")

    def _count(self, reason: str, call: str, hub: str | None, principal: str | None) -> None:
        self._refused[reason] += 1
        extra = {"call": call, "hub": hub, "principal": principal, "reason": reason}
        log.info("call-refused", extra=extra)


OPEN = Gate()
"""Lets everybody in."""
