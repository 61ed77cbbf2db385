"""CFG123: a file that cannot be read."""

from collections.abc import Iterator

from durahub_migrate.lint.facts.files import FileProblem
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.place import Place, PlaceKind, Span
from durahub_migrate.lint.rule import Example, Rule
from durahub_migrate.lint.target import Given

_AT = Span(4, 3, 4, 12, 61, 70)


class UnreadableFile(Rule[FileProblem]):
    """Finds files of an app that cannot be read, or not as a whole.

    Why it matters: the Functions host stops at a host.json that is no JSON, a build at a project file that
    is no XML. And what was not read was not checked: that nothing else is found in such a file says nothing.

    What to do: correct the file at the place that is named. Files are taken as UTF-8, or as UTF-16 if they
    begin with a byte order mark; comments, and a comma behind the last entry, are allowed in JSON. Larger
    files than 4 MiB are left unread.
    """

    code = "CFG123"
    message = "file cannot be read"
    severity = Severity.ERROR
    source = "durahub's own"
    about = (FileProblem,)
    bad = (
        Example(
            "A host.json that lacks a comma",
            (
                FileProblem(
                    Place(source="host.json", kind=PlaceKind.FILE, span=_AT),
                    "not JSON: Expecting ',' delimiter",
                ),
            ),
        ),
    )
    good = (Example("A folder in which everything can be read", ()),)

    def check(self, fact: FileProblem, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Pass on what the reader of the file said."""
        yield self.at(fact.place, fact.sentence, discriminator=fact.sentence)
