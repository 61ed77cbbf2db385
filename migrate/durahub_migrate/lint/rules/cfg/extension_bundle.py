"""CFG106: an extension bundle that has no scheduler in it, or no versioning."""

from collections.abc import Iterator

from durahub_migrate.lint.facts.apps import IN_PROCESS_EXTENSION, AppFacts, Ecosystem, Entry
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.version_ranges import version_range
from durahub_migrate.lint.finding import Finding, Severity, head_of
from durahub_migrate.lint.rule import Example, Rule
from durahub_migrate.lint.rules.cfg.an_app import GENERAL, a_project, a_scheduler_app, an_app
from durahub_migrate.lint.rules.cfg.repairs import rewritten
from durahub_migrate.lint.target import Given

_WITH_SCHEDULER = "4.32.0"
_WITH_VERSIONS = "4.30.0"
_VERSIONING = ("defaultVersion", "versionMatchStrategy", "versionFailureStrategy")
_LANGUAGES = frozenset({"python", "node", "java", "powershell"})
_RUNTIME = "FUNCTIONS_WORKER_RUNTIME"
_EXTENSIONS = {
    "extensions.csproj": a_project((IN_PROCESS_EXTENSION, "3.13.0"))["app.csproj"],
}
_RANGE = f"[{_WITH_SCHEDULER}, 5.0.0)"


class ExtensionBundle(Rule[AppFacts]):
    """Finds extension bundles that are too old for what host.json asks for, or are previews.

    Why it matters: apps in Python, JavaScript, Java and PowerShell get Durable Functions from the extension
    bundle. The scheduler is in ``Microsoft.Azure.Functions.ExtensionBundle`` from 4.32.0 on, orchestration
    versioning from 4.30.0 on; with an older one the host does not find the provider, or ignores the
    setting. The Preview bundle, which some guides still name, is for trying things out.

    What to do: use ``Microsoft.Azure.Functions.ExtensionBundle`` with ``[4.32.0, 5.0.0)``. The host takes the
    newest version within the range.
    """

    code = "CFG106"
    message = "extension bundle does not fit"
    severity = Severity.ERROR
    source = "Durable Task Scheduler quickstart; article on orchestration versioning"
    about = (AppFacts,)
    needs = frozenset({Need.APP_FILES})
    bad = (
        Example(
            "A range that ends below 4.32.0",
            (a_scheduler_app(bundle=(GENERAL, "[4.0.0, 4.32.0)")),),
        ),
        Example("An old major version", (a_scheduler_app(bundle=(GENERAL, "[3.*, 4.0.0)")),)),
        Example("No bundle in an app in Python", (a_scheduler_app(local={_RUNTIME: "python"}),)),
        Example(
            "The Preview bundle",
            (a_scheduler_app(bundle=(f"{GENERAL}.Preview", "[4.29.0, 5.0.0)")),),
        ),
        Example(
            "Versioning with a bundle that lacks it",
            (an_app({"defaultVersion": "2.0"}, bundle=(GENERAL, "[4.0.0, 4.20.0]")),),
        ),
    )
    good = (
        Example(
            "The range of the quickstart", (a_scheduler_app(bundle=(GENERAL, "[4.32.0, 5.0.0)")),)
        ),
        Example("A range that reaches it", (a_scheduler_app(bundle=(GENERAL, "[4.*, 5.0.0)")),)),
        Example("Exactly the first one", (a_scheduler_app(bundle=(GENERAL, "[4.0.0, 4.32.0]")),)),
        Example("An old bundle with Azure Storage", (an_app(bundle=(GENERAL, "[3.*, 4.0.0)")),)),
        Example(
            "No bundle: .NET has packages",
            (a_scheduler_app(local={_RUNTIME: "dotnet-isolated"}),),
        ),
        Example(
            "Extensions of its own in an app in JavaScript",
            (
                a_scheduler_app(
                    files=_EXTENSIONS
                    | {"package.json": '{"dependencies": {"durable-functions": "3"}}'}
                ),
            ),
        ),
    )

    def check(self, fact: AppFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Compare the upper end of the range."""
        bundle, said = fact.bundle_id, fact.bundle_range
        versioned = any(fact.get(name) is not None for name in _VERSIONING)
        if not (fact.uses_scheduler or versioned):
            return
        if bundle is None:
            nuget = any(one.ecosystem is Ecosystem.NUGET for one in fact.packages)
            if fact.worker in _LANGUAGES and not nuget:
                said_so = (
                    f"an app on {fact.worker} has no extensionBundle and no project of extensions"
                )
                yield self.at(fact.place, said_so, discriminator="none")
            return
        if said is not None:
            yield from self._too_old(said, fact.uses_scheduler)
        if bundle.text.lower().endswith(".preview"):
            yield self.at(
                bundle.place,
                f"{head_of(bundle.text)} is not for production; {GENERAL} has the scheduler from "
                f"{_WITH_SCHEDULER} on",
                head=bundle.text,
                discriminator="preview",
                severity=Severity.WARNING,
                fix=rewritten(bundle, GENERAL, safe=False),
            )

    def _too_old(self, said: Entry, uses_scheduler: bool) -> Iterator[Finding]:
        needed = _WITH_SCHEDULER if uses_scheduler else _WITH_VERSIONS
        reason = "the scheduler" if uses_scheduler else "orchestration versioning"
        found = version_range(said.text)
        if found is not None and not found.reaches(needed):
            yield self.at(
                said.place,
                f"{head_of(said.text)} ends before {needed}, the first version that has {reason}",
                head=said.text,
                fix=rewritten(said, _RANGE, safe=False),
            )
