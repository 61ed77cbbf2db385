"""Parameters files: which ones belong to a template, and the values that they give it."""

import posixpath
import re
from collections.abc import Iterator, Mapping

from durahub_migrate.lint.files.bicep_syntax import parse
from durahub_migrate.lint.files.bicep_values import Names, Values
from durahub_migrate.lint.files.computed import of_file, plain, unknown
from durahub_migrate.lint.files.document import Node
from durahub_migrate.lint.files.json_document import read_json

_USING = re.compile(r"^\s*using\s+'([^'\n]*)'", re.MULTILINE)
_PLACEHOLDER = re.compile(r"\$\{[^}]*\}|#\{[^}]*\}#|__\w+__")
Given = Mapping[str, Node]
"""Values by the names of parameters, in the places of the parameters file."""


def beside_of(path: str, name: str) -> str:
    """Return the path of the file that *path* calls *name*."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(path.replace("\\", "/")), name))


def parameters_of(path: str, beside: Mapping[str, str]) -> Iterator[str]:
    """Yield the paths of the parameters files that belong to the template *path*, in order."""
    here = path.replace("\\", "/")
    folder, name = posixpath.split(here)
    stem = posixpath.splitext(name)[0].lower()
    for other in sorted(beside):
        found, called = posixpath.split(other.replace("\\", "/"))
        if called.lower().endswith(".bicepparam"):
            using = _USING.search(beside[other])
            if using is not None and beside_of(other, using[1]) == posixpath.normpath(here):
                yield other
        elif found == folder and _is_json_for(called.lower(), stem):
            yield other


def _is_json_for(name: str, stem: str) -> bool:
    """Whether it is like ``main.parameters.json`` or ``main.dev.parameters.json``."""
    if not name.endswith((".json", ".jsonc")):
        return False
    parts = name.split(".")
    return parts[0] == stem and "parameters" in parts[1:-1]


def read_parameters(path: str, text: str) -> Given:
    """Return the values in a parameters file, as far as it can be read."""
    if path.lower().endswith(".bicepparam"):
        syntax = parse(text, parameters=True)
        names = Names()
        given = {}
        for node in syntax.root.named_children:
            parts = [one for one in node.named_children if one.type != "comment"]
            if node.type == "variable_declaration" and len(parts) == 2:
                names.declared[syntax.text(parts[0])] = parts[1]
                start = syntax.at.data[node.start_byte :]
                if start.startswith(b"param"):
                    given[syntax.text(parts[0])] = parts[1]
        values = Values(syntax, names)
        return {name: of_file(values.of(node), path) for name, node in given.items()}
    document = read_json(path, text)
    found = document.root.get("parameters")
    result: dict[str, Node] = {}
    for member in found.members if found is not None else ():
        value = member.value.get("value")
        if value is None or _has_placeholder(plain(value)):
            value = unknown(member.name, member.name_span)
        result[member.name] = of_file(value, path)
    return result


def _has_placeholder(value: object) -> bool:
    """Whether azd or a pipeline is to put something in its place first."""
    if isinstance(value, dict):
        return any(map(_has_placeholder, value.values()))
    if isinstance(value, list):
        return any(map(_has_placeholder, value))
    return isinstance(value, str) and _PLACEHOLDER.search(value) is not None
