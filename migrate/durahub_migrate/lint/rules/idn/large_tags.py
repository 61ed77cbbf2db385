"""IDN509: tags that are too large, or named as the scheduler names its own."""

from collections.abc import Iterator

from durahub.model.history import Tags
from durahub.model.json_text import write
from durahub_migrate.lint.examples import an_instance
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import Example
from durahub_migrate.lint.rules.idn.identifiers import IdentifierRule
from durahub_migrate.lint.target import Given

RESERVED = "durabletask."


class LargeTags(IdentifierRule):
    """Finds instances whose tags take more than 1,000 bytes, or whose tags begin with ``durabletask.``.

    Why it matters: the scheduler takes 1,000 bytes for all tags of an instance, as JSON in UTF-8, and
    refuses a start with more. Tags that begin with ``durabletask.`` are its own:
    ``durabletask.displayName`` changes what its dashboard shows.

    What to do: keep in tags what you search by, and the rest in the input. Rename reserved ones. Tags of an
    instance never change, so only new starts can be put right.
    """

    code = "IDN509"
    message = "tags are too large or reserved"
    severity = Severity.ERROR
    source = "Durable Task Scheduler documentation, orchestration tags (2026-07-24)"
    bad = (
        Example("1,001 bytes", (an_instance(row={"tags": {"note": "a" * 990}}),)),
        Example(
            "A reserved name", (an_instance(row={"tags": {"durabletask.displayName": "Order"}}),)
        ),
    )
    good = (
        Example("1,000 bytes", (an_instance(row={"tags": {"note": "a" * 989}}),)),
        Example("A name like it", (an_instance(row={"tags": {"durabletask": "1"}}),)),
        Example("No tags", (an_instance(),)),
    )

    def check(self, fact: InstanceFacts, given: Given) -> Iterator[Finding]:
        """Measure the tags of the row, or those of the start."""
        tags, most = _tags(fact), given.thresholds.tags_most
        size = len(write(dict(tags)).encode("utf-8", "surrogatepass")) if tags else 0
        if size > most:
            said = f"the tags take {size:,} bytes, {most:,} are allowed"
            yield self.at(fact.place, said, discriminator="size")
        for name in tags:
            if name.lower().startswith(RESERVED):
                said = f"tags that begin with {RESERVED} are the scheduler's own"
                yield self.at(fact.place, said, head=name, discriminator=name)


def _tags(fact: InstanceFacts) -> Tags:
    if fact.row is not None and fact.row.tags:
        return fact.row.tags
    started = fact.state.started
    return (started.tags if started is not None else None) or {}
