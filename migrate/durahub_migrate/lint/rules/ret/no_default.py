"""RET806: a retention policy without an entry for all states."""

from collections.abc import Iterator

from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.policies import STATES, PolicyFacts
from durahub_migrate.lint.files.document import Unknown
from durahub_migrate.lint.finding import Confidence, Edit, Finding, Fix, Severity
from durahub_migrate.lint.rule import SCHEDULER_PROFILES, Rule
from durahub_migrate.lint.target import Given
from durahub_migrate.lint.template_examples import in_bicep, in_file, retention, scheduler

_DAYS = 30  # what the service itself says it does where there is no policy


class NoDefault(Rule[PolicyFacts]):
    """Finds retention policies without an entry that holds for all states.

    Why it matters: an entry without ``orchestrationState`` is the default of the policy. What happens to
    ended instances of a state that has no entry, where there is no default either, is not documented: they
    may be kept for ever and fill the scheduler, or go after the service's own 30 days.

    What to do: add an entry with ``retentionPeriodInDays`` alone, or one for each of the four states. The
    fix adds one of 30 days; choose a period of your own.
    """

    code = "RET806"
    message = "retention policy has no entry for all other states"
    severity = Severity.WARNING
    confidence = Confidence.MEDIUM
    source = "Durable Task Scheduler documentation, article on auto-purge"
    about = (PolicyFacts,)
    needs = frozenset({Need.POLICIES})
    profiles = SCHEDULER_PROFILES
    bad = (
        in_bicep("Completed instances alone", scheduler() + retention("Completed: 7")),
        in_bicep("No entry at all", scheduler() + retention()),
        in_file(
            "A list in a JSON file",
            "retention.json",
            '{"retentionPolicies": [{"retentionPeriodInDays": 7, "orchestrationState": "Failed"}]}',
        ),
    )
    good = (
        in_bicep("A default", scheduler() + retention("30", "Completed: 7")),
        in_bicep("All four states", scheduler() + retention(*(f"{one}: 7" for one in STATES))),
        in_bicep(
            "Entries that the deployment gives",
            "param entries array\n"
            + scheduler()
            + retention("30").replace("[\n      { retentionPeriodInDays: 30 }\n    ]", "entries"),
        ),
    )

    def check(self, fact: PolicyFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Say nothing of a policy of which a part is unknown."""
        if not fact.is_of_azure or not fact.whole:
            return
        if any(one.is_default or isinstance(one.state, Unknown) for one in fact.entries):
            return
        missing = [state for state in STATES if all(one.state != state for one in fact.entries)]
        if missing:
            said = f"nothing says how long instances are kept that are {', '.join(missing)}"
            node = fact.list
            place = fact.at(node, "retentionPolicies") if node is not None else fact.place
            yield self.at(place, said, fix=_fix(fact))


def _fix(fact: PolicyFacts) -> Fix | None:
    listed = fact.list
    if listed is None or listed.kind != "list" or not listed.literal:
        return None
    is_bicep = fact.file_of(listed).endswith((".bicep", ".bicepparam"))
    entry = (
        f"{{ retentionPeriodInDays: {_DAYS} }}"
        if is_bicep
        else f'{{ "retentionPeriodInDays": {_DAYS} }}'
    )
    first = listed.items[0].span if listed.items else None
    if first is not None and first.line > listed.span.line:
        start = first.start
        between = "\n" + " " * (first.column - 1)
        text = entry + ("" if is_bicep else ",") + between
    else:
        start = listed.span.start + 1
        text = f"{entry}, " if first is not None else entry
    edit = Edit(start, start, text)
    return Fix(f"keep all others for {_DAYS} days", fact.file_of(listed), (edit,), safe=False)
