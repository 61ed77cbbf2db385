"""App settings with their places, in the three forms that `durahub.configuration.app_settings_file` tells."""

from collections.abc import Iterator

from durahub_migrate.lint.facts.apps import Entry, SettingsFile
from durahub_migrate.lint.facts.files import FileProblem
from durahub_migrate.lint.files.app_files import file_name
from durahub_migrate.lint.files.document import Document, Node
from durahub_migrate.lint.place import Place, PlaceKind


def read_settings_file(document: Document) -> SettingsFile | FileProblem | None:
    """Return the settings in a file, ``None`` if it holds something else, or what is wrong with it."""
    for sentence, span in document.problems:
        return FileProblem(Place(source=document.path, kind=PlaceKind.FILE, span=span), sentence)
    root = document.root
    is_local = file_name(document.path) == "local.settings.json"
    encrypted = root.get("IsEncrypted")
    if encrypted is not None and encrypted.scalar is True:
        sentence = "its values are encrypted; 'func settings decrypt' makes them readable"
        return FileProblem(document.place(encrypted), sentence)
    if root.kind == "list":
        entries = list(_listed(document, root))
    elif root.kind != "object":
        return None
    elif root.member("Values") or root.member("ConnectionStrings"):
        entries = [
            *_named(document, root.get("Values"), "Values", ""),
            *_named(
                document, root.get("ConnectionStrings"), "ConnectionStrings", "ConnectionStrings:"
            ),
        ]
    elif any(one.value.kind != "scalar" for one in root.members):
        return None  # a file of .NET's own configuration: the host does not read it
    else:
        entries = list(_named(document, root, "", ""))
    return SettingsFile(document.place(), is_local, {one.name: one for one in entries})


def _named(document: Document, section: Node | None, where: str, prefix: str) -> Iterator[Entry]:
    for member in section.members if section is not None else ():
        if member.value.kind == "scalar":
            key = f"{where}.{member.name}" if where else member.name
            value = "" if member.value.scalar is None else member.value.scalar
            yield Entry(f"{prefix}{member.name}", value, document.place(member, key))


def _listed(document: Document, root: Node) -> Iterator[Entry]:
    """Yield what ``az functionapp config appsettings list`` prints."""
    for item in root.items:
        name, value = item.get("name"), item.get("value")
        if name is not None and isinstance(name.scalar, str):
            said = value.scalar if value is not None and value.scalar is not None else ""
            yield Entry(name.scalar, said, document.place(name, name.scalar))
