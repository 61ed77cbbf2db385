"""Blobs: large payloads, lease managers' evidence, and what was set aside. Rare enough for the SDK."""

import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from azure.core import MatchConditions
from azure.core.exceptions import (
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.storage.blob import ContentSettings
from azure.storage.blob.aio import BlobServiceClient

from durahub.classic.storage_errors import StorageErrors
from durahub.errors import BadPayload

_PAYLOAD = ContentSettings(content_type="application/octet-stream")
_JSON = ContentSettings(content_type="application/json")


@dataclass(frozen=True, slots=True)
class ListedBlob:
    """A blob as a listing shows it."""

    name: str
    size: int
    changed: datetime


class Blobs:
    """The blobs of a hub's containers. A container is made when something is first written to it."""

    def __init__(self, client: BlobServiceClient, errors: StorageErrors) -> None:
        self._client = client
        self._errors = errors

    def container_url(self, container: str) -> str:
        """Return the address of a container, without a signature."""
        return f"{self._client.url.partition('?')[0].rstrip('/')}/{container}"

    async def write(self, container: str, name: str, content: bytes) -> None:
        """Write a payload, over what may be there."""
        await self._upload(container, name, content, overwrite=True, settings=_PAYLOAD)

    async def write_new_json(self, container: str, name: str, value: dict[str, Any]) -> bool:
        """Write a JSON text; ``False``, and nothing is changed, if the blob exists."""
        content = json.dumps(value, ensure_ascii=False, indent=1).encode(
            "utf-8", "backslashreplace"
        )
        return await self._upload(container, name, content, overwrite=False, settings=_JSON)

    async def read(self, container: str, name: str, most: int | None = None) -> bytes | None:
        """Return a blob's content, ``None`` if there is no such blob (or container).

        Raises `BadPayload` if it has more than *most* bytes.
        """
        with self._errors.translated():
            try:
                stream = await self._client.get_blob_client(container, name).download_blob()
                if most is not None and stream.size > most:
                    raise BadPayload(name, f"it has {stream.size} bytes, more than {most}")
                return await stream.readall()
            except ResourceNotFoundError:
                return None

    async def read_version(self, container: str, name: str) -> tuple[bytes, str] | None:
        """Return a blob's content and its ETag, ``None`` if there is no such blob."""
        with self._errors.translated():
            try:
                stream = await self._client.get_blob_client(container, name).download_blob()
                return await stream.readall(), str(stream.properties.etag)
            except ResourceNotFoundError:
                return None

    async def replace_json(
        self, container: str, name: str, value: dict[str, Any], etag: str | None
    ) -> bool:
        """Write a JSON text over the version *etag*; ``None``: only if there is none. Tell if it was."""
        if etag is None:
            return await self.write_new_json(container, name, value)
        content = json.dumps(value, ensure_ascii=False, indent=1).encode()
        return await self._replace(container, name, content, etag, _JSON)

    async def replace(self, container: str, name: str, content: bytes, etag: str) -> bool:
        """Write *content* over the version *etag*. Tell if it was that version."""
        return await self._replace(container, name, content, etag, _PAYLOAD)

    async def _replace(
        self, container: str, name: str, content: bytes, etag: str, settings: ContentSettings
    ) -> bool:
        with self._errors.translated():
            try:
                await self._client.get_blob_client(container, name).upload_blob(
                    content,
                    overwrite=True,
                    content_settings=settings,
                    etag=etag,
                    match_condition=MatchConditions.IfNotModified,
                )
            except (ResourceModifiedError, ResourceNotFoundError):
                return False
        return True

    async def names(self, container: str, prefix: str = "") -> AsyncIterator[str]:
        """Yield the names of the blobs that begin with *prefix*; none if there is no container."""
        with self._errors.translated():
            listed = self._client.get_container_client(container).list_blobs(
                name_starts_with=prefix or None
            )
            try:
                async for blob in listed:
                    yield blob.name
            except ResourceNotFoundError:
                return

    async def listed(self, container: str, prefix: str = "") -> AsyncIterator[ListedBlob]:
        """Yield the blobs whose names begin with *prefix*, by name; none if there is no container."""
        with self._errors.translated():
            found = self._client.get_container_client(container).list_blobs(
                name_starts_with=prefix or None
            )
            try:
                async for blob in found:
                    yield ListedBlob(blob.name, blob.size, blob.last_modified)
            except ResourceNotFoundError:
                return

    async def is_leased_for_ever(self, container: str) -> bool:
        """Tell whether somebody has a lease without end on a container."""
        with self._errors.translated():
            client = self._client.get_container_client(container)
            try:
                found = await client.get_container_properties()
            except ResourceNotFoundError:
                return False
        return found.lease.state == "leased" and found.lease.duration == "infinite"

    async def leased(self, container: str, prefix: str) -> str | None:
        """Return the name of a blob under *prefix* that somebody has a lease on."""
        with self._errors.translated():
            listed = self._client.get_container_client(container).list_blobs(
                name_starts_with=prefix
            )
            try:
                async for blob in listed:
                    if blob.lease.state == "leased":
                        return str(blob.name)
            except ResourceNotFoundError:
                return None
        return None

    async def delete(self, container: str, name: str) -> None:
        """Delete a blob, if it is there."""
        with self._errors.translated():
            try:
                await self._client.get_blob_client(container, name).delete_blob()
            except ResourceNotFoundError:
                return

    async def _upload(
        self,
        container: str,
        name: str,
        content: bytes,
        *,
        overwrite: bool,
        settings: ContentSettings,
    ) -> bool:
        """Upload; ``False`` if it is there and may not be overwritten.

        The container is made only when storage misses it, so that it costs nothing afterwards.
        """
        client = self._client.get_blob_client(container, name)
        with self._errors.translated():
            try:
                try:
                    await client.upload_blob(
                        content, overwrite=overwrite, content_settings=settings
                    )
                except ResourceNotFoundError:
                    with contextlib.suppress(ResourceExistsError):
                        await self._client.create_container(container)
                    await client.upload_blob(
                        content, overwrite=overwrite, content_settings=settings
                    )
            except ResourceExistsError:
                if overwrite:
                    raise
                return False
        return True
