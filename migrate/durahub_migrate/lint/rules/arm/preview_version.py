"""ARM907: a preview version of the API, or one that is no more."""

from collections.abc import Iterator

from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.templates import POLICY, TemplateFacts, version_fix
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import SCHEDULER_PROFILES, Rule
from durahub_migrate.lint.rules.ret.api_version import VERSIONS as WITH_POLICIES
from durahub_migrate.lint.target import Given
from durahub_migrate.lint.template_examples import hub, in_bicep, scheduler

_OURS = "microsoft.durabletask/"
_KNOWN = frozenset(
    {
        "2024-10-01-preview",
        "2025-04-01-preview",
        "2025-11-01",
        "2026-02-01",
        "2026-05-01-preview",
    }
)
_NEWEST = max(_KNOWN)
_WITHDRAWN = "2024-02-01-preview"
STABLE = "2026-02-01"


class PreviewVersion(Rule[TemplateFacts]):
    """Finds schedulers, hubs and policies that are declared in a preview version of the API.

    Why it matters: preview versions are withdrawn after a while, and templates that use them can then no
    longer be deployed: ``2024-02-01-preview`` is gone already. Between two previews, names and meanings may
    change.

    What to do: use a stable version, such as ``2026-02-01``. The fix writes that; try it with ``what-if``
    first.

    When to ignore it: you need what only a preview has, such as keys of your own (``2026-05-01-preview``).
    """

    code = "ARM907"
    message = "API version is a preview, or withdrawn"
    severity = Severity.WARNING
    source = "ARM specification of Microsoft.DurableTask, its versions"
    about = (TemplateFacts,)
    needs = frozenset({Need.TEMPLATES})
    profiles = SCHEDULER_PROFILES
    bad = (
        in_bicep("A preview", scheduler(version="2025-04-01-preview")),
        in_bicep("A version that was withdrawn", scheduler(version="2024-02-01-preview")),
        in_bicep("A version that never was", scheduler() + hub(version="2025-01-01")),
    )
    good = (
        in_bicep("Stable versions", scheduler(version="2025-11-01") + hub(version="2026-02-01")),
        in_bicep("A stable version, unknown here", scheduler(version="2027-01-01")),
    )

    def check(self, fact: TemplateFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Look at all types of the provider, also where they are there already."""
        for resource in fact.resources:
            version = resource.api_version
            if not resource.kind.startswith(_OURS) or not isinstance(version, str):
                continue
            if resource.kind == POLICY and version not in WITH_POLICIES:
                continue  # RET812 tells that
            if version == _WITHDRAWN:
                said = f"version {version} was withdrawn"
            elif version.endswith("-preview"):
                said = f"version {version} is a preview"
            elif version < _NEWEST and version not in _KNOWN:
                said = f"there is no version {version} of this API"
            else:
                continue
            if resource.version is not None:
                fix = version_fix(resource, STABLE, safe=False)
                yield self.at(resource.place(), said, fix=fix)
