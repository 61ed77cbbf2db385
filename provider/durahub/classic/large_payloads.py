"""Large payloads in storage: columns that stand in blobs, written and resolved; classic layout 3."""

from collections.abc import Callable, Mapping

from durahub.classic.blobs import Blobs
from durahub.classic.columns import Columns, Value
from durahub.classic.envelope import Envelope, decode
from durahub.classic.history_rows import BLOB_NAME
from durahub.classic.keys import escape
from durahub.classic.payloads import (
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


class LargePayloads:
    """The large-message container of one hub. *chance* returns a random number below 2**31."""

    def __init__(self, blobs: Blobs, container: str, chance: Callable[[], int]) -> None:
        self._blobs = blobs
        self._container = container
        self._chance = chance
        self.url = blobs.container_url(container)

    async def read(self, blob_name: str) -> str:
        """Return the text in a blob. Raises `BadPayload` if it is missing or cannot be read."""
        content = await self._blobs.read(self._container, blob_name)
        if content is None:
            raise BadPayload(blob_name, "there is no such blob")
        return unpack(content, blob_name)

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
        kinds: dict[str, tuple[str, ...]] = {f"{escape(instance_id)}/": (HISTORY,)}
        is_shared = "^" in instance_id or "\\" in instance_id
        kinds[f"{instance_id}/"] = (MESSAGE,) if is_shared else (MESSAGE, HISTORY)
        for prefix, beginnings in kinds.items():
            folder = stored_name(prefix)
            names = [name async for name in self._blobs.names(self._container, folder)]
            for name in names:
                rest = name[len(folder) :]
                if not rest.startswith(beginnings) or "/" in rest:
                    continue
                has_twins = "/" in folder[:-1] and rest.startswith(MESSAGE)
                if not has_twins or await self._is_to(name, instance_id):
                    await self.delete(name)

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
