"""Reads the recorded hubs in ``hubs/``; their README says what each of them is."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from durahub.classic.dialect import CORELIB_DICTIONARY, DTFX_1_17, DTFX_2_9, Dialect
from durahub.classic.names import HubNames

FOLDER = Path(__file__).parent / "hubs"
HUB_FOLDERS = tuple(sorted(path.name for path in FOLDER.iterdir() if path.is_dir()))


@dataclass(frozen=True)
class QueueMessage:
    """A message as it lay in a queue."""

    queue: str
    text: str


@dataclass(frozen=True)
class RecordedHub:
    """One recorded hub."""

    name: str

    @cached_property
    def settings(self) -> dict[str, Any]:
        settings: dict[str, Any] = json.loads((FOLDER / self.name / "settings.json").read_text())
        return settings

    @property
    def names(self) -> HubNames:
        return HubNames(self.settings["hub"], self.settings.get("trackingStoreNamePrefix"))

    @property
    def dialect(self) -> Dialect:
        """The dialect of the program that wrote the hub."""
        is_1x = self.settings["provider"].startswith("DurableTask.AzureStorage 1.")
        return replace(
            DTFX_1_17 if is_1x else DTFX_2_9,
            base64_queue_text=self.settings["queueEncoding"] == "Base64",
            dictionary_type=CORELIB_DICTIONARY,
        )

    def messages(self) -> list[QueueMessage]:
        """Return every message of every queue."""
        return [
            QueueMessage(path.stem, line["text"])
            for path in sorted((FOLDER / self.name / "hub" / "queues").glob("*.jsonl"))
            for line in _lines(path)
        ]

    def history(self) -> list[dict[str, Any]]:
        """Return the entities of the History table, in the order of their keys."""
        return self._table(self.names.history_table)

    def instances(self) -> list[dict[str, Any]]:
        """Return the entities of the Instances table, in the order of their keys."""
        return self._table(self.names.instances_table)

    def queues_and_tables(self) -> tuple[list[str], list[str]]:
        """Return the names of all queues and all tables."""
        hub = FOLDER / self.name / "hub"
        return (
            [path.stem for path in (hub / "queues").glob("*.jsonl")],
            [path.stem for path in (hub / "tables").glob("*.jsonl")],
        )

    def payload_blobs(self) -> dict[str, bytes]:
        """Return the blobs of the large-message container by name."""
        container = self.names.large_messages_container
        hub = FOLDER / self.name / "hub"
        return {
            line["name"]: (hub / "blobs" / container / _file_name(line["name"])).read_bytes()
            for line in _lines(hub / "blobs.jsonl")
            if line["container"] == container
        }

    def _table(self, name: str) -> list[dict[str, Any]]:
        return list(_lines(FOLDER / self.name / "hub" / "tables" / f"{name}.jsonl"))


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a file, one a line; a line ends with a line feed and nothing else."""
    for line in path.read_bytes().decode("utf-8").split("\n"):
        if line:
            yield json.loads(line)


def _file_name(blob_name: str) -> str:
    from urllib.parse import quote

    return quote(blob_name, safe="/")
