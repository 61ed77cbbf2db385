"""A Functions app as rules see it: host.json, app settings, packages, all with their places."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from durahub.classic.app_settings import AppSettings
from durahub_migrate.lint.files.document import Document, Member, Scalar
from durahub_migrate.lint.place import Place, Span

CLASSIC = "azurestorage"
SCHEDULER = "azuremanaged"


@dataclass(frozen=True, slots=True)
class Entry:
    """A value that is set. *name* is as it is spelled: below ``durableTask``, or the app setting's.

    The value of an app setting may be a secret: it is never shown. *member* is the entry in *document* that
    an edit would change, where there is one.
    """

    name: str
    value: Scalar | tuple[Scalar, ...] = field(repr=False)
    place: Place
    document: Document | None = field(default=None, repr=False, compare=False)
    member: Member | None = field(default=None, repr=False, compare=False)

    @property
    def text(self) -> str:
        """The value as the host takes it for a text; empty if it is none."""
        match self.value:
            case bool():
                return str(self.value).lower()
            case str() | int() | float():
                return str(self.value).strip()
        return ""

    @property
    def number(self) -> int | None:
        """The value as the host takes it for a whole number."""
        try:
            return int(self.text)
        except ValueError:
            return None

    @property
    def is_true(self) -> bool:
        """Whether the host takes it for true."""
        return self.text.lower() == "true"

    @property
    def is_false(self) -> bool:
        """Whether the host takes it for false."""
        return self.text.lower() == "false"


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """App settings in one file. *is_local* of ``local.settings.json``: nothing in it is deployed."""

    place: Place
    is_local: bool
    values: Mapping[str, Entry]

    def get(self, name: str) -> Entry | None:
        """Return what is set under *name*, in any case and with ``__`` or ``:`` between its parts."""
        wanted = _folded(name)
        found = [entry for key, entry in self.values.items() if _folded(key) == wanted]
        return found[-1] if found else None

    def connection(self, name: str) -> tuple[str, Entry | None] | None:
        """Return the section in which an app finds its connection *name*, and its value if it has one."""
        texts = {key: entry.text for key, entry in self.values.items()}
        section = AppSettings(texts).connection(name)
        return None if section is None else (section, self.get(section))


class Ecosystem(Enum):
    """Where a package is from."""

    NUGET = "NuGet"
    PIP = "PyPI"
    NPM = "npm"
    MAVEN = "Maven"


@dataclass(frozen=True, slots=True)
class Package:
    """A package that an app names; *version* as it is spelled, ``None`` where that is not known.

    *version_at* is where it is written, in the file of *place*, if an edit there would change it.
    """

    ecosystem: Ecosystem
    name: str
    version: str | None
    place: Place
    version_at: Span | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AppFacts:
    """A folder with a host.json. *task* has what stands below ``durableTask``, by lower-case dotted path.

    App settings ``AzureFunctionsJobHost__extensions__durableTask__…`` come before host.json; what
    ``local.settings.json`` alone says counts where nobody else says anything. *at_top*: the section is
    where Functions 1.x wants it. *has_section* tells of a section in either place. *bindings* are the
    kinds of triggers and bindings that ``function.json`` files name, in lower case. *python* is what the
    app says of its Python, as it is spelled: ``3.11``, ``>=3.13``. *providers* are the storage providers,
    in lower case, that host.json and any app setting say; the default is among them where host.json says
    none.
    """

    place: Place
    folder: str
    host: Document = field(repr=False)
    task: Mapping[str, Entry] = field(default_factory=dict)
    at_top: bool = False
    has_section: bool = False
    bundle_id: Entry | None = None
    bundle_range: Entry | None = None
    settings: tuple[SettingsFile, ...] = ()
    packages: tuple[Package, ...] = ()
    runtime: Entry | None = None
    python: Entry | None = None
    bindings: frozenset[str] = frozenset()
    providers: frozenset[str] = frozenset({CLASSIC})

    def get(self, name: str) -> Entry | None:
        """Return what stands below ``durableTask`` under a dotted *name*."""
        return self.task.get(name.lower())

    def stored(self, name: str) -> Entry | None:
        """Return a value of ``storageProvider``; with Functions 1.x it stands beside the others."""
        if self.at_top:
            return self.get(name)
        return self.get(f"storageProvider.{name}")

    @property
    def provider(self) -> str:
        """The storage provider in lower case; Azure Storage where nothing is said."""
        said = self.get("storageProvider.type")
        return said.text.lower() if said is not None and said.text else CLASSIC

    @property
    def uses_scheduler(self) -> bool:
        """Whether it is configured for the Durable Task Scheduler."""
        return self.provider == SCHEDULER

    @property
    def always_uses_scheduler(self) -> bool:
        """Whether it is configured for the scheduler in each environment that is known."""
        return self.providers == {SCHEDULER}

    @property
    def is_durable(self) -> bool:
        """Whether anything of it speaks of Durable Functions."""
        return (
            self.has_section
            or bool(self.task)
            or bool(self.bindings & _DURABLE_BINDINGS)
            or any(one.name.lower() in DURABLE_PACKAGES for one in self.packages)
        )

    def package(self, name: str) -> Package | None:
        """Return the package called *name*, in any case."""
        found = [one for one in self.packages if one.name.lower() == name.lower()]
        return found[0] if found else None

    @property
    def worker(self) -> str:
        """The worker runtime, such as ``dotnet-isolated``, ``dotnet`` (in-process), ``python``; or empty."""
        return self.runtime.text.lower() if self.runtime is not None else ""


WORKER_EXTENSION = "Microsoft.Azure.Functions.Worker.Extensions.DurableTask"
WORKER_MANAGED = "Microsoft.Azure.Functions.Worker.Extensions.DurableTask.AzureManaged"
IN_PROCESS_EXTENSION = "Microsoft.Azure.WebJobs.Extensions.DurableTask"
DURABLE_PACKAGES = frozenset(
    {WORKER_EXTENSION.lower(), WORKER_MANAGED.lower(), IN_PROCESS_EXTENSION.lower()}
    | {"azure-functions-durable", "durable-functions", "durabletask-azure-functions"}
)
_DURABLE_BINDINGS = frozenset(
    {"orchestrationtrigger", "activitytrigger", "entitytrigger", "durableclient"}
)


def _folded(name: str) -> str:
    return name.replace("__", ":").lower()
