"""Large payloads in storage: columns that stand in blobs, written and resolved; classic layout 3."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass

from durahub.classic.blobs import Blobs, ListedBlob
from durahub.classic.columns import Columns, Value
from durahub.classic.envelope import Envelope, decode
from durahub.classic.history_rows import BLOB_NAME
from durahub.classic.keys import escape
from durahub.classic.payloads import (
    LARGEST_PAYLOAD,
    blob_columns,
    blob_url,
    large_columns,
    pack,
    property_blob,
    stored_name,
    unpack,
)
from durahub.errors import BadPayload, Malformed

MESSAGE, HISTORY = "message-", "history-"  # begin the names of blobs in an instance's folders


@dataclass(frozen=True, slots=True)
class FoundBlobs:
    """The blobs of an instance, and how many requests it takes to find them, in pages of 5,000."""

    blobs: tuple[ListedBlob, ...]
    requests: int


class LargePayloads:
    """The large-message container of one hub. *chance* returns a random number below 2**31.

    ``most`` is how many bytes a blob may have, packed and unpacked; a larger one is not read.
    """

    def __init__(self, blobs: Blobs, container: str, chance: Callable[[], int]) -> None:
        self._blobs = blobs
        self._container = container
        self._chance = chance
        self.most = LARGEST_PAYLOAD
        self.url = blobs.container_url(container)

    async def read(self, blob_name: str) -> str:
        """Return the text in a blob. Raises `BadPayload` if it is missing, too large, or cannot be read."""
        content = await self._blobs.read(self._container, blob_name, self.most)
        if content is None:
            raise BadPayload(blob_name, "there is no such blob")
        return unpack(content, blob_name, self.most)

    async def write(self, blob_name: str, text: str) -> None:
        """Write *text* to a blob."""
        await self._blobs.write(self._container, blob_name, pack(text))

    async def write_property(
        self, instance_id: str, row_key: str, event_type: str, column: str, text: str
    ) -> str:
        """Write a column's value to a new blob and return its name."""
        name = property_blob(instance_id, row_key, event_type, column, self._chance())
        await self.write(name, text)
        return name

    async def move_out(
        self, instance_id: str, row_key: str, event_type: str | None, columns: Columns
    ) -> tuple[dict[str, Value], dict[str, str]]:
        """Write what is too large for a row to blobs; return the row, and column → blob.

        Without *event_type* (an instance row) a blob is named for its column.
        """
        kept: dict[str, Value] = dict(columns)
        blobs = {}
        for column, text in large_columns(columns).items():
            kind = event_type or column
            blobs[column] = await self.write_property(instance_id, row_key, kind, column, text)
            kept[column] = ""
            kept[column + BLOB_NAME] = blobs[column]
        return kept, blobs

    async def resolve(self, columns: Columns) -> Columns:
        """Return *columns* with the values that stand in blobs. Raises `BadPayload`."""
        outside: Mapping[str, str] = blob_columns(columns)
        if not outside:
            return columns
        texts = {column: await self.read(name) for column, name in outside.items()}
        return {**columns, **texts}

    async def delete(self, blob_name: str) -> None:
        """Delete a blob, if it is there."""
        await self._blobs.delete(self._container, blob_name)

    async def delete_of(self, instance_id: str) -> None:
        r"""Delete every blob of an instance.

        Messages lie under the raw ID, columns under the escaped one (in old hubs the raw one). A
        folder may hold another instance's too: ``a/`` those of ``a/b``, ``a^0b/`` messages of
        ``a^0b`` beside columns of ``a/b``, and ``a/b/`` messages of ``a/b`` beside those of ``a\b``,
        which only the messages tell apart.
        """
        async for folder, blob in self._listed(instance_id):
            if not _has_twins(folder, blob.name) or await self._is_to(blob.name, instance_id):
                await self.delete(blob.name)

    async def found_of(self, instance_id: str) -> "FoundBlobs":
        """Return the blobs that `delete_of` deletes, and how many requests it takes to find them."""
        found, requests = [], len(_kinds_of(instance_id))
        async for folder, blob in self._listed(instance_id):
            has_twins = _has_twins(folder, blob.name)
            requests += has_twins
            if not has_twins or await self._is_to(blob.name, instance_id):
                found.append(blob)
        return FoundBlobs(tuple(found), requests)

    async def _listed(self, instance_id: str) -> AsyncIterator[tuple[str, ListedBlob]]:
        """Yield the blobs of an instance's folders, each with its folder; some may be another's."""
        for prefix, beginnings in _kinds_of(instance_id).items():
            folder = stored_name(prefix)
            for blob in [one async for one in self._blobs.listed(self._container, folder)]:
                rest = blob.name[len(folder) :]
                if rest.startswith(beginnings) and "/" not in rest:
                    yield folder, blob

    async def _is_to(self, blob_name: str, instance_id: str) -> bool:
        """Tell whether a blob holds a message to the instance; what cannot be read holds none."""
        try:
            found = decode(await self.read(blob_name))
        except Malformed:
            return False
        return isinstance(found, Envelope) and found.message.target.instance_id == instance_id

    def address(self, blob_name: str) -> str:
        """Return the address of a blob as instance rows hold it."""
        return blob_url(self.url, blob_name)


def _kinds_of(instance_id: str) -> dict[str, tuple[str, ...]]:
    """Return the folders of an instance, and how the names of its blobs in them begin."""
    kinds: dict[str, tuple[str, ...]] = {f"{escape(instance_id)}/": (HISTORY,)}
    is_shared = "^" in instance_id or "\\" in instance_id
    kinds[f"{instance_id}/"] = (MESSAGE,) if is_shared else (MESSAGE, HISTORY)
    return kinds


def _has_twins(folder: str, name: str) -> bool:
    """Tell whether a blob may be another instance's as well."""
    return "/" in folder[:-1] and name[len(folder) :].startswith(MESSAGE)
