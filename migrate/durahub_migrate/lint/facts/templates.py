"""What Bicep and ARM templates declare, as values; what only a deployment could tell stays unknown."""

from collections.abc import Iterator
from dataclasses import dataclass

from durahub_migrate.lint.files.document import Node, Unknown
from durahub_migrate.lint.finding import Edit, Fix
from durahub_migrate.lint.place import Place, PlaceKind, Span

SCHEDULER = "microsoft.durabletask/schedulers"
HUB = "microsoft.durabletask/schedulers/taskhubs"
POLICY = "microsoft.durabletask/schedulers/retentionpolicies"
ROLE_ASSIGNMENT = "microsoft.authorization/roleassignments"


@dataclass(frozen=True, slots=True, kw_only=True)
class InlineIgnore:
    """A comment that silences rules: ``// durahub-lint: ignore ARM903 -- only while we test``.

    *place* is the comment. It holds for findings that begin on *line*: the comment's own line where something
    stands before it, else the next line that holds more than a comment. A *reason* of ``None`` was not given.
    """

    place: Place
    line: int
    codes: tuple[str, ...]
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateProblem:
    """A piece of a Bicep file that is not understood: a mistake, or newer than the grammar that we have."""

    place: Place
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A resource that a template declares, or with *existing* one that it only names.

    *key* tells it from the others of its template: the symbolic name, ``scheduler.hub`` for one within
    another, ``hub[1]`` in a loop; in ARM JSON the type and the name as written. *names* are the segments of
    its name, the parents' first; a segment that only the deployment tells is `Unknown`. *name* is the value
    of the name as it stands there. *within* is the key of its parent, *scoped_to* that of the resource that
    its scope is, where they are of the same template. *declared* is where its type is written, *version*
    where its API version is.
    """

    file: str
    key: str
    type: str
    api_version: str | Unknown | None
    declared: Span
    version: Span | None
    name: Node | None
    names: tuple[str | Unknown, ...]
    body: Node
    within: str | None = None
    scoped_to: str | None = None
    scope: Node | None = None
    existing: bool = False
    condition: bool | Unknown = True
    many: bool = False  # a loop over what is not known
    deployed_to: str = "resourceGroup"  # the target scope of its file

    @property
    def kind(self) -> str:
        """The type in lower case: Azure does not tell cases apart."""
        return self.type.lower()

    @property
    def last_name(self) -> str | Unknown:
        """The last segment of its name."""
        return self.names[-1] if self.names else Unknown("name")

    def look(self, path: str) -> Node | None:
        """Return the value at a dotted *path* of its body, ``None`` if it is certainly not there.

        Where something on the way is unknown, that is returned.
        """
        node = self.body
        for name in path.split("."):
            if node.kind == "scalar":
                return node if isinstance(node.scalar, Unknown) else None
            found = node.get(name) or node.get(REST)
            if found is None:
                return None
            node = found
        return node

    def place(self, node: Node | None = None, path: str = "") -> Place:
        """Return the place of *node*, which stands at *path*; without one that of the declaration."""
        span = node.span if node is not None else self.declared
        key = ".".join(filter(None, (self.key, path)))
        return Place(source=self.file_of(node), kind=PlaceKind.FILE, key=key, span=span)

    def file_of(self, node: Node | None) -> str:
        """Return the file that *node*, a value of this resource, stands in."""
        return (node.file if node is not None else None) or self.file


REST = "..."
"""The name of the member that stands for all that is not known of an object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadModule:
    """A module that was not there to read: in a registry, or a file that is missing.

    *params* are what is passed to it, as an object.
    """

    place: Place
    path: str
    params: Node | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Commented:
    """A resource declaration that was made a comment."""

    place: Place
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateFacts:
    """A template with everything in its modules and nested deployments, as one deployment of it declares it.

    *parameters* is the parameters file that was used. A template is not *whole* if part of it was not
    understood; *unread* are modules that were not there.
    """

    place: Place
    format: str  # "bicep" or "arm"
    resources: tuple[Resource, ...]
    parameters: str | None = None
    target_scope: str = "resourceGroup"
    unread: tuple[UnreadModule, ...] = ()
    commented: tuple[Commented, ...] = ()
    whole: bool = True

    def of_kind(self, kind: str, *, existing: bool = False) -> Iterator[Resource]:
        """Yield the resources of a type (in lower case) that will be deployed; *existing* ones, too."""
        for one in self.resources:
            if one.kind == kind and one.condition is not False and (existing or not one.existing):
                yield one

    def by_key(self, key: str | None) -> Resource | None:
        """Return a resource by its key."""
        return next((one for one in self.resources if one.key == key), None)


def quoted(file: str, text: str) -> str:
    """Return *text* as a string of the language of *file*."""
    if file.endswith((".bicep", ".bicepparam")):
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("${", "\\${") + "'"
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def rewriting(title: str, file: str, node: Node, text: str, *, safe: bool = True) -> Fix | None:
    """Return the fix that writes *text* in the place of *node*, ``None`` if an expression is there."""
    if not node.literal:
        return None
    file = node.file or file
    edit = Edit(node.span.start, node.span.stop, quoted(file, text))
    return Fix(title, file, (edit,), safe)


def version_fix(resource: Resource, version: str, *, safe: bool = True) -> Fix | None:
    """Return the fix that gives *resource* another API *version*."""
    span = resource.version
    if span is None:
        return None
    is_bicep = resource.file.endswith(".bicep")
    edit = Edit(span.start, span.stop, version if is_bicep else quoted(resource.file, version))
    return Fix(f"use API version {version}", resource.file, (edit,), safe)
