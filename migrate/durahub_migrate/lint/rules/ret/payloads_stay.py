"""RET813: payloads that were put into blobs, and nothing that deletes them."""

from collections.abc import Iterable, Iterator

from durahub_migrate.lint.facts.apps import AppFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.templates import Resource, TemplateFacts
from durahub_migrate.lint.files.document import Scalar, Unknown
from durahub_migrate.lint.finding import Confidence, Finding, Severity
from durahub_migrate.lint.rule import SCHEDULER_PROFILES, JoiningRule, Observation
from durahub_migrate.lint.rules.pay.offloading import OFFLOADED, offloading
from durahub_migrate.lint.target import Given
from durahub_migrate.lint.template_examples import in_bicep

_ACCOUNT = "microsoft.storage/storageaccounts"
_LIFECYCLE = "microsoft.storage/storageaccounts/managementpolicies"
CONTAINER = "durabletask-payloads"
_ACCOUNT_TEXT = """resource account 'Microsoft.Storage/storageAccounts@2024-01-01' = {
  name: 'orderspayloads'
}
"""


def _lifecycle(prefix: str) -> str:
    return f"""resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2024-01-01' = {{
  parent: account
  name: 'default'
  properties: {{
    policy: {{
      rules: [
        {{
          name: 'payloads'
          type: 'Lifecycle'
          definition: {{
            filters: {{ blobTypes: ['blockBlob'], prefixMatch: ['{prefix}'] }}
            actions: {{ baseBlob: {{ delete: {{ daysAfterModificationGreaterThan: 120 }} }} }}
          }}
        }}
      ]
    }}
  }}
}}
"""


class PayloadsStay(JoiningRule[TemplateFacts | AppFacts]):
    """Finds templates with a storage account for large payloads, but no rule that deletes old ones.

    Why it matters: with payload offloading, payloads above 256 KiB are kept as blobs in the container
    ``durabletask-payloads``. The scheduler purges instances, not these blobs: they stay, and are paid for,
    for ever.

    What to do: add a lifecycle management policy to the account that deletes blobs with the prefix
    ``durabletask-payloads/``, after a time that is longer than the longest life of an instance and its
    retention together.

    When to ignore it: an SDK deletes the blobs with their instances, or the rule is in another template.
    """

    code = "RET813"
    message = "nothing deletes the blobs of purged payloads"
    severity = Severity.WARNING
    confidence = Confidence.MEDIUM
    source = "Durable Task documentation, article on large payloads; durabletask-dotnet#758"
    about = (TemplateFacts, AppFacts)
    needs = frozenset({Need.TEMPLATES})
    profiles = SCHEDULER_PROFILES
    bad = (
        in_bicep("An account without rules", _ACCOUNT_TEXT, offload=True),
        in_bicep("A rule for others", _ACCOUNT_TEXT + _lifecycle("logs/"), offload=True),
    )
    good = (
        in_bicep("A rule", _ACCOUNT_TEXT + _lifecycle(f"{CONTAINER}/"), offload=True),
        in_bicep("Payloads stay in the scheduler", _ACCOUNT_TEXT, offload=False),
        in_bicep("The account is declared elsewhere", "param name string\n", offload=True),
    )

    def observe(self, fact: TemplateFacts | AppFacts, given: Given) -> Iterator[Observation]:
        """Note whether payloads are offloaded, which templates have accounts, and a rule that fits."""
        yield from offloading(fact, given)
        if isinstance(fact, AppFacts):
            return
        if fact.unread or not fact.whole or any(map(_deletes, fact.of_kind(_LIFECYCLE))):
            yield Observation("", "1deleted", fact.place)
        for account in fact.of_kind(_ACCOUNT):
            yield Observation("", "2account", account.place())

    def conclude(
        self,
        group: str,  # noqa: ARG002
        seen: Iterable[Observation],
        given: Given,  # noqa: ARG002
    ) -> Iterator[Finding]:
        """Name the first account where payloads are offloaded and no rule deletes them."""
        offload = False
        for one in seen:
            offload = offload or one.value == OFFLOADED
            if one.value.startswith("1") or not offload:
                return
            if one.value.startswith("2"):
                said = f"no lifecycle rule deletes what is in the container {CONTAINER}"
                yield self.at(one.place, said)
                return


def _deletes(lifecycle: Resource) -> bool:
    """Whether a rule may delete payloads; one that is not known does."""
    rules = lifecycle.look("properties.policy.rules")
    if rules is None or rules.kind != "list":
        return rules is not None and isinstance(rules.scalar, Unknown)
    for rule in rules.items:
        prefixes = rule.at("definition.filters.prefixMatch")
        texts = [one.scalar for one in prefixes.items] if prefixes is not None else []
        if not texts or any(map(_may_mean_payloads, texts)):
            return True
    return False


def _may_mean_payloads(prefix: Scalar) -> bool:
    if not isinstance(prefix, str):
        return True
    return CONTAINER.startswith(prefix.rstrip("/")[: len(CONTAINER)])
