"""RET803: a retention policy for a state that does not exist."""

from collections.abc import Iterator
from difflib import get_close_matches

from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.policies import STATES, Entry, PolicyFacts
from durahub_migrate.lint.facts.templates import rewriting
from durahub_migrate.lint.finding import Edit, Finding, Fix, Severity
from durahub_migrate.lint.rule import Rule
from durahub_migrate.lint.target import Given
from durahub_migrate.lint.template_examples import in_bicep, in_file, retention, scheduler

_ALIKE = 0.75  # from which similarity on a name is taken for a misspelled one


class UnknownState(Rule[PolicyFacts]):
    """Finds entries of a retention policy for a state that the scheduler does not know.

    Why it matters: the states that end an instance are ``Completed``, ``Failed``, ``Terminated`` and
    ``Canceled``, in this spelling. The type is open for new values, so that ``Cancelled`` passes the checks
    before a deployment; the entry then does not hold for anything, or the deployment fails.

    What to do: spell the state as above. A running, pending or suspended instance is never purged, and needs
    no entry. In ``durahub.toml`` the names are in lower case, and ``all`` stands for every state.
    """

    code = "RET803"
    message = "retention policy names a state that does not exist"
    severity = Severity.ERROR
    source = "ARM specification of Microsoft.DurableTask, PurgeableOrchestrationState"
    about = (PolicyFacts,)
    needs = frozenset({Need.POLICIES})
    bad = (
        in_bicep("British spelling", scheduler() + retention("30", "Cancelled: 7")),
        in_bicep("Another case", scheduler() + retention("30", "failed: 7")),
        in_bicep("A state that does not end", scheduler() + retention("30", "Running: 7")),
        in_file(
            "A misspelled key of durahub.toml",
            "durahub.toml",
            '[hubs.orders.retention]\ncancelled = "7d"\n',
        ),
    )
    good = (
        in_bicep(
            "Every state there is",
            scheduler() + retention("30", *(f"{state}: 7" for state in STATES)),
        ),
        in_file(
            "The same in durahub.toml",
            "durahub.toml",
            '[hubs.orders.retention]\nall = "30d"\ncanceled = "7d"\n',
        ),
    )

    def check(self, fact: PolicyFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Compare every state, and offer the one that is meant."""
        for entry in fact.entries:
            if isinstance(entry.state, str) and entry.state not in STATES:
                said = f"there is no state {entry.state!r}; {', '.join(STATES)} can be purged"
                node = entry.state_node or entry.node
                place = fact.at(node, f"{entry.path}.orchestrationState")
                yield self.at(place, said, fix=_fix(fact, entry))


def _fix(fact: PolicyFacts, entry: Entry) -> Fix | None:
    node = entry.state_node
    by_lower = {state.lower(): state for state in STATES}
    near = get_close_matches(str(entry.state).lower(), by_lower, n=1, cutoff=_ALIKE)
    if not near or node is None:
        return None
    state = by_lower[near[0]]
    if fact.is_of_azure:
        return rewriting(f"write {state}", fact.place.source, node, state)
    if any(other.path == state.lower() for other in fact.entries):
        return None
    edit = Edit(node.span.start, node.span.stop, state.lower())
    return Fix(f"write {state.lower()}", fact.place.source, (edit,))
