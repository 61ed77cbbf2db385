"""Whether a name, or a hub, is ready: what rules found, and whether those that decide were evaluated.

*Blocked*: an error that no known change of code or settings takes away, in something that has not ended.
*Not known*: nothing blocks, but an error rule that decides was not evaluated, or histories were not read.
*Ready with changes*: every other error, and warnings. *Ready*: none of them; remarks do not count.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from durahub_migrate.assessment.assessment import Light, Readiness, RuleCount
from durahub_migrate.lint.facts.hubs import HubKind
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Severity
from durahub_migrate.lint.rule import Rule

CHANGES_SUFFICE = frozenset(
    {
        "IDN501",  # IDs: the app makes shorter or other ones, what is live drains or is mapped
        "IDN502",
        "IDN504",
        "IDN505",
        "IDN509",
        "PAY401",  # payload offload
        "PAY405",
        "RPL301",  # the numbers are changed while the hub is moved
        "RPL303",
    }
)
"""Error rules of which a change is known that takes the obstacle away."""

_OF_AN_APP = ("IDN", "PAY", "RPL")  # what ended instances have of it, the next ones will have too
_STORAGE_ONLY = frozenset({Need.STORAGE, Need.LEASES, Need.BLOBS, Need.SNAPSHOT})
_FAMILIES = frozenset({"HUB", "RPL", "PAY", "IDN", "QUE", "ENT"})
_OF_A_PLAN = frozenset({Need.SNAPSHOT, Need.STRATEGY, Need.ID_MAP, Need.EXPORTS})
_WORST = (Light.BLOCKED, Light.UNKNOWN, Light.CHANGES, Light.READY)


def readiness(
    rules: Iterable[RuleCount], not_evaluated: Iterable[str], *, unread: int = 0
) -> Readiness:
    """Return the readiness of what *rules* found something in; *unread* histories leave it open."""
    found = tuple(sorted(rules, key=_worst_first))
    lacking = tuple(sorted(not_evaluated))
    lights = [light_of(one) for one in found]
    if lacking or unread:
        lights.append(Light.UNKNOWN)
    return Readiness(light=worst(lights), rules=found, not_evaluated=lacking)


def worst(lights: Iterable[Light]) -> Light:
    """Return the worst of *lights*; without any it is ready."""
    return min(lights, key=rank, default=Light.READY)


def rank(light: Light) -> int:
    """Return 0 for the worst."""
    return _WORST.index(light)


def light_of(found: RuleCount) -> Light:
    """Return what the findings of one rule make of the thing that they are in."""
    if found.severity == Severity.INFO.value:
        return Light.READY
    only_ended = found.live == 0
    if only_ended and not found.code.startswith(_OF_AN_APP):
        return Light.READY  # it is archived as it is
    if found.severity == Severity.WARNING.value or only_ended or found.code in CHANGES_SUFFICE:
        return Light.CHANGES
    return Light.BLOCKED


def deciding(rules: Iterable[Rule[Any]], kind: str, *, of: str) -> frozenset[str]:
    """Return the codes of the error rules that decide whether an *of* of a hub of *kind* is ready.

    *of* is ``orchestration``, ``entity`` or ``hub``. A rule that needs a stopped hub, or a part of a plan,
    decides nothing while there is none, and one that needs Azure Storage nothing about another hub.
    """
    return frozenset(rule.code for rule in rules if _decides(rule, kind, of))


def _decides(rule: Rule[Any], kind: str, of: str) -> bool:
    if rule.severity is not Severity.ERROR or rule.needs & _OF_A_PLAN:
        return False
    if rule.code[:3] not in _FAMILIES:
        return False  # about files and capacity: these have figures and work of their own
    if kind == HubKind.SCHEDULER.value and rule.needs & _STORAGE_ONLY:
        return False
    of_instances = InstanceFacts in rule.about
    if of == "hub":
        return not of_instances
    if of == "orchestration" and rule.code.startswith("ENT"):
        return False
    return of_instances


def undecided(
    codes: frozenset[str],
    rules: Mapping[str, Rule[Any]],
    judged: frozenset[str],
    unread: Iterable[Need],
) -> frozenset[str]:
    """Return those of *codes* that were not judged, or not on all there is."""
    gaps = frozenset(unread)
    return frozenset(code for code in codes if code not in judged or rules[code].needs & gaps)


def _worst_first(found: RuleCount) -> tuple[int, str]:
    return rank(light_of(found)), found.code
