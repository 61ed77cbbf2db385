"""CFG120: names that no app setting fills in."""

from collections.abc import Iterator

from durahub_migrate.lint.facts.apps import AppFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import Example, Rule
from durahub_migrate.lint.rules.cfg.an_app import an_app
from durahub_migrate.lint.rules.cfg.app_names import names_in
from durahub_migrate.lint.target import Given

_TASK = {"hubName": "%TASKHUB_NAME%"}


class UnsetNames(Rule[AppFacts]):
    """Finds names between percent signs in host.json that are no app settings.

    Why it matters: the host puts the app setting's value in their place, and does not start where there is
    none.

    What to do: set them in each environment, ``local.settings.json`` included. Only files beside host.json
    are looked at: what a template or the portal sets is not seen.
    """

    code = "CFG120"
    message = "host.json names an app setting that is not set"
    severity = Severity.ERROR
    source = "host.json reference of Durable Functions"
    about = (AppFacts,)
    needs = frozenset({Need.APP_FILES, Need.APP_SETTINGS})
    bad = (
        Example("A name that is not set", (an_app(_TASK, local={"OTHER": "1"}),)),
        Example("A name that is set to nothing", (an_app(_TASK, local={"TASKHUB_NAME": ""}),)),
    )
    good = (
        Example("A name that is set", (an_app(_TASK, local={"TaskHub_Name": "orders"}),)),
        Example("No name", (an_app({"hubName": "orders"}, local={}),)),
        Example("No settings were found: nothing is known of them", (an_app(_TASK),)),
    )

    def check(self, fact: AppFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Look up each name in all files with settings."""
        for entry in fact.task.values() if fact.settings else ():
            for name in names_in(entry.text):
                found = [file.get(name) for file in fact.settings]
                if not any(one is not None and one.text for one in found):
                    said = f"{name} has no value in the app settings that were found"
                    where = f"{entry.name} {name}"
                    yield self.at(entry.place, said, head=entry.text, discriminator=where)
