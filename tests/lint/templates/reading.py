"""Templates read from texts: what most tests of them begin with."""

from collections.abc import Mapping
from typing import TypeVar

from durahub_migrate.lint.facts.policies import PolicyFacts
from durahub_migrate.lint.facts.templates import Resource, TemplateFacts
from durahub_migrate.lint.files.templates import facts_of_file

Fact = TypeVar("Fact")


def facts_of(
    kind: type[Fact], text: str, path: str = "main.bicep", beside: Mapping[str, str] | None = None
) -> list[Fact]:
    return [fact for fact in facts_of_file(path, text, beside or {}) if isinstance(fact, kind)]


def template(text: str, path: str = "main.bicep", **beside: str) -> TemplateFacts:
    """Return the one template in *text*; names of other files have ``__`` for a dot."""
    files = {name.replace("__", "."): content for name, content in beside.items()}
    (only,) = facts_of(TemplateFacts, text, path, files)
    return only


def resource(text: str, key: str, **beside: str) -> Resource:
    found = template(text, **beside).by_key(key)
    assert found is not None
    return found


def policy(text: str, path: str = "main.bicep") -> PolicyFacts:
    (only,) = facts_of(PolicyFacts, text, path)
    return only
