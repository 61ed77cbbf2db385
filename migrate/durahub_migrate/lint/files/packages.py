"""The packages that an app names: NuGet, PyPI, npm, Maven. What a build would work out is not known here."""

import re
from collections.abc import Iterator, Mapping, Sequence

from packaging.requirements import InvalidRequirement, Requirement

from durahub_migrate.lint.facts.apps import Ecosystem, Package
from durahub_migrate.lint.files.document import Document, Node
from durahub_migrate.lint.files.positions import Positions
from durahub_migrate.lint.files.xml_document import Element, XmlDocument
from durahub_migrate.lint.place import Place, PlaceKind, Span

_PROPERTY = re.compile(r"\$\(([\w.-]+)\)|\$\{([\w.-]+)\}")
_COMMENT = re.compile(r"(^|\s)#.*$")
_OPTION = re.compile(r"\s(--hash|--config-settings|--global-option)\b.*$")
_NODE_TABLES = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")
_Problems = tuple[tuple[str, Span], ...]


def nuget_packages(project: XmlDocument, shared: Sequence[XmlDocument] = ()) -> Iterator[Package]:
    """Yield the packages of a project file.

    *shared* are files that lend it properties and, with central package management, versions
    (``Directory.Packages.props``, ``Directory.Build.props``), the nearest first.
    """
    central: dict[str, str] = {}
    known: dict[str, str] = {}
    for document in reversed(shared):
        known |= _properties(document)
        for element in document.root.all("PackageVersion"):
            version = element.get("Version")
            if version is not None:
                central[(element.get("Include") or element.get("Update") or "").lower()] = version
    known |= _properties(project)
    for document in (*reversed(shared), project):
        for element in document.root.all("PackageReference"):
            name = element.get("Include")
            if not name:
                continue
            own = element.get("VersionOverride") or element.get("Version")
            version = _filled(own or central.get(name.lower()), known)
            at = element.values.get("Version") if version == element.get("Version") else None
            yield Package(Ecosystem.NUGET, name, version, document.place(element, name), at)


def maven_packages(project: XmlDocument) -> Iterator[Package]:
    """Yield the dependencies of a ``pom.xml``."""
    known = {
        name: value
        for table in project.root.children
        if table.name == "properties"
        for name, value in _texts(table)
    }
    for element in project.root.all("dependency"):
        name = element.get("artifactId")
        if name:
            version = _filled(element.get("version"), known)
            yield Package(Ecosystem.MAVEN, name, version, project.place(element, name))


def node_packages(document: Document) -> Iterator[Package]:
    """Yield the dependencies of a ``package.json``."""
    for table in _NODE_TABLES:
        found = document.root.get(table)
        for member in found.members if found is not None else ():
            version = member.value.scalar
            yield Package(
                Ecosystem.NPM,
                member.name,
                version if isinstance(version, str) else None,
                document.place(member, f"{table}.{member.name}"),
            )


def required_packages(path: str, text: str) -> Iterator[Package]:
    """Yield the packages of a ``requirements.txt``; other files that it names are not read."""
    at = Positions(text)
    for number, line in enumerate(text.split("\n"), start=1):
        said = _OPTION.sub("", _COMMENT.sub("", line)).strip().rstrip("\\").strip()
        place = Place(source=path, kind=PlaceKind.FILE, span=at.span_of_line(number))
        if said and not said.startswith("-"):
            yield from _required(said, place)


def project_packages(document: Document) -> Iterator[Package]:
    """Yield the dependencies of a ``pyproject.toml``: of the project, and of Poetry."""
    listed = document.root.at("project.dependencies")
    for item in listed.items if listed is not None else ():
        if isinstance(item.scalar, str):
            yield from _required(item.scalar, document.place(item, "project.dependencies"))
    poetry = document.root.at("tool.poetry.dependencies")
    for member in poetry.members if poetry is not None else ():
        if member.name.lower() != "python":
            place = document.place(member, f"tool.poetry.dependencies.{member.name}")
            yield Package(Ecosystem.PIP, member.name.lower(), _of_poetry(member.value), place)


def _required(said: str, place: Place) -> Iterator[Package]:
    try:
        found = Requirement(said)
    except InvalidRequirement:
        return  # a path, an address, or something that pip alone knows
    name = re.sub(r"[-_.]+", "-", found.name).lower()
    yield Package(Ecosystem.PIP, name, str(found.specifier) or None, place)


def _of_poetry(node: Node) -> str | None:
    value = node.get("version") if node.kind == "object" else node
    said = value.scalar if value is not None else None
    return said if isinstance(said, str) else None


def _properties(document: XmlDocument) -> dict[str, str]:
    return {
        name: value for group in document.root.all("PropertyGroup") for name, value in _texts(group)
    }


def _texts(element: Element) -> Iterator[tuple[str, str]]:
    for child in element.children:
        yield child.name.lower(), child.text.strip()


def _filled(version: str | None, known: Mapping[str, str]) -> str | None:
    """Return *version* with the properties it names, ``None`` if one of them is not known."""
    for _ in range(5):  # a property may name another
        found = _PROPERTY.search(version) if version is not None else None
        if version is None or found is None:
            return version
        value = known.get((found[1] or found[2]).lower())
        version = None if value is None else version.replace(found[0], value)
    return None
