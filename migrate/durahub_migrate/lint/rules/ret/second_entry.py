"""RET804: two entries of a retention policy for one state."""

from collections.abc import Iterator

from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.policies import Entry, PolicyFacts
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import Rule
from durahub_migrate.lint.target import Given
from durahub_migrate.lint.template_examples import in_bicep, in_file, retention, scheduler


class SecondEntry(Rule[PolicyFacts]):
    """Finds retention policies with two entries for one state, or two defaults.

    Why it matters: Azure tells entries apart by state and days together, so that two entries for one state
    with different periods are accepted. Which of them counts is not documented: instances may be purged
    weeks before you expect it.

    What to do: keep one entry for each state and one without a state, which holds for all the others.
    """

    code = "RET804"
    message = "retention policy has two entries for one state"
    severity = Severity.ERROR
    source = "ARM specification of Microsoft.DurableTask, identifiers of the policies' entries"
    about = (PolicyFacts,)
    needs = frozenset({Need.POLICIES})
    bad = (
        in_bicep(
            "Two entries for Failed", scheduler() + retention("30", "Failed: 7", "Failed: 30")
        ),
        in_bicep("Two defaults", scheduler() + retention("30", "7")),
        in_file(
            "The same state in two cases",
            "retention.json",
            '[{"retentionPeriodInDays": 7, "orchestrationState": "Failed"},'
            ' {"retentionPeriodInDays": 9, "orchestrationState": "failed"}]',
        ),
    )
    good = (
        in_bicep("One for each", scheduler() + retention("30", "Failed: 90", "Completed: 30")),
        in_bicep(
            "States that the deployment gives",
            "param one string\nparam other string\n"
            + scheduler()
            + retention("30").replace(
                "    ]", "      { retentionPeriodInDays: 7, orchestrationState: one }\n    ]"
            ),
        ),
    )

    def check(self, fact: PolicyFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Remember the first entry of each state, in any case."""
        first: dict[str | None, Entry] = {}
        for entry in fact.entries:
            if not entry.is_default and not isinstance(entry.state, str):
                continue
            state = entry.state.lower() if isinstance(entry.state, str) else None
            if state not in first:
                first[state] = entry
                continue
            what = f"state {entry.state}" if state is not None else "all other states"
            line = first[state].node.span.line
            said = f"a second entry for {what}; the first is in line {line}"
            yield self.at(fact.at(entry.node, entry.path), said)
