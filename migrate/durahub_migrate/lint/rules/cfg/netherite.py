"""CFG122: the Netherite provider."""

from collections.abc import Iterator

from durahub_migrate.lint.facts.apps import AppFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import Example, Rule
from durahub_migrate.lint.rules.cfg.an_app import a_scheduler_app, an_app
from durahub_migrate.lint.target import Given


class Netherite(Rule[AppFacts]):
    """Finds apps that store their state with Netherite.

    Why it matters: Microsoft supports Netherite until 31 March 2028. Its state is in page blobs and Event
    Hubs, in a form of its own: nothing here reads it, and nothing moves it.

    What to do: plan a move to another store before that date. Let instances end where they are, and start
    new ones in the new hub.
    """

    code = "CFG122"
    message = "support for Netherite ends in March 2028"
    severity = Severity.WARNING
    source = "Durable Functions documentation, storage providers"
    about = (AppFacts,)
    needs = frozenset({Need.APP_FILES})
    bad = (Example('`"type": "Netherite"`', (an_app({"storageProvider": {"type": "netherite"}}),)),)
    good = (
        Example("Azure Storage", (an_app(),)),
        Example("The scheduler", (a_scheduler_app(),)),
    )

    def check(self, fact: AppFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Look at the provider."""
        said = fact.get("storageProvider.type")
        if said is not None and fact.provider == "netherite":
            yield self.at(said.place, "the app stores its state with Netherite", head=said.text)
