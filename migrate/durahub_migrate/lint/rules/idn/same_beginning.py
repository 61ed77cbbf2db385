"""IDN506: IDs that become one if they are cut."""

from collections.abc import Iterable, Iterator

from durahub_migrate.lint.examples import an_instance
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Confidence, Finding, Severity
from durahub_migrate.lint.rule import SCHEDULER_PROFILES, Example, JoiningRule, Observation
from durahub_migrate.lint.rules.idn.identifiers import grouped
from durahub_migrate.lint.target import Given


class SameBeginning(JoiningRule[InstanceFacts]):
    """Finds IDs that are equal in their first 100 characters.

    Why it matters: whatever cuts IDs to the scheduler's length, an SDK or a script, makes one instance of
    these. Of two entities the states are mixed, and nothing says so.

    What to do: map them to new IDs (``--id-map``) before anything moves, and put what tells them apart at
    the beginning, or a hash of the whole.
    """

    code = "IDN506"
    message = "IDs are the same when they are cut to the scheduler's length"
    severity = Severity.ERROR
    confidence = Confidence.MEDIUM
    source = "durabletask-dotnet pull request 756"
    about = (InstanceFacts,)
    needs = frozenset({Need.INSTANCES})
    profiles = SCHEDULER_PROFILES
    bad = (
        Example(
            "Two entities whose keys differ at their end",
            (an_instance("@cart@" + "a" * 94 + "1"), an_instance("@cart@" + "a" * 94 + "2")),
        ),
        Example(
            "An ID of 100 characters, and a longer one that begins with it",
            (an_instance("a" * 100), an_instance("a" * 101)),
        ),
    )
    good = (
        Example(
            "Two IDs that differ in the 100th character",
            (an_instance("a" * 99 + "1x"), an_instance("a" * 99 + "2x")),
        ),
        Example("A long ID alone", (an_instance("a" * 150),)),
        Example("Short IDs with one beginning", (an_instance("a" * 98), an_instance("a" * 99))),
    )

    def observe(self, fact: InstanceFacts, given: Given) -> Iterator[Observation]:
        """Note the IDs that fill the length, or go beyond."""
        most = given.thresholds.id_most
        if len(fact.instance_id) >= most:
            yield Observation(grouped(fact, fact.instance_id[:most]), fact.instance_id, fact.place)

    def conclude(self, group: str, seen: Iterable[Observation], given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Name each ID of a group that is not alone."""
        before: Observation | None = None
        is_first = True
        for one in seen:
            if before is not None and one.value != before.value:
                if is_first:
                    yield self._found(before, one, given.thresholds.id_most)
                yield self._found(one, before, given.thresholds.id_most)
                is_first = False
            before = one

    def _found(self, one: Observation, other: Observation, most: int) -> Finding:
        said = f"the first {most} characters are those of another ID, which has {len(other.value)}"
        return self.at(one.place, said, head=one.value)
