"""CFG126: a section where the host does not look."""

from collections.abc import Iterator

from durahub_migrate.lint.facts.apps import AppFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.files.app_reader import read_app
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import Example, Rule
from durahub_migrate.lint.rules.cfg.an_app import an_app
from durahub_migrate.lint.target import Given


def _written(text: str) -> AppFacts:
    (app,) = read_app("", {"host.json": text})
    assert isinstance(app, AppFacts)  # noqa: S101 (for the types)
    return app


class MisplacedSection(Rule[AppFacts]):
    """Finds a section ``durableTask`` at the top of a host.json of Functions 2 and later.

    Why it matters: with ``"version": "2.0"`` the host looks into ``extensions.durableTask`` alone. Everything
    in the other place is passed over: the hub has the default name, and another store than was meant.

    What to do: move the section into ``extensions``. The hub's name changes with that: look first which hub
    the app works on now, and what is in it.
    """

    code = "CFG126"
    message = "section stands where it is not read"
    severity = Severity.ERROR
    source = "host.json reference of Azure Functions, versions 1.x and 2.x"
    about = (AppFacts,)
    needs = frozenset({Need.APP_FILES})
    bad = (
        Example(
            "At the top, with version 2.0",
            (_written('{"version": "2.0", "durableTask": {"hubName": "orders"}}'),),
        ),
    )
    good = (
        Example("Functions 1.x", (_written('{"durableTask": {"HubName": "orders"}}'),)),
        Example("In its place", (an_app({"hubName": "orders"}),)),
    )

    def check(self, fact: AppFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Look at the top."""
        member = fact.host.root.member("durableTask")
        if member is not None and not fact.at_top:
            said = "durableTask stands at the top, where only Functions 1.x looks"
            yield self.at(fact.host.place(member, "durableTask"), said)
