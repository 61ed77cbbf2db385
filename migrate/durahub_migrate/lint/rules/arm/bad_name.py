"""ARM901: a scheduler or hub whose name Azure refuses."""

import re
from collections.abc import Iterator

from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.templates import HUB, SCHEDULER, TemplateFacts
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import SCHEDULER_PROFILES, Rule
from durahub_migrate.lint.target import Given
from durahub_migrate.lint.template_examples import hub, in_bicep, scheduler

_NAME = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{1,62})[a-zA-Z0-9]", re.ASCII)


class BadName(Rule[TemplateFacts]):
    """Finds names of schedulers and task hubs that Azure does not take.

    Why it matters: a name has 3 to 64 letters, digits and hyphens, and neither begins nor ends with a hyphen.
    Underscores are not allowed, which hubs in Azure Storage never had either. The deployment fails, in the
    middle of what else it deploys.

    What to do: take another name. A name that is put together from parts is checked where all parts are
    known; ``take(name, 64)`` keeps it from growing too long.
    """

    code = "ARM901"
    message = "name of a scheduler or task hub is not allowed"
    severity = Severity.ERROR
    source = "ARM specification of Microsoft.DurableTask; terraform-provider-azurerm#33280"
    about = (TemplateFacts,)
    needs = frozenset({Need.TEMPLATES})
    profiles = SCHEDULER_PROFILES
    bad = (
        in_bicep("An underscore", scheduler() + hub("'order_hub'")),
        in_bicep("Two characters", scheduler(name="'ab'")),
        in_bicep("65 characters", scheduler(name="'" + "a" * 65 + "'")),
        in_bicep("A hyphen at the end", scheduler(name="'orders-'")),
        in_bicep(
            "An underscore in a known part", "var env = 'my_env'\n" + scheduler(name="'a-${env}'")
        ),
    )
    good = (
        in_bicep("Three characters", scheduler(name="'a-1'") + hub("'abc'")),
        in_bicep("64 characters", scheduler(name="'" + "a" * 64 + "'")),
        in_bicep(
            "A name that the deployment gives", "param n string\n" + scheduler(name="'d_${n}'")
        ),
    )

    def check(self, fact: TemplateFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Look at the last segment of each name that is known."""
        for resource in (*fact.of_kind(SCHEDULER), *fact.of_kind(HUB)):
            name = resource.last_name
            if isinstance(name, str) and _NAME.fullmatch(name) is None:
                what = "scheduler" if resource.kind == SCHEDULER else "task hub"
                said = f"the {what} is called {name!r}; 3 to 64 letters, digits and inner hyphens are allowed"
                yield self.at(resource.place(resource.name, "name"), said)
