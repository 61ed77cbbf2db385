"""Whether an app's large payloads go to blobs: its host.json says so, or whoever runs the linter."""

from collections.abc import Iterator

from durahub_migrate.lint.facts.apps import AppFacts
from durahub_migrate.lint.facts.templates import TemplateFacts
from durahub_migrate.lint.rule import Observation
from durahub_migrate.lint.target import Given

OFFLOADED = "0offload"
"""What is noted where they do; it stands before all else that the rules note."""

_SETTINGS = ("storageProvider.payloadStorageEnabled", "storageProvider.largePayloadStorageEnabled")


def offloading(fact: TemplateFacts | AppFacts, given: Given) -> Iterator[Observation]:
    """Note it at the first setting of an app, or at a template."""
    if isinstance(fact, AppFacts):
        on = [one for name in _SETTINGS if (one := fact.get(name)) is not None and one.is_true]
        if on:
            yield Observation("", OFFLOADED, on[0].place)
    elif given.target.offload:
        yield Observation("", OFFLOADED, fact.place)
