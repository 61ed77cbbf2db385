"""What rules about identifiers share: which IDs they look at, and how long those are.

A length counts as .NET counts it, in UTF-16 units: a character outside of the basic plane is two. The
scheduler takes ASCII alone, where all ways to count agree; an ID of other characters is another rule's as
well.
"""

import re
from collections.abc import Iterable, Iterator

from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.rule import SCHEDULER_PROFILES, Observation, Rule

_GENERATED = re.compile("[0-9a-f]{32}(:[0-9a-f]+)?|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class IdentifierRule(Rule[InstanceFacts]):
    """A rule about instances by their IDs."""

    about = (InstanceFacts,)
    needs = frozenset({Need.INSTANCES})
    profiles = SCHEDULER_PROFILES


def grouped(fact: InstanceFacts, text: str) -> str:
    """Return the group of what a joining rule notes: *text*, apart for each hub that is read."""
    return f"{fact.place.source}\n{text}"


def others_of(seen: Iterable[Observation]) -> Iterator[tuple[Observation, Observation]]:
    """Yield each observation of a group that says something else than the first, and the first."""
    first: Observation | None = None
    for one in seen:
        if first is None:
            first = one
        elif one.value != first.value:
            yield one, first


def length(text: str) -> int:
    """Return how many UTF-16 units *text* has."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def is_generated(instance_id: str) -> bool:
    """Tell whether an ID is a GUID in lower case, as SDKs make them, or a child's that begins with one."""
    return _GENERATED.fullmatch(instance_id) is not None


def refusal_of(instance_id: str, most: int, *, is_entity: bool) -> str | None:
    """Return why the scheduler refuses an ID, ``None`` if it does not."""
    if not instance_id:
        return "it is empty"
    if length(instance_id) > most:
        return f"it has {length(instance_id)} characters, {most} are allowed"
    bad = refused_characters(instance_id)
    if bad:
        return f"it holds {', '.join(bad)}"
    if instance_id.startswith("@") and not is_entity:
        return "it begins with @"
    return None


def refused_characters(instance_id: str) -> list[str]:
    """Return the characters that are no printable ASCII, each once: ``U+00E9``."""
    if instance_id.isascii() and instance_id.isprintable():
        return []
    found = dict.fromkeys(one for one in instance_id if not " " <= one <= "~")
    return [f"U+{ord(one):04X}" for one in found]
