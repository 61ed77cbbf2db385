"""CFG124: a setting that stands there twice."""

import json
from collections.abc import Iterator

from durahub_migrate.lint.facts.apps import AppFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.files.app_reader import read_app
from durahub_migrate.lint.files.document import Member, Node
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import Example, Rule
from durahub_migrate.lint.rules.cfg.an_app import an_app
from durahub_migrate.lint.rules.cfg.repairs import without_member
from durahub_migrate.lint.target import Given


def _written(task: str) -> AppFacts:
    text = f'{{"version": "2.0", "extensions": {{"durableTask": {task}}}}}'
    json.loads(text)
    (app,) = read_app("", {"host.json": text})
    assert isinstance(app, AppFacts)  # noqa: S101 (for the types)
    return app


class RepeatedSetting(Rule[AppFacts]):
    """Finds names that stand twice in one object of host.json's section of Durable Functions.

    Why it matters: the last one counts, without a word; who corrects the first one wonders why nothing
    changes. Names are the same in any case.

    What to do: remove those that do not count; ``durahub lint --fix`` does where they are no objects.
    """

    code = "CFG124"
    message = "setting stands there twice"
    severity = Severity.WARNING
    source = (
        "durahub's own; the Functions host reads host.json with Json.NET, where the last one counts"
    )
    about = (AppFacts,)
    needs = frozenset({Need.APP_FILES})
    bad = (
        Example("One name", (_written('{"hubName": "orders", "hubName": "bills"}'),)),
        Example("One name in two cases", (_written('{"HubName": "orders", "hubName": "bills"}'),)),
    )
    good = (
        Example(
            "One name in two objects",
            (an_app({"tracing": {"version": "V2"}, "storageProvider": {"version": "1"}}),),
        ),
    )

    def check(self, fact: AppFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Look at each object of the section."""
        start = "durableTask" if fact.at_top else "extensions.durableTask"
        section = fact.host.root.at(start)
        if section is not None:
            yield from self._repeated(fact, section, start)

    def _repeated(self, fact: AppFacts, section: Node, path: str) -> Iterator[Finding]:
        for member in section.members:
            counts = section.member(member.name)
            where = f"{path}.{member.name}"
            if counts is not None and counts is not member:
                yield self._finding(fact, member, counts, where)
            if member.value.kind == "object":
                yield from self._repeated(fact, member.value, where)

    def _finding(self, fact: AppFacts, member: Member, counts: Member, where: str) -> Finding:
        said = (
            f"{member.name} stands there again in line {counts.name_span.line}, and that one counts"
        )
        is_plain = member.value.kind != "object" and counts.value.kind != "object"
        fix = without_member(fact.host, member) if is_plain else None
        return self.at(fact.host.place(member, where), said, discriminator=where, fix=fix)
