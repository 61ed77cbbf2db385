"""PAY410: payloads go to blobs, and the app may not write any."""

from collections.abc import Iterable, Iterator

from durahub_migrate.lint.facts.apps import AppFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.templates import ROLE_ASSIGNMENT, Resource, TemplateFacts
from durahub_migrate.lint.files.computed import text_of
from durahub_migrate.lint.finding import Confidence, Finding, Severity
from durahub_migrate.lint.rule import SCHEDULER_PROFILES, JoiningRule, Observation
from durahub_migrate.lint.rules.arm.roles import IDS, ROLES
from durahub_migrate.lint.rules.arm.wide_role import assignment
from durahub_migrate.lint.rules.cfg.an_app import a_scheduler_app
from durahub_migrate.lint.rules.pay.offloading import OFFLOADED, offloading
from durahub_migrate.lint.target import Given
from durahub_migrate.lint.template_examples import in_bicep, scheduler

WRITERS = {
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe": "Storage Blob Data Contributor",
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": "Storage Blob Data Owner",
    "17d1049b-9a84-46fb-8f53-869881c3d3ab": "Storage Account Contributor",
    "b24988ac-6180-42a0-ab88-20f7382dd24c": "Contributor",
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": "Owner",
}
"""The built-in roles whose holder can write blobs, or read the keys with which that is done."""

_WORKER = assignment("scope: scheduler", IDS["Durable Task Worker"])
_BLOBS = assignment("", "ba92f5b4-2d11-453d-a403-e96b0029c9fe").replace("access", "blobs")
_UNKNOWN = assignment("", "${role}").replace("access", "blobs")


class NoContainerAccess(JoiningRule[TemplateFacts | AppFacts]):
    """Finds templates with a role for a scheduler and none for blobs, where large payloads go to blobs.

    Why it matters: the app itself writes an offloaded payload to the container ``durabletask-payloads``,
    and reads it again. Without a role for that, everything works until the first large payload; then the
    orchestration or the client call fails.

    What to do: give the app's identity the role *Storage Blob Data Contributor* for the container or its
    account.

    When to ignore it: the app uses a connection string with a key, or its role for the account is given in
    another template.
    """

    code = "PAY410"
    message = "payloads go to blobs, and no role lets the app write them"
    severity = Severity.WARNING
    confidence = Confidence.LOW
    source = "Durable Task documentation, article on large payloads"
    about = (TemplateFacts, AppFacts)
    needs = frozenset({Need.TEMPLATES})
    profiles = SCHEDULER_PROFILES
    bad = (
        in_bicep("A role for the scheduler alone", scheduler() + _WORKER, offload=True),
        in_bicep(
            "The same, where host.json turns offloading on",
            scheduler() + _WORKER,
            a_scheduler_app(provider={"largePayloadStorageEnabled": True}),
        ),
    )
    good = (
        in_bicep("A role for blobs as well", scheduler() + _WORKER + _BLOBS, offload=True),
        in_bicep("Payloads stay in the scheduler", scheduler() + _WORKER),
        in_bicep("Roles are given elsewhere", scheduler(), offload=True),
        in_bicep(
            "A role that only the deployment knows",
            "param role string\n" + scheduler() + _WORKER + _UNKNOWN,
            offload=True,
        ),
    )

    def observe(self, fact: TemplateFacts | AppFacts, given: Given) -> Iterator[Observation]:
        """Note whether payloads are offloaded, and roles for a scheduler without one for blobs."""
        yield from offloading(fact, given)
        if isinstance(fact, AppFacts):
            return
        assigned = list(fact.of_kind(ROLE_ASSIGNMENT))
        roles = [_role(one) for one in assigned]
        if fact.unread or not fact.whole or any(one.many for one in assigned) or None in roles:
            return
        if not any(role in WRITERS for role in roles):
            for resource, role in zip(assigned, roles, strict=True):
                if role in ROLES:
                    yield Observation("", "1lacks", resource.place())

    def conclude(
        self,
        group: str,  # noqa: ARG002
        seen: Iterable[Observation],
        given: Given,  # noqa: ARG002
    ) -> Iterator[Finding]:
        """Name the first role for a scheduler, where payloads are offloaded."""
        offload = False
        for one in seen:
            offload = offload or one.value == OFFLOADED
            if offload and one.value == "1lacks":
                yield self.at(one.place, "no role for blobs is given beside this one")
                return


def _role(resource: Resource) -> str | None:
    """Return the ID of the role that is given, ``None`` where only the deployment knows."""
    text = text_of(resource.look("properties.roleDefinitionId"))
    return text.rpartition("/")[2].lower() if text is not None else None
