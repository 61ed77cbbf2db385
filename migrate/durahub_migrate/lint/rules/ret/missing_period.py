"""RET801: an entry of a retention policy without a proper period."""

from collections.abc import Iterator

from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.policies import Entry, PolicyFacts
from durahub_migrate.lint.finding import Edit, Finding, Fix, Severity
from durahub_migrate.lint.rule import Rule
from durahub_migrate.lint.target import Given
from durahub_migrate.lint.template_examples import in_bicep, in_file, retention, scheduler


class MissingPeriod(Rule[PolicyFacts]):
    """Finds entries of a retention policy whose period is missing or is no whole number of days.

    Why it matters: every entry of the scheduler's policy must have ``retentionPeriodInDays``, a whole
    number. Azure refuses the deployment otherwise, and the policy that was there before stays. In
    ``durahub.toml`` a period has its unit (``30d``); a server does not start with one that it cannot read.

    What to do: write the days as a number without quotes: ``retentionPeriodInDays: 30``. To keep instances
    for ever, leave the policy out instead.
    """

    code = "RET801"
    message = "retention period is missing or no whole number of days"
    severity = Severity.ERROR
    source = "ARM specification of Microsoft.DurableTask, RetentionPolicyDetails"
    about = (PolicyFacts,)
    needs = frozenset({Need.POLICIES})
    bad = (
        in_bicep("An entry that names a state alone", scheduler() + retention("Failed: ")),
        in_bicep("A period in quotes", scheduler() + retention("'30'")),
        in_file(
            "Half a day, in a JSON file",
            "retention.json",
            '[{"retentionPeriodInDays": 0.5, "orchestrationState": "Completed"}]',
        ),
        in_file(
            "A period without its unit, in durahub.toml",
            "durahub.toml",
            "[defaults.retention]\nall = 30\n",
        ),
    )
    good = (
        in_bicep("Thirty days", scheduler() + retention("30")),
        in_bicep(
            "A parameter that the deployment gives",
            "param days int\n" + scheduler() + retention("days"),
        ),
        in_file("The same in durahub.toml", "durahub.toml", '[defaults.retention]\nall = "30d"\n'),
    )

    def check(self, fact: PolicyFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Look at every entry; a number in quotes can be written without them."""
        for entry in fact.entries:
            if entry.problem is not None:
                node = entry.days_node or entry.node
                place = fact.at(node, entry.path)
                yield self.at(place, entry.problem, fix=_unquoted(fact, entry))


def _unquoted(fact: PolicyFacts, entry: Entry) -> Fix | None:
    node = entry.days_node
    if not fact.is_of_azure or node is None or not node.literal or not isinstance(node.scalar, str):
        return None
    if not node.scalar.isascii() or not node.scalar.isdecimal():
        return None
    edit = Edit(node.span.start, node.span.stop, str(int(node.scalar)))
    return Fix("write the days as a number", fact.file_of(node), (edit,))
