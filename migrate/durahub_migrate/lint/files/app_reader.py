"""Makes of the files of an app what rules look at."""

import re
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import PurePosixPath

from durahub_migrate.lint.facts.apps import (
    CLASSIC,
    IN_PROCESS_EXTENSION,
    AppFacts,
    Ecosystem,
    Entry,
    Package,
    SettingsFile,
)
from durahub_migrate.lint.facts.files import FileProblem
from durahub_migrate.lint.files.app_files import (
    HOST,
    PROJECTS,
    file_name,
    is_requirements,
    is_settings_file,
    is_shared_project,
)
from durahub_migrate.lint.files.document import Document, Node
from durahub_migrate.lint.files.json_document import read_json
from durahub_migrate.lint.files.packages import (
    maven_packages,
    node_packages,
    nuget_packages,
    project_packages,
    required_packages,
)
from durahub_migrate.lint.files.settings_reader import read_settings_file
from durahub_migrate.lint.files.toml_document import read_toml
from durahub_migrate.lint.files.xml_document import XmlDocument, read_xml
from durahub_migrate.lint.place import Place, PlaceKind

_OVERRIDES = "azurefunctionsjobhost:extensions:durabletask:"
_PYTHON = re.compile(r"(?:python-?)?\s*(\d+(?:\.\d+){0,2})\s*$", re.IGNORECASE)


def read_app(
    folder: str, texts: Mapping[str, str], above: Mapping[str, str] | None = None
) -> Iterator[AppFacts | FileProblem]:
    """Yield what cannot be read, then the app of *folder*.

    *texts* are its files by path (``app/host.json``, ``app/Orders/function.json``); *above* are files of the
    folders above that say something for all below (``Directory.Packages.props``), the nearest last.
    """
    reading = _Reading(texts, above or {})
    host = reading.json(next(path for path in texts if file_name(path) == HOST))
    settings = tuple(reading.settings())
    packages = tuple(reading.packages())
    section, at_top = _section(host)
    facts = AppFacts(
        place=host.place(),
        folder=folder,
        host=host,
        task=_task(host, section, at_top, settings),
        at_top=at_top,
        has_section=section is not None or host.root.member("durableTask") is not None,
        bundle_id=_entry(host, "extensionBundle.id"),
        bundle_range=_entry(host, "extensionBundle.version"),
        settings=settings,
        packages=packages,
        runtime=_runtime(settings, packages),
        python=reading.python(),
        bindings=frozenset(reading.bindings()),
        providers=frozenset(_providers(section, settings)),
    )
    yield from reading.problems
    yield facts


class _Reading:
    """Reads files by their names; what is wrong with one is noted, and the rest of it used."""

    def __init__(self, texts: Mapping[str, str], above: Mapping[str, str]) -> None:
        self._texts = texts
        self._above = above
        self.problems: list[FileProblem] = []

    def json(self, path: str) -> Document:
        return self._noted(read_json(path, self._texts[path]))

    def toml(self, path: str) -> Document:
        return self._noted(read_toml(path, self._texts[path]))

    def xml(self, path: str) -> XmlDocument:
        document = read_xml(path, {**self._above, **self._texts}[path])
        self._note(document.place(), document.problems)
        return document

    def settings(self) -> Iterator[SettingsFile]:
        for path in sorted(self._texts):
            if is_settings_file(path):
                found = read_settings_file(read_json(path, self._texts[path]))
                if isinstance(found, SettingsFile):
                    yield found
                elif found is not None:
                    self.problems.append(found)

    def packages(self) -> Iterator[Package]:
        shared = [self.xml(path) for path in reversed(list(self._above))]
        shared = [
            *(self.xml(path) for path in sorted(self._texts) if is_shared_project(path)),
            *shared,
        ]
        for path in sorted(self._texts):
            name = file_name(path)
            if PurePosixPath(name).suffix in PROJECTS:
                yield from nuget_packages(self.xml(path), shared)
            elif name == "pom.xml":
                yield from maven_packages(self.xml(path))
            elif name == "package.json":
                yield from node_packages(self.json(path))
            elif name == "pyproject.toml":
                yield from project_packages(self.toml(path))
            elif is_requirements(path):
                yield from required_packages(path, self._texts[path])

    def python(self) -> Entry | None:
        """Return what the app says of its Python; what pins it exactly comes first."""
        for path in sorted(self._texts):
            if file_name(path) in (".python-version", "runtime.txt"):
                found = _PYTHON.match(self._texts[path].strip().split("\n")[0])
                if found is not None:
                    place = Place(source=path, kind=PlaceKind.FILE)
                    return Entry("python", found[1], place)
        for path in sorted(self._texts):
            if file_name(path) == "pyproject.toml":
                document = read_toml(path, self._texts[path])
                for key in ("project.requires-python", "tool.poetry.dependencies.python"):
                    said = _entry(document, key)
                    if said is not None:
                        return said
        return None

    def bindings(self) -> Iterator[str]:
        for path in sorted(self._texts):
            if file_name(path) == "function.json":
                listed = self.json(path).root.get("bindings")
                for item in listed.items if listed is not None else ():
                    kind = item.get("type")
                    if kind is not None and isinstance(kind.scalar, str):
                        yield kind.scalar.lower()

    def _noted(self, document: Document) -> Document:
        self._note(document.place(), document.problems)
        return document

    def _note(self, place: Place, problems: object) -> None:
        assert isinstance(problems, tuple)  # noqa: S101 (for the types)
        for sentence, span in problems:
            at = Place(source=place.source, kind=PlaceKind.FILE, span=span)
            problem = FileProblem(at, sentence)
            if problem not in self.problems:
                self.problems.append(problem)


def _section(host: Document) -> tuple[Node | None, bool]:
    """Return the section, and whether it stands where Functions 1.x wants it."""
    found, top = host.root.at("extensions.durableTask"), host.root.get("durableTask")
    version = host.root.get("version")
    if found is None and top is not None and (version is None or str(version.scalar) != "2.0"):
        return top, True
    return found, False


def _task(
    host: Document, section: Node | None, at_top: bool, settings: tuple[SettingsFile, ...]
) -> dict[str, Entry]:
    start = "durableTask" if at_top else "extensions.durableTask"
    deployed = [one for one in settings if not one.is_local]
    local = [one for one in settings if one.is_local]
    entries: dict[str, Entry] = {}
    for name, entry in chain(
        _overrides(local),
        _below(host, section, start, "") if section is not None else (),
        _overrides(deployed),
    ):
        entries[name.lower()] = entry
    return entries


def _providers(section: Node | None, settings: tuple[SettingsFile, ...]) -> Iterator[str]:
    said = section.at("storageProvider.type") if section is not None else None
    yield str(said.scalar).strip().lower() if said is not None and said.scalar else CLASSIC
    for name, entry in _overrides(list(settings)):
        if name.lower() == "storageprovider.type":
            yield entry.text.lower()


def _below(host: Document, section: Node, start: str, prefix: str) -> Iterator[tuple[str, Entry]]:
    for member in section.members:
        name = f"{prefix}{member.name}"
        node = member.value
        if node.kind == "object":
            yield from _below(host, node, start, f"{name}.")
        elif node.kind == "list":
            values = tuple(item.scalar for item in node.items)
            yield name, Entry(name, values, host.place(node, f"{start}.{name}"), host, member)
        elif node.scalar is not None:  # null is the same as nothing
            place = host.place(node, f"{start}.{name}")
            yield name, Entry(name, node.scalar, place, host, member)


def _overrides(files: list[SettingsFile]) -> Iterator[tuple[str, Entry]]:
    for file in files:
        for setting, entry in file.values.items():
            path = setting.replace("__", ":")
            if path.lower().startswith(_OVERRIDES):
                name = path[len(_OVERRIDES) :].replace(":", ".")
                yield name, Entry(name, entry.value, entry.place)


def _entry(document: Document, path: str) -> Entry | None:
    parent, _, name = path.rpartition(".")
    above = document.root.at(parent) if parent else document.root
    member = above.member(name) if above is not None else None
    if member is None or member.value.kind != "scalar" or member.value.scalar is None:
        return None
    value = member.value
    return Entry(path, value.scalar, document.place(value, path), document, member)


def _runtime(settings: tuple[SettingsFile, ...], packages: tuple[Package, ...]) -> Entry | None:
    """Return which worker runs the app: what a setting says, else what its packages tell."""
    for file in sorted(settings, key=lambda one: one.is_local):
        said = file.get("FUNCTIONS_WORKER_RUNTIME")
        if said is not None and said.text:
            return said
    # An app in another language may have a project file, too: extensions.csproj has its extensions.
    for package in sorted(packages, key=lambda one: one.ecosystem is Ecosystem.NUGET):
        runtime = _of_package(package)
        if runtime is not None:
            return Entry("FUNCTIONS_WORKER_RUNTIME", runtime, package.place)
    return None


_IN_PROCESS = frozenset({"microsoft.net.sdk.functions", IN_PROCESS_EXTENSION.lower()})
_BY_ECOSYSTEM = {
    Ecosystem.PIP: (frozenset({"azure-functions", "azure-functions-durable"}), "python"),
    Ecosystem.NPM: (frozenset({"@azure/functions", "durable-functions"}), "node"),
    Ecosystem.MAVEN: (
        frozenset({"azure-functions-java-library", "durabletask-azure-functions"}),
        "java",
    ),
}


def _of_package(package: Package) -> str | None:
    name = package.name.lower()
    if package.ecosystem is Ecosystem.NUGET:
        if name == "microsoft.azure.functions.worker" or name.startswith(
            "microsoft.azure.functions.worker."
        ):
            return "dotnet-isolated"
        is_project = file_name(package.place.source) != "extensions.csproj"
        return "dotnet" if name in _IN_PROCESS and is_project else None
    names, runtime = _BY_ECOSYSTEM[package.ecosystem]
    return runtime if name in names else None
