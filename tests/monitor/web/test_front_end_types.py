"""The front end's types name nothing that the API does not give: its interfaces are held against OpenAPI."""

import re
from pathlib import Path
from typing import Any

import pytest

from durahub_migrate.web.describing import described

TYPES = (Path(__file__).parents[3] / "migrate/ui/src/lib/types.ts").read_text("utf-8")
SCHEMAS: dict[str, Any] = described()["components"]["schemas"]
NAMES = {
    "Session": "SessionView",
    "Settings": "UiSettings",
    "RowPage": "InstanceList",
    "EventPage": "HistoryPage",
    "Diff": "Difference",
    "ActionBody": "ActionRequest",
    "Sequence": "SequenceDiagram",
    "Finding": "Badge",
    "Readiness": "HubReadiness",
    "OfflineDocument": "OpenedDocument",
    "JobBody": "JobAsked",
    "Alert": "AlertView",
    "QueryCheck": "CheckedQuery",
}
"""Interfaces that are called otherwise than the schema."""


def interfaces() -> dict[str, set[str]]:
    """Return the members of each interface; of nested objects only the outer member."""
    found = {}
    for match in re.finditer(r"export interface (\w+)(?: extends \w+)? \{", TYPES):
        depth, at = 1, match.end()
        text = ""
        while depth:
            char = TYPES[at]
            depth += (char in "{([") - (char in "})]")
            text += char if depth == 1 else ""
            at += 1
        plain = re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.DOTALL)
        found[match[1]] = set(re.findall(r"(?:^|[;\n{])\s*(?:readonly )?(\w+)\??:", plain))
    return found


INTERFACES = interfaces()
SHARED = sorted(name for name in INTERFACES if NAMES.get(name, name) in SCHEMAS)


@pytest.mark.parametrize("name", SHARED)
def test_an_interface_names_members_that_the_api_gives(name: str) -> None:
    schema = SCHEMAS[NAMES.get(name, name)]

    assert INTERFACES[name] - set(schema["properties"]) == set()


def test_most_interfaces_are_of_the_api() -> None:
    assert len(SHARED) >= 30
