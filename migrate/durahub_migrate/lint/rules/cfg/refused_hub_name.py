"""CFG128: a hub name of which Azure Storage makes no queues and tables."""

import re
from collections.abc import Iterator

from durahub_migrate.lint.facts.apps import CLASSIC, AppFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import Example, Rule
from durahub_migrate.lint.rules.cfg.an_app import a_scheduler_app, an_app
from durahub_migrate.lint.target import Given

# Of 46 to 49 characters .NET makes a hub; the container of large payloads has 14 more, and 63 at most.
_TAKEN = re.compile(r"[A-Za-z][A-Za-z0-9]{2,48}", re.ASCII)


class RefusedHubName(Rule[AppFacts]):
    """Finds a ``hubName`` that Azure Storage refuses: with a dash, a digit first, too short or too long.

    Why it matters: queues, tables and containers are named for the hub, and a table's name has letters and
    digits alone. Durable Functions refuses such a name when the app starts.

    What to do: take 3 to 45 letters and digits, a letter first: ``myHub`` for ``my-hub``. If there is a hub
    that the app has worked on, write its name; ``durahub hub list`` shows the hubs of an account.
    """

    code = "CFG128"
    message = "hubName is one that storage refuses"
    severity = Severity.ERROR
    source = "Durable Functions, AzureStorageOptions.ValidateHubName"
    profiles = frozenset({"recommended", "migrate", "strict"})
    about = (AppFacts,)
    needs = frozenset({Need.APP_FILES})
    bad = (
        Example("With a dash", (an_app({"hubName": "my-hub"}),)),
        Example("A digit first", (an_app({"hubName": "1hub"}),)),
        Example("Two characters", (an_app({"hubName": "ab"}),)),
        Example("50 characters", (an_app({"hubName": "h" * 50}),)),
    )
    good = (
        Example("Letters and digits", (an_app({"hubName": "MyHub2"}),)),
        Example("An app setting's value", (an_app({"hubName": "%TASKHUB-NAME%"}),)),
        Example("Nothing is said", (an_app({}),)),
        Example("On the scheduler", (a_scheduler_app({"hubName": "my-hub"}),)),
    )

    def check(self, fact: AppFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Look at the name, where it is written out."""
        entry = fact.get("hubName") if fact.provider == CLASSIC else None
        if entry is None or not entry.text or "%" in entry.text:
            return
        if _TAKEN.fullmatch(entry.text) is None:
            said = f"{entry.text!r} is no name of a hub: 3 to 45 letters and digits, a letter first"
            yield self.at(entry.place, said, head=entry.text)
