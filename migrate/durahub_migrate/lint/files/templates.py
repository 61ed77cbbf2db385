"""Files of templates and policies to facts: what the source of folders calls.

Templates (Bicep, ARM JSON), retention policies (JSON, durahub.toml); parameters files and modules are read
with the template that they belong to.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from durahub_migrate.lint.facts.files import FileProblem
from durahub_migrate.lint.facts.templates import POLICY, TemplateFacts, TemplateProblem
from durahub_migrate.lint.files.arm import Arm
from durahub_migrate.lint.files.bicep import Bicep, Declared, Shelf
from durahub_migrate.lint.files.bicep_syntax import Syntax, parse
from durahub_migrate.lint.files.computed import text_of
from durahub_migrate.lint.files.document import Document
from durahub_migrate.lint.files.inline_ignores import inline_ignores
from durahub_migrate.lint.files.json_document import read_json
from durahub_migrate.lint.files.linking import linked
from durahub_migrate.lint.files.parameters import Given, beside_of, parameters_of, read_parameters
from durahub_migrate.lint.files.policies import (
    policies_in_settings,
    policy_in_json,
    policy_of_resource,
)
from durahub_migrate.lint.files.positions import Positions
from durahub_migrate.lint.files.toml_document import read_toml
from durahub_migrate.lint.place import Place, PlaceKind

_SETTINGS = "durahub.toml"
_MARKS = (
    "deploymentTemplate.json",
    "deploymentParameters.json",
    "retentionPolicies",
    "retentionPeriodInDays",
    "Microsoft.DurableTask/",
)
_MODULE = re.compile(r"^\s*module\s+\w+\s+'([^'\n]+)'", re.MULTILINE)


def is_template(path: str, head: str) -> bool:
    """Return whether *path*, which begins with *head* (2,000 characters do), is for `facts_of_file`."""
    name = _name(path)
    if name.endswith((".bicep", ".bicepparam")) or name == _SETTINGS:
        return True
    if not name.endswith((".json", ".jsonc")):
        return False
    if ".parameters." in name:  # it need not name its schema, and counts all the same
        return True
    folded = head.lower()
    return any(mark.lower() in folded for mark in _MARKS)


def facts_of_file(
    path: str, text: str, beside: Mapping[str, str], *, alone: bool = False
) -> Iterator[Any]:
    """Yield the facts of one file, never raising: inline ignores first, what was not read, the rest.

    *beside* are the other files of the folder for which `is_template` holds, by their path, below the same
    folder as *path*: parameters files and modules are looked for there. A file that is a module of
    another one yields its resources with that one, but for a file that was asked for *alone*.
    """
    name = _name(path)
    if name.endswith(".bicep"):
        yield from _of_bicep(path, text, beside, alone=alone)
    elif name.endswith(".bicepparam"):
        syntax = parse(text, parameters=True)
        yield from inline_ignores(path, text, syntax.at)
        yield from _not_understood(path, syntax)
    elif name == _SETTINGS:
        document = read_toml(path, text)
        yield from inline_ignores(path, text, Positions(text))
        yield from _broken(document)
        yield from policies_in_settings(document)
    else:
        yield from _of_json(read_json(path, text), beside)


def _of_bicep(path: str, text: str, beside: Mapping[str, str], *, alone: bool) -> Iterator[Any]:
    syntax = parse(text)
    yield from inline_ignores(path, text, syntax.at)
    yield from _not_understood(path, syntax)
    if not alone and _is_module(path, beside):
        return
    shelf = Shelf(beside)
    seen: list[tuple[Any, ...]] = []
    for parameters, given in _given(path, beside):
        declared = Bicep(path, text, given, shelf).declared()
        if not seen:
            for module in sorted(declared.used):
                inside = shelf.text(module)
                yield from inline_ignores(module, inside, Positions(inside))
        facts = tuple(_facts(path, "bicep", declared, parameters))
        shown = tuple(_resources(fact) for fact in facts)
        if shown not in seen:  # another parameters file that changes nothing
            seen.append(shown)
            yield from facts


def _of_json(document: Document, beside: Mapping[str, str]) -> Iterator[Any]:
    yield from _broken(document)
    schema = (text_of(document.root.get("$schema")) or "").lower()
    if "deploymentparameters" in schema:
        return
    if "deploymenttemplate" not in schema and document.root.get("resources") is None:
        policy = policy_in_json(document)
        if policy is not None:
            yield policy
        return
    if f"{document.path.rpartition('.')[0]}.bicep" in beside:
        return  # built from the Bicep file that is there
    seen: list[tuple[Any, ...]] = []
    for parameters, given in _given(document.path, beside):
        declared = Arm(document, document.root, given).declared()
        facts = tuple(_facts(document.path, "arm", declared, parameters))
        shown = tuple(_resources(fact) for fact in facts)
        if shown not in seen:
            seen.append(shown)
            yield from facts


def _facts(path: str, kind: str, declared: Declared, parameters: str | None) -> Iterator[Any]:
    template = TemplateFacts(
        place=Place(source=path, kind=PlaceKind.FILE),
        format=kind,
        resources=linked(declared.resources),
        parameters=parameters,
        target_scope=declared.target_scope,
        unread=tuple(declared.unread),
        commented=tuple(declared.commented),
        whole=declared.whole,
    )
    yield template
    for resource in template.of_kind(POLICY):
        yield policy_of_resource(resource, template)


def _resources(fact: Any) -> Any:
    """Return what makes two facts different, whatever parameters file they come from."""
    return fact.resources if isinstance(fact, TemplateFacts) else fact


def _given(path: str, beside: Mapping[str, str]) -> Iterator[tuple[str | None, Given]]:
    """Yield the parameters files of a template with their values; nothing given where there are none."""
    files = list(parameters_of(path, beside))
    for file in files:
        yield file, read_parameters(file, beside[file])
    if not files:
        yield None, {}


def _is_module(path: str, beside: Mapping[str, str]) -> bool:
    here = beside_of(path, _last(path))
    return any(
        beside_of(other, found[1]) == here
        for other, text in beside.items()
        if other.endswith(".bicep") and _last(path) in text
        for found in _MODULE.finditer(text)
    )


def _not_understood(path: str, syntax: Syntax) -> Iterator[TemplateProblem]:
    for sentence, span in syntax.mistakes():
        place = Place(source=path, kind=PlaceKind.FILE, span=span)
        yield TemplateProblem(place=place, sentence=sentence)


def _broken(document: Document) -> Iterator[FileProblem]:
    for sentence, span in document.problems:
        place = Place(source=document.path, kind=PlaceKind.FILE, span=span)
        yield FileProblem(place, sentence)


def _last(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2]


def _name(path: str) -> str:
    return _last(path).lower()
