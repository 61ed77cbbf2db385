"""ARM915: a piece of a Bicep file that is not understood."""

from collections.abc import Iterator

from durahub_migrate.lint.facts.templates import TemplateProblem
from durahub_migrate.lint.finding import Confidence, Finding, Severity
from durahub_migrate.lint.rule import Rule
from durahub_migrate.lint.target import Given
from durahub_migrate.lint.template_examples import in_bicep, scheduler


class NotUnderstood(Rule[TemplateProblem]):
    """Finds pieces of Bicep files that are not understood.

    Why it matters: what is not understood is not checked, and rules that need the whole of a template say
    nothing of this one. Mostly it is a mistake that ``bicep build`` would find, too.

    What to do: run ``bicep build`` (or ``bicep lint``) on the file, and correct what it finds.

    When to ignore it: Bicep takes the file, so that the piece is newer than what durahub knows. Its other
    pieces are checked.
    """

    code = "ARM915"
    message = "piece of a Bicep file is not understood"
    severity = Severity.WARNING
    confidence = Confidence.MEDIUM
    source = "durahub's own"
    about = (TemplateProblem,)
    bad = (
        in_bicep("A brace that nobody closes", scheduler().rstrip("}\n")),
        in_bicep("JSON's quotes in Bicep", 'param name string = "orders"\n'),
    )
    good = (in_bicep("A file that is whole", scheduler()),)

    def check(self, fact: TemplateProblem, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Tell each one."""
        yield self.at(fact.place, fact.sentence)
