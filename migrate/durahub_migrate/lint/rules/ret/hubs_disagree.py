"""RET811: hubs that are kept for different times, and would share a scheduler."""

import json
from collections.abc import Iterable, Iterator

from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.policies import STATES, Origin, PolicyFacts
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import MOVING_PROFILES, JoiningRule, Observation
from durahub_migrate.lint.target import Given
from durahub_migrate.lint.template_examples import in_file


class HubsDisagree(JoiningRule[PolicyFacts]):
    """Finds hubs of one settings file with different retentions.

    Why it matters: in durahub every hub has its own retention. On the Durable Task Scheduler the policy
    belongs to the scheduler and holds for all of its hubs: moved to one scheduler, the hubs with the longer
    period lose instances early, or the others are kept, and paid for, too long.

    What to do: plan one scheduler for each retention, or agree on the longest period and purge earlier from
    the app where that is needed.

    When to ignore it: the hubs go to schedulers of their own.
    """

    code = "RET811"
    message = "hubs have different retentions, a scheduler has one for all"
    severity = Severity.WARNING
    source = "Durable Task Scheduler documentation, article on auto-purge"
    about = (PolicyFacts,)
    needs = frozenset({Need.POLICIES})
    profiles = MOVING_PROFILES
    bad = (
        in_file(
            "Two hubs, 7 and 30 days",
            "durahub.toml",
            '[hubs.orders.retention]\nall = "30d"\n[hubs.stock.retention]\nall = "7d"\n',
        ),
    )
    good = (
        in_file(
            "Two hubs that agree, one by the defaults",
            "durahub.toml",
            '[defaults.retention]\nall = "30d"\nfailed = "90d"\n'
            '[hubs.orders.retention]\nall = "30d"\n'
            '[hubs.stock.retention]\nfailed = "90d"\n',
        ),
        in_file("One hub", "durahub.toml", '[hubs.orders.retention]\nall = "30d"\n'),
    )

    def observe(self, fact: PolicyFacts, given: Given) -> Iterator[Observation]:  # noqa: ARG002
        """Note each hub's own periods, and the defaults of the file before them."""
        if fact.origin is not Origin.SETTINGS:
            return
        own = {str(one.path): one.days for one in fact.entries if one.problem is None}
        hub = "0" if fact.hub is None else f"1{fact.hub}"
        yield Observation(fact.place.source, f"{hub}\0{json.dumps(own)}", fact.place)

    def conclude(
        self,
        group: str,  # noqa: ARG002
        seen: Iterable[Observation],
        given: Given,  # noqa: ARG002
    ) -> Iterator[Finding]:
        """Compare what counts for each hub with what counts for the first one."""
        defaults: dict[str, float] = {}
        first: tuple[str, dict[str, float]] | None = None
        for one in seen:
            hub, _, text = one.value.partition("\0")
            if hub == "0":
                defaults = json.loads(text)
                continue
            periods = {**defaults, **json.loads(text)}
            counting = {s: periods.get(s.lower(), periods.get("all", -1.0)) for s in STATES}
            if first is None:
                first = (hub[1:], counting)
            elif counting != first[1]:
                said = f"hub {hub[1:]!r} keeps its instances for other times than hub {first[0]!r}"
                yield self.at(one.place, said, discriminator=hub[1:])
