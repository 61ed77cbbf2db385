"""Reads the recorded hubs in ``hubs/``; their README says what each of them is."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

from durahub.classic.columns import Value, from_odata
from durahub.classic.dialect import CORELIB_DICTIONARY, DTFX_1_17, DTFX_2_9, Dialect
from durahub.classic.history_rows import SENTINEL
from durahub.classic.names import HubNames
from durahub.classic.payloads import blob_columns, unpack

FOLDER = Path(__file__).parent / "hubs"
LONGEST_EXPECTED = 4096  # characters, in the expectations

Row = dict[str, Value]


@dataclass(frozen=True)
class QueueMessage:
    """A message as it lay in a queue; *visible_in* is in seconds, 0 if it was visible."""

    queue: str
    text: str
    visible_in: float
    dequeue_count: int
    message_id: str


@dataclass(frozen=True)
class RecordedHub:
    """One recorded hub, named as its folder."""

    name: str

    def __str__(self) -> str:
        return self.name

    @cached_property
    def settings(self) -> dict[str, Any]:
        return json_of(FOLDER / self.name / "settings.json")

    @property
    def names(self) -> HubNames:
        return HubNames(self.settings["hub"], self.settings.get("trackingStoreNamePrefix"))

    @property
    def is_1x(self) -> bool:
        return bool(self.settings["provider"].startswith("DurableTask.AzureStorage 1."))

    @property
    def dialect(self) -> Dialect:
        """The dialect of the program that wrote the hub."""
        return replace(
            DTFX_1_17 if self.is_1x else DTFX_2_9,
            base64_queue_text=self.settings["queueEncoding"] == "Base64",
            dictionary_type=CORELIB_DICTIONARY,
        )

    @cached_property
    def messages(self) -> list[QueueMessage]:
        """Every message of every queue."""
        return [
            QueueMessage(
                path.stem,
                line["text"],
                line["visibleIn"],
                line["dequeueCount"],
                line["messageId"],
            )
            for path in sorted((FOLDER / self.name / "hub" / "queues").glob("*.jsonl"))
            for line in lines_of(path)
        ]

    @cached_property
    def history(self) -> list[dict[str, Any]]:
        """The entities of the History table, in the order of their keys."""
        return self.table(self.names.history_table)

    @cached_property
    def instances(self) -> list[dict[str, Any]]:
        """The entities of the Instances table, in the order of their keys."""
        return self.table(self.names.instances_table)

    @cached_property
    def payloads(self) -> dict[str, bytes]:
        """The blobs of the large-message container by name."""
        container = self.names.large_messages_container
        hub = FOLDER / self.name / "hub"
        return {
            line["name"]: (hub / "blobs" / container / quote(line["name"])).read_bytes()
            for line in lines_of(hub / "blobs.jsonl")
            if line["container"] == container
        }

    @cached_property
    def current_history(self) -> dict[str, list[Row]]:
        """The rows of each instance's current execution by partition key, large values in place."""
        rows: dict[str, list[Row]] = defaultdict(list)
        current: dict[str, str] = {}
        for entity in self.history:
            if entity["RowKey"] == SENTINEL:
                current[entity["PartitionKey"]] = entity["ExecutionId"]
            else:
                rows[entity["PartitionKey"]].append(from_odata(entity))
        return {key: self._leading(found, current[key]) for key, found in rows.items()}

    def _leading(self, rows: list[Row], execution_id: str) -> list[Row]:
        """Return the rows before the first of another execution: that one is left over."""
        leading: list[Row] = []
        for row in rows:
            if row["ExecutionId"] != execution_id:
                break
            values = {
                name: unpack(self.payloads[blob], blob) for name, blob in blob_columns(row).items()
            }
            leading.append({**row, **values})
        return leading

    @cached_property
    def expected(self) -> dict[str, dict[str, Any]]:
        """What the .NET client said about each instance, by its ID."""
        return self._answers("expected.jsonl")

    @cached_property
    def finished(self) -> dict[str, dict[str, Any]]:
        """The same at the end, when a worker had run again."""
        return self._answers("expected-finished.jsonl")

    @cached_property
    def finished_entities(self) -> dict[str, dict[str, Any]]:
        """What the provider's own query said about each entity at the end, by its ID; mostly none."""
        path = FOLDER / self.name / "expected-finished-entities.jsonl"
        lines = lines_of(path) if path.exists() else ()
        return {line["entityId"]: line for line in lines}

    @cached_property
    def finish(self) -> list[dict[str, Any]]:
        """What a client did meanwhile, in order."""
        steps: list[dict[str, Any]] = json.loads((FOLDER / self.name / "finish.json").read_bytes())
        return steps

    def _answers(self, file: str) -> dict[str, dict[str, Any]]:
        return {line["instanceId"]: line for line in lines_of(FOLDER / self.name / file)}

    def queue_and_table_names(self) -> tuple[list[str], list[str]]:
        """Return the names of all queues and of all tables."""
        hub = FOLDER / self.name / "hub"
        return (
            [path.stem for path in (hub / "queues").glob("*.jsonl")],
            [path.stem for path in (hub / "tables").glob("*.jsonl")],
        )

    def table(self, name: str) -> list[dict[str, Any]]:
        """Return the entities of a table, in the order of their keys."""
        return list(lines_of(FOLDER / self.name / "hub" / "tables" / f"{name}.jsonl"))


def in_expectations(value: Any) -> Any:
    """Return a JSON value as the expectations have it: without ``$type``, long texts as digests."""
    match value:
        case str():
            units = len(value.encode("utf-16-le")) // 2
            if units <= LONGEST_EXPECTED:
                return value
            digest = hashlib.sha256(value.encode()).hexdigest()
            return {"$length": units, "$sha256": digest, "$start": value[:40]}
        case dict():
            return {name: in_expectations(one) for name, one in value.items() if name != "$type"}
        case list():
            return [in_expectations(one) for one in value]
    return value


def json_of(path: Path) -> dict[str, Any]:
    """Return the object that a file holds."""
    found: dict[str, Any] = json.loads(path.read_bytes())
    return found


def lines_of(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a file. Only a line feed ends a line: texts hold U+2028 as it is."""
    for line in path.read_bytes().decode("utf-8").split("\n"):
        if line:
            yield json.loads(line)


HUBS = tuple(RecordedHub(path.name) for path in sorted(FOLDER.iterdir()) if path.is_dir())
HUBS_WITH_PAYLOADS = tuple(hub for hub in HUBS if hub.payloads)
