"""ARM903: a scheduler that takes calls from everywhere."""

from collections.abc import Iterator

from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.templates import SCHEDULER, TemplateFacts
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import SCHEDULER_PROFILES, Rule
from durahub_migrate.lint.target import Given
from durahub_migrate.lint.template_examples import in_bicep, scheduler

_EVERYWHERE = ("0.0.0.0/0", "::/0")


class OpenToAll(Rule[TemplateFacts]):
    """Finds schedulers whose ``ipAllowlist`` lets in every address.

    Why it matters: ``0.0.0.0/0`` opens the scheduler's endpoint to the internet. Callers still need a token
    with a role, but a stolen token, or a role given too widely, is then enough from anywhere.

    What to do: list the outbound addresses of your apps, or use private endpoints and
    ``publicNetworkAccess: 'Disabled'``.

    When to ignore it: a scheduler for development (``lint.target.production`` says so for all of them); or
    workers without fixed addresses, with the risk accepted.
    """

    code = "ARM903"
    message = "scheduler is open to every address"
    severity = Severity.WARNING
    source = "Durable Task Scheduler documentation, access control by IP address"
    about = (TemplateFacts,)
    needs = frozenset({Need.TEMPLATES})
    profiles = SCHEDULER_PROFILES
    bad = (
        in_bicep("Everywhere", scheduler(allowed="ipAllowlist: ['0.0.0.0/0']")),
        in_bicep(
            "By the default of a parameter",
            "param allowed array = ['10.0.0.0/8', '0.0.0.0/0']\n"
            + scheduler(allowed="ipAllowlist: allowed"),
        ),
    )
    good = (
        in_bicep(
            "Everywhere, for tests",
            scheduler(allowed="ipAllowlist: ['0.0.0.0/0']"),
            production=False,
        ),
        in_bicep("A private network", scheduler(allowed="ipAllowlist: ['10.0.0.0/8']")),
        in_bicep(
            "It is closed anyway",
            scheduler(allowed="ipAllowlist: ['0.0.0.0/0']", more="publicNetworkAccess: 'Disabled'"),
        ),
    )

    def check(self, fact: TemplateFacts, given: Given) -> Iterator[Finding]:
        """Look for ranges of prefix length 0, where the target is production."""
        if not given.target.production:
            return
        for resource in fact.of_kind(SCHEDULER):
            listed = resource.look("properties.ipAllowlist")
            access = resource.look("properties.publicNetworkAccess")
            if listed is None or (access is not None and access.scalar == "Disabled"):
                continue
            for number, item in enumerate(listed.items):
                if item.scalar in _EVERYWHERE:
                    path = f"properties.ipAllowlist[{number}]"
                    yield self.at(resource.place(item, path), f"{item.scalar} allows every address")
