"""CFG107: .NET packages that lack the scheduler."""

from collections.abc import Iterator

from durahub_migrate.lint.facts.apps import (
    WORKER_EXTENSION,
    WORKER_MANAGED,
    AppFacts,
    Ecosystem,
    Package,
)
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.version_ranges import version_range
from durahub_migrate.lint.finding import Edit, Finding, Fix, Severity
from durahub_migrate.lint.rule import Example, Rule
from durahub_migrate.lint.rules.cfg.an_app import a_project, a_scheduler_app, an_app
from durahub_migrate.lint.target import Given

_FIRST = "1.2.2"
_OLD = a_project((WORKER_EXTENSION, "1.2.1"), (WORKER_MANAGED, "1.0.0"))
_ALONE = a_project((WORKER_EXTENSION, "1.16.5"))
_BOTH = a_project((WORKER_EXTENSION, "1.2.2"), (WORKER_MANAGED, "1.8.1"))
_FLOATING = a_project((WORKER_EXTENSION, "1.*"), (WORKER_MANAGED, "1.*"))
_ELSEWHERE = a_project((WORKER_EXTENSION, "$(DurableVersion)"), (WORKER_MANAGED, "1.*"))


class DotnetPackages(Rule[AppFacts]):
    """Finds .NET apps for the scheduler that lack its package, or have too old a worker extension.

    Why it matters: in the isolated worker the provider ``azureManaged`` comes with the package
    ``Microsoft.Azure.Functions.Worker.Extensions.DurableTask.AzureManaged``, and works with
    ``Microsoft.Azure.Functions.Worker.Extensions.DurableTask`` from 1.2.2 on. Without them the host says
    that there is no such storage provider.

    What to do: add the one package and raise the other. Versions may stand in the project, in a property, or
    in ``Directory.Packages.props``; one that stands elsewhere is not known here and is not judged.
    """

    code = "CFG107"
    message = "the scheduler's .NET packages are missing or too old"
    severity = Severity.ERROR
    source = "Durable Task Scheduler quickstart for Durable Functions, .NET isolated"
    about = (AppFacts,)
    needs = frozenset({Need.APP_FILES})
    bad = (
        Example("The worker extension before 1.2.2", (a_scheduler_app(files=_OLD),)),
        Example("No package of the scheduler", (a_scheduler_app(files=_ALONE),)),
    )
    good = (
        Example("Both packages", (a_scheduler_app(files=_BOTH),)),
        Example("Floating versions", (a_scheduler_app(files=_FLOATING),)),
        Example("A version that is defined elsewhere", (a_scheduler_app(files=_ELSEWHERE),)),
        Example("With Azure Storage", (an_app(files=_ALONE),)),
        Example("An app without project file", (a_scheduler_app(),)),
    )

    def check(self, fact: AppFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Look at both packages, where there is a project file at all."""
        nuget = [one for one in fact.packages if one.ecosystem is Ecosystem.NUGET]
        if not fact.uses_scheduler or not nuget or fact.worker != "dotnet-isolated":
            return
        extension = fact.package(WORKER_EXTENSION)
        if extension is not None and extension.version is not None:
            found = version_range(extension.version)
            if found is not None and not found.reaches(_FIRST):
                said = f"the worker extension must be {_FIRST} or later, found {extension.version}"
                fix = _raised(extension)
                yield self.at(extension.place, said, discriminator=WORKER_EXTENSION, fix=fix)
        if fact.package(WORKER_MANAGED) is None:
            place = (extension or nuget[0]).place
            said = f"there is no reference to {WORKER_MANAGED}"
            yield self.at(place, said, discriminator=WORKER_MANAGED)


def _raised(package: Package) -> Fix | None:
    at = package.version_at
    if at is None:
        return None
    edit = Edit(at.start, at.stop, _FIRST)
    return Fix(f"raise {package.name} to {_FIRST}", package.place.source, (edit,), safe=False)
