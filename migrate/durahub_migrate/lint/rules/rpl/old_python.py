"""RPL311: a Python that is too old for the new Functions package."""

from collections.abc import Iterator

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from durahub_migrate.lint.facts.apps import AppFacts, Ecosystem, Package
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import MOVING_PROFILES, Example, Rule
from durahub_migrate.lint.rules.cfg.an_app import an_app
from durahub_migrate.lint.target import Given

PACKAGE = "azure-functions-durable"
FIRST_NEW = 2  # the major version that is built on the portable SDK
FIRST_PYTHON = 13  # the minor version of Python 3 that it wants
LAST_PYTHON = 40  # further than anybody will write
_FROM = frozenset({">=", "==", "===", "~=", ">"})


def _app(package: str, python: str) -> tuple[AppFacts]:
    return (an_app(files={"requirements.txt": package, ".python-version": python}),)


_PROJECT = """[project]
name = "orders"
requires-python = "{}"
dependencies = ["azure-functions-durable>=2.0.0b1"]
"""


class OldPython(Rule[AppFacts]):
    """Finds Python apps with the new Durable Functions package and a Python before 3.13.

    Why it matters: version 2 of ``azure-functions-durable`` is written anew on the portable SDK, and
    needs Python 3.13 or later. On an older one it cannot be installed, so the app is deployed without it,
    or not at all.

    What to do: raise the app's Python, in the project and in Azure (``linuxFxVersion``), or stay with
    version 1 of the package. Read its migration guide before you let version 2 take over running
    instances.
    """

    code = "RPL311"
    message = "Python is too old for the new Durable Functions package"
    severity = Severity.WARNING
    source = "azure-functions-durable for Python, MIGRATION_GUIDE.md and pyproject.toml"
    about = (AppFacts,)
    needs = frozenset({Need.APP_FILES})
    profiles = MOVING_PROFILES
    bad = (
        Example("Version 2 with Python 3.12", _app("azure-functions-durable==2.0.0b2", "3.12")),
        Example(
            "Version 2 in a project that ends before 3.13",
            (an_app(files={"pyproject.toml": _PROJECT.format(">=3.10,<3.13")}),),
        ),
    )
    good = (
        Example("Version 2 with Python 3.13", _app("azure-functions-durable==2.0.0b2", "3.13")),
        Example("Version 1 with Python 3.11", _app("azure-functions-durable==1.3.1", "3.11")),
        Example("A version that is not named", _app("azure-functions-durable", "3.11")),
        Example(
            "Version 2 in a project that 3.13 may run",
            (an_app(files={"pyproject.toml": _PROJECT.format(">=3.10")}),),
        ),
    )

    def check(self, fact: AppFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Compare the package that is asked for with the Python that is named."""
        package, python = fact.package(PACKAGE), fact.python
        if package is None or python is None or not _is_new(package):
            return
        if not _may_be_new(python.text):
            said = f"{PACKAGE} {package.version} needs Python 3.{FIRST_PYTHON}, the app names {python.text}"
            yield self.at(python.place, said)


def _is_new(package: Package) -> bool:
    """Tell whether the package must be of the new kind."""
    if package.ecosystem is not Ecosystem.PIP:
        return False
    try:
        asked = SpecifierSet((package.version or "").replace("^", ">="))
        lowest = (Version(one.version.removesuffix(".*")) for one in asked if one.operator in _FROM)
        return any(one.major >= FIRST_NEW for one in lowest)
    except (InvalidSpecifier, InvalidVersion):
        return False


def _may_be_new(python: str) -> bool:
    """Tell whether what an app says of its Python admits one that is new enough. The unknown does."""
    if python[:1].isdigit():
        python = f"=={'.'.join(python.split('.')[:2])}.*"
    elif python.startswith("~") and not python.startswith("~="):  # as Poetry writes it
        python = f"=={python[1:]}.*"
    try:
        admitted = SpecifierSet(python.replace("^", ">="))
    except InvalidSpecifier:
        return True
    return any(admitted.contains(f"3.{minor}") for minor in range(FIRST_PYTHON, LAST_PYTHON))
