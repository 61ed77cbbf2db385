"""IDN508: IDs that differ in case or outer blanks alone."""

from collections.abc import Iterable, Iterator

from durahub_migrate.lint.examples import an_instance
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Confidence, Finding, Severity, head_of
from durahub_migrate.lint.rule import SCHEDULER_PROFILES, Example, JoiningRule, Observation
from durahub_migrate.lint.rules.idn.identifiers import grouped, is_generated
from durahub_migrate.lint.target import Given


class TwinIds(JoiningRule[InstanceFacts]):
    """Finds IDs that differ only in upper and lower case, or in blanks at their ends.

    Why it matters: Azure Storage tells them apart. How the scheduler compares IDs is not documented: if
    it does not look at case, or trims, the second of two takes the first one's place.

    What to do: start both on the target or its emulator and see whether there are two instances. If not,
    map one of them to a new ID (``--id-map``).

    When to ignore it: once you have tried it.
    """

    code = "IDN508"
    message = "IDs differ in case or outer blanks alone"
    severity = Severity.WARNING
    confidence = Confidence.LOW
    source = "how the scheduler compares IDs is not documented"
    about = (InstanceFacts,)
    needs = frozenset({Need.INSTANCES})
    profiles = SCHEDULER_PROFILES
    bad = (
        Example("Two cases of one ID", (an_instance("Order-7"), an_instance("order-7"))),
        Example("A blank at the end", (an_instance("order-7"), an_instance("order-7 "))),
        Example(
            "Two entities with keys in two cases",
            (an_instance("@cart@Ann"), an_instance("@cart@ann")),
        ),
    )
    good = (
        Example("Two IDs", (an_instance("order-7"), an_instance("order-8"))),
        Example("A blank inside", (an_instance("order 7"), an_instance("order7"))),
        Example(
            "Generated IDs, which are not compared",
            (an_instance("14de3853e9404a70956d4f2cbb37e5fb"), an_instance("7")),
        ),
    )

    def observe(self, fact: InstanceFacts, given: Given) -> Iterator[Observation]:  # noqa: ARG002
        """Note IDs by what they are without case and blanks, all but those that SDKs have made."""
        found = fact.instance_id
        if not is_generated(found):
            yield Observation(grouped(fact, found.strip().casefold()), found, fact.place)

    def conclude(self, group: str, seen: Iterable[Observation], given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Name each ID after the first of its group."""
        first: Observation | None = None
        for one in seen:
            if first is None:
                first = one
            elif one.value != first.value:
                said = f"the ID differs from {head_of(first.value)!r} in case or outer blanks alone"
                yield self.at(one.place, said, head=one.value)
