"""Instances of a hub in Azure Storage as facts, their large payloads read, measured and let go one by one."""

from collections.abc import Coroutine, Mapping
from dataclasses import replace
from typing import Any

from durahub.classic import instance_rows, stored_rows
from durahub.classic.columns import Columns
from durahub.classic.doctor.reading import StoredRows
from durahub.classic.doctor.rules import blobs as blob_rules
from durahub.classic.doctor.snapshot import InstanceFacts as ClassicInstance
from durahub.classic.history_rows import SENTINEL, HistoryRow, decode
from durahub.classic.instance_payloads import resolved
from durahub.classic.large_payloads import LargePayloads
from durahub.classic.payloads import candidates
from durahub.classic.row_size import row_size
from durahub.errors import Malformed, StorageDenied
from durahub.model.history import Event
from durahub.stored import StoredInstance
from durahub_migrate.lint.facts.entity_reading import entity_of
from durahub_migrate.lint.facts.instances import EntityFacts, InstanceFacts, Problem
from durahub_migrate.lint.facts.measuring import (
    asked_name,
    event_payloads,
    names_entity,
    row_payloads,
)
from durahub_migrate.lint.facts.payloads import Payload, PayloadKind
from durahub_migrate.lint.place import Place, PlaceKind


class ClassicInstances:
    """Makes facts of what the tables hold. *denied* is why blobs are not read, once they were refused."""

    def __init__(self, address: str, payloads: LargePayloads) -> None:
        self._address = address
        self._payloads = payloads
        self.denied: StorageDenied | None = None

    async def facts(
        self, stored: StoredRows, classic: ClassicInstance, *, history_is_read: bool = True
    ) -> InstanceFacts:
        """Return the facts of an instance. Blobs are read only where its history is."""
        one = _Instance(self, classic, with_blobs=history_is_read)
        await one.measure_history([row.columns for row in stored.history])
        row = await one.measure_row()
        is_entity = names_entity(classic.instance_id)
        rows = [*([stored.row] if stored.row else []), *stored.history]
        return InstanceFacts(
            place=self.place(classic.instance_id),
            instance_id=classic.instance_id,
            row=row,
            history=classic.events,
            history_is_read=history_is_read,
            state=classic.state,
            payloads=tuple(one.payloads),
            entity=one.entity(row) if is_entity else None,
            problems=tuple(one.problems),
            stored_bytes=sum(row_size(found.columns) for found in rows),
            blobs=tuple(dict.fromkeys(blob_rules.mentioned(classic, self._payloads.url))),
            classic=classic if history_is_read else None,
        )

    def place(self, instance_id: str) -> Place:
        """Return where an instance stands."""
        kind = PlaceKind.ENTITY if names_entity(instance_id) else PlaceKind.INSTANCE
        return Place(source=self._address, kind=kind, key=instance_id)

    def is_in_blob(self, text: str) -> bool:
        """Tell whether a text of an instance row is the address of a blob."""
        return bool(candidates(text, self._payloads.url))

    def blob_at(self, text: str) -> str:
        """Return the name of the blob that an address, or its name, means."""
        return next(iter(candidates(text, self._payloads.url)), text)

    async def text_at(self, address: str) -> str | None:
        """Return the text in the blob with that *address*, ``None`` if blobs may not be read."""
        return await self._unless_denied(resolved(address, self._payloads))

    async def in_blob(self, name: str) -> str | None:
        """Return the text in a blob, ``None`` if blobs may not be read. Raises `BadPayload`."""
        return await self._unless_denied(self._payloads.read(name))

    async def _unless_denied(self, reading: Coroutine[Any, Any, str | None]) -> str | None:
        if self.denied is not None:
            reading.close()
            return None
        try:
            return await reading
        except StorageDenied as error:
            self.denied = error
            return None


class _Instance:
    """One instance while it is read."""

    def __init__(
        self, instances: ClassicInstances, classic: ClassicInstance, *, with_blobs: bool
    ) -> None:
        self._instances = instances
        self._classic = classic
        self._with_blobs = with_blobs
        self._scheduler_state: str | None = None
        self._state_is_elsewhere = False  # in a blob that was not read
        self.payloads: list[Payload] = []
        self.problems: list[Problem] = []

    async def measure_history(self, history: list[Columns]) -> None:
        """Measure the events of the current execution, one with its large texts at a time."""
        classic = self._classic
        self.problems += [
            Problem(f"history row {key}", sentence) for key, sentence in classic.unreadable
        ]
        current = (one for one in history if one.get("RowKey") != SENTINEL)
        columns = {
            str(one.get("RowKey")): one for one, _ in zip(current, classic.row_keys, strict=False)
        }
        of_entity = names_entity(classic.instance_id)
        unreadable = {key for key, _ in classic.unreadable}
        keys = [key for key in classic.row_keys if key not in unreadable]
        names: dict[int, str] = {}
        for key, row in zip(keys, classic.rows, strict=True):
            asked = asked_name(row.event)
            if asked is not None:
                names[asked[0]] = asked[1]
            event = await self._whole(row, columns[key]) if row.blobs else row.event
            if event is None or (row.blobs and not getattr(event, "input", None)):
                self._state_is_elsewhere |= row.event is classic.state.started
            if event is None:
                continue
            if row.event is classic.state.started:
                self._scheduler_state = getattr(event, "input", None)
            self.payloads += event_payloads(
                row.index, event, row.blobs, names=names, of_entity=of_entity
            )

    async def _whole(self, row: HistoryRow, columns: Columns) -> Event | None:
        """Return the event with its large texts; ``None`` if blobs are not read.

        A text that cannot be read is left empty, for which `event_payloads` has a problem.
        """
        texts: dict[str, str] = {}
        for name, blob in row.blobs.items():
            try:
                text = await self._instances.in_blob(blob)
            except Malformed as error:
                self.problems.append(Problem(f"event {row.index}, {name}", error.sentence))
                text = ""
            if text is None:
                return None
            texts[name] = text
        try:
            return decode({**columns, **texts}).event
        except Malformed as error:
            self.problems.append(Problem(f"event {row.index}", error.sentence))
            return row.event

    async def measure_row(self) -> StoredInstance | None:
        """Measure what the row carries beside the history, and return it."""
        classic = self._classic
        if classic.row_problem is not None:
            self.problems.append(Problem("instance row", classic.row_problem))
        if classic.row is None:
            return None
        found = instance_rows.decode(classic.row_columns)
        row = stored_rows.stored_instance(
            classic.row_columns,
            found,
            input_text=found.instance.input or None,
            output_text=found.instance.output or None,
        )
        outside = self._outside(found, row)
        inside = replace(
            row,
            input=None if "input" in outside else row.input,
            output=None if "output" in outside else row.output,
        )
        self.payloads += row_payloads(inside, classic.events)
        for member, address in outside.items():
            await self._measure_outside(inside, member, address)
        return inside

    def _outside(self, found: instance_rows.InstanceRow, row: StoredInstance) -> Mapping[str, str]:
        """Return which of input and output stand in blobs: names and addresses of these."""
        texts = {"input": row.input, "output": row.output}
        outside = {
            member: text
            for member, text in texts.items()
            if text is not None and self._instances.is_in_blob(text)
        }
        if found.input_blob is not None:
            outside["input"] = found.input_blob
        return outside

    async def _measure_outside(self, row: StoredInstance, member: str, blob: str) -> None:
        """Measure an input or output that stands in a blob; if the history has it, the blob must be there."""
        state = self._classic.state
        in_history = state.started if member == "input" else state.completed
        column = member.capitalize()
        named = self._instances.blob_at(blob)
        if not self._with_blobs or any(named in row.blobs.values() for row in self._classic.rows):
            self._state_is_elsewhere |= member == "input" and in_history is None
            return
        try:
            if self._instances.is_in_blob(blob):
                text = await self._instances.text_at(blob)
            else:
                text = await self._instances.in_blob(blob)
        except Malformed as error:
            where = f"row, {column}"
            kind = PayloadKind.INPUT if member == "input" else PayloadKind.OUTPUT
            if names_entity(row.instance_id):
                kind = PayloadKind.ENTITY_STATE
            self._state_is_elsewhere |= member == "input" and in_history is None
            self.problems.append(Problem(where, error.sentence))
            self.payloads.append(
                Payload(kind=kind, where=where, size=0, blob=named, problem=error.sentence)
            )
            return
        if text is None or in_history is not None:
            self._state_is_elsewhere |= member == "input" and in_history is None
            return
        if member == "input":
            self._scheduler_state = text
        input_text, output_text = (text, None) if member == "input" else (None, text)
        whole = replace(row, input=input_text, output=output_text, custom_status=None)
        found = row_payloads(whole, self._classic.events)
        self.payloads += [replace(one, blob=named) for one in found]

    def entity(self, row: StoredInstance | None) -> EntityFacts:
        """Return the facts of an entity: its state is the input of its start."""
        text = self._scheduler_state
        if text is None and row is not None:
            text = row.input
        found = entity_of(self._classic.instance_id, text)
        return replace(found, is_read=not self._state_is_elsewhere)
