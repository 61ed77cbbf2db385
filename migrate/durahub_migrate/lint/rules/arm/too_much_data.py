"""ARM913: more data than the scheduler has room for."""

from collections.abc import Iterable, Iterator

from durahub_migrate.lint.examples import a_hub, an_instance
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Confidence, Finding, Severity
from durahub_migrate.lint.rule import EXAMPLE_TIME, MOVING_PROFILES, Example, SummingRule
from durahub_migrate.lint.target import Given, Target

OF_A_UNIT = 50_000_000_000  # bytes
_SUM = "bytes"


def _example(text: str, size: int, sku: str = "dedicated", capacity: int | None = 1) -> Example:
    half = an_instance(stored_bytes=size // 2)
    target = Target(sku=sku, capacity=capacity)
    return Example(text, (a_hub(), half, half), Given(now=EXAMPLE_TIME, target=target))


class TooMuchData(SummingRule[InstanceFacts]):
    """Finds hubs that hold more than the dedicated scheduler has room for.

    Why it matters: a capacity unit has 50 GB of storage. A hub that is moved as a whole into less does not
    fit: the import stops in the middle, with both sides incomplete.

    What to do: purge ended instances before the move (``durahub retention plan`` tells what would go),
    archive them, keep large payloads in blobs, or take more capacity units (``lint.target.capacity``).
    """

    code = "ARM913"
    message = "hub holds more than the scheduler has room for"
    severity = Severity.ERROR
    confidence = Confidence.MEDIUM
    source = "Durable Task Scheduler documentation, article on billing"
    about = (InstanceFacts,)
    needs = frozenset({Need.INSTANCES, Need.TARGET_SKU})
    profiles = MOVING_PROFILES
    bad = (
        _example("A little more than 50 GB, one unit", OF_A_UNIT + 2),
        _example("120 GB, two units", 120_000_000_000, capacity=2),
    )
    good = (
        _example("50 GB, one unit", OF_A_UNIT),
        _example("120 GB, three units", 120_000_000_000, capacity=3),
        _example("Storage of the consumption plan is not stated", OF_A_UNIT * 2, "consumption"),
    )

    def amounts(self, fact: InstanceFacts, given: Given) -> Iterator[tuple[str, int]]:
        """Add what an instance takes now."""
        if (given.target.sku or "").lower() == "dedicated" and fact.stored_bytes:
            yield _SUM, fact.stored_bytes

    def total(self, sums: Iterable[tuple[str, int]], given: Given) -> Iterator[Finding]:
        """Compare with the units of the target, one if nothing is said."""
        units = given.target.capacity or 1
        for _, size in sums:
            if size > units * OF_A_UNIT and given.hub is not None:
                room = f"{units} capacity unit{'s have' if units > 1 else ' has'} room for {50 * units} GB"
                yield self.at(given.hub.place, f"the hub holds {size / 1e9:.1f} GB, {room}")
