"""IDN511: an ID that may be stored under two partition keys."""

import re
from collections.abc import Iterable, Iterator

from durahub.classic.doctor.snapshot import instance_facts
from durahub.classic.keys import escape
from durahub_migrate.lint.examples import an_instance
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Confidence, Finding, Severity
from durahub_migrate.lint.rule import ALL_PROFILES, Example, JoiningRule, Observation
from durahub_migrate.lint.rules.idn.identifiers import grouped, others_of
from durahub_migrate.lint.target import Given

_ESCAPED = re.compile("[\\^\x00-\x1f\x7f-\x9f]")


def _stored(key: str) -> InstanceFacts:
    classic = instance_facts(key, None, ())
    return an_instance(classic.instance_id, classic=classic)


class TwoKeys(JoiningRule[InstanceFacts]):
    """Finds instances that are stored twice: under a partition key that is escaped, and one that is not.

    Why it matters: a partition key cannot hold every character, so an instance ID is escaped. Writers
    learnt this one after the other: a ``^`` in an ID, or a control character, was written as it was at
    first. A hub that has seen both kinds of writers can hold two halves of one instance: the old key's is
    not found any more.

    What to do: look at both. Keep the one with the newer history and purge the other with the version that
    wrote it, or by hand.

    When to ignore it: if there really are two instances, one with a caret in its ID.
    """

    code = "IDN511"
    message = "an instance ID stands under two partition keys"
    severity = Severity.WARNING
    confidence = Confidence.LOW
    source = "durabletask issues 505 and 518"
    about = (InstanceFacts,)
    needs = frozenset({Need.INSTANCES, Need.STORAGE})
    profiles = ALL_PROFILES
    bad = (
        Example("A caret, raw and escaped", (_stored("a^b"), _stored("a^^b"))),
        Example(
            "A character behind DEL, raw and escaped", (_stored("a\x80"), _stored(escape("a\x80")))
        ),
    )
    good = (
        Example("A slash, which can only be escaped", (_stored("a^0b"), _stored("ab"))),
        Example("Two IDs with carets", (_stored("a^^b"), _stored("a^^c"))),
    )

    def observe(self, fact: InstanceFacts, given: Given) -> Iterator[Observation]:  # noqa: ARG002
        """Note keys that may be read in two ways, under both."""
        classic = fact.classic
        if classic is None or not _ESCAPED.search(classic.key):
            return
        for reading in sorted({classic.instance_id, classic.key}):
            yield Observation(grouped(fact, reading), classic.key, fact.place)

    def conclude(self, group: str, seen: Iterable[Observation], given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Name the later key of two."""
        for one, first in others_of(seen):
            said = f"the partition keys {first.value!r} and {one.value!r} may mean one instance"
            yield self.at(one.place, said, head=group.partition("\n")[2])
