"""Grants as the settings file has them: rules that name people, groups or tokens, and what those may do."""

from collections.abc import Iterable
from dataclasses import dataclass

from durahub_migrate.monitor.access import ALL, PAYLOADS, READ, SILENCE, Grant
from durahub_migrate.monitor.actions import DESTROYS, Verb

ACT = "act"
"""In a rule: every action after which nothing is gone."""
EVERYBODY = "*"
_ACTS = frozenset({SILENCE, *(verb.value for verb in Verb if verb not in DESTROYS)})
ALLOWS = frozenset({READ, PAYLOADS, SILENCE, ACT, ALL, *(verb.value for verb in Verb)})
"""What a rule may allow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Who may do what where. ``*`` among *users* is everybody who has logged in.

    *hubs* are patterns of keys, *allows* some of `ALLOWS`. Whoever may do anything may read.
    """

    users: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    tokens: frozenset[str] = frozenset()
    hubs: tuple[str, ...] = ("*",)
    allows: frozenset[str] = frozenset({READ})

    def grants(self) -> tuple[Grant, ...]:
        """Return what it grants."""
        allowed = self.allows - {ACT} | {READ}
        if ACT in self.allows:
            allowed |= _ACTS
        return tuple(Grant(pattern, allowed) for pattern in self.hubs)


def grants_of_person(
    rules: Iterable[Rule], name: str, groups: Iterable[str] = ()
) -> tuple[Grant, ...]:
    """Return what somebody of that name, in those groups, may do."""
    member_of = frozenset(groups)
    return tuple(
        grant
        for rule in rules
        if rule.users & {name, EVERYBODY} or rule.groups & member_of
        for grant in rule.grants()
    )


def grants_of_token(rules: Iterable[Rule], name: str) -> tuple[Grant, ...]:
    """Return what the bearer of the token of that name may do."""
    return tuple(grant for rule in rules if name in rule.tokens for grant in rule.grants())


def local_grants(*, actions: bool, payloads: bool = True) -> tuple[Grant, ...]:
    """Return what the person at this machine may do without a login."""
    if actions:
        every = frozenset({READ, SILENCE, *(verb.value for verb in Verb)})
        return (Grant("*", every | {PAYLOADS} if payloads else every),)
    return (Grant("*", frozenset({READ, PAYLOADS} if payloads else {READ})),)
