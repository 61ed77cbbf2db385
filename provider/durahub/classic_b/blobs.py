"""A container, its blobs as bytes."""

from collections.abc import AsyncIterator

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.storage.blob.aio import ContainerClient

from durahub.classic_b.failures import storage_errors
from durahub.errors import BadPayload


class Container:
    """One container; it is made when the first blob is written."""

    def __init__(self, client: ContainerClient, account: str) -> None:
        self._client = client
        self._account = account

    async def create(self) -> None:
        """Make the container; one that exists is left as it is."""
        with storage_errors(self._account, passing=(409,)):
            try:
                await self._client.create_container()
            except HttpResponseError as error:
                if error.status_code != 409:
                    raise

    async def drop(self) -> None:
        """Delete the container; one that does not exist is fine."""
        with storage_errors(self._account, passing=(404,)):
            try:
                await self._client.delete_container()
            except HttpResponseError as error:
                if error.status_code != 404:
                    raise

    async def write(self, name: str, content: bytes, *, replace: bool = True) -> bool:
        """Write a blob; without *replace* only a new one. Tell whether it was written."""
        with storage_errors(self._account, passing=(404, 409)):
            try:
                await self._client.upload_blob(name, content, overwrite=replace)
            except HttpResponseError as error:
                if error.status_code == 404:
                    await self.create()
                    await self._client.upload_blob(name, content, overwrite=replace)
                elif error.status_code == 409:
                    return False
                else:
                    raise
        return True

    async def read(self, name: str) -> bytes:
        """Return a blob's content. Raises `BadPayload` if there is none."""
        with storage_errors(self._account, passing=(404,)):
            try:
                stream = await self._client.download_blob(name)
                return bytes(await stream.readall())
            except ResourceNotFoundError:
                raise BadPayload(name, "there is no such blob") from None

    async def delete(self, name: str) -> None:
        """Delete a blob; one that does not exist is fine."""
        with storage_errors(self._account, passing=(404,)):
            try:
                await self._client.delete_blob(name)
            except HttpResponseError as error:
                if error.status_code != 404:
                    raise

    async def names(self, prefix: str) -> AsyncIterator[str]:
        """Yield the blobs whose names begin so; none where there is no container."""
        with storage_errors(self._account, passing=(404,)):
            try:
                async for name in self._client.list_blob_names(name_starts_with=prefix):
                    yield name
            except HttpResponseError as error:
                if error.status_code != 404:
                    raise

    async def leased(self, prefix: str) -> bool:
        """Tell whether any blob below *prefix* is leased now."""
        with storage_errors(self._account, passing=(404,)):
            try:
                async for blob in self._client.list_blobs(name_starts_with=prefix):
                    if blob.lease.state == "leased":
                        return True
            except HttpResponseError as error:
                if error.status_code != 404:
                    raise
        return False
