"""Leases on blobs and containers: asked for, changed, renewed, released; lease blobs read and written."""

import asyncio
import contextlib
from collections.abc import Iterator

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.storage.blob import ContentSettings
from azure.storage.blob.aio import BlobClient, BlobLeaseClient, BlobServiceClient

from durahub.classic.partitioning.lease_blob import LeaseBlob, decode, encode
from durahub.classic.storage_errors import BEING_DELETED, StorageErrors, code_of
from durahub.errors import HubNotFound

_CONTENT = ContentSettings(content_type="application/octet-stream")
_GONE = BEING_DELETED | {"ContainerNotFound"}
_REFUSED = (404, 409, 412)  # another has the lease, or the blob is not there any more


class _Answers:
    """Makes of storage's answers: ``False`` for what a lease forbids, `HubNotFound`, `Unavailable`."""

    def __init__(self, hub: str, errors: StorageErrors) -> None:
        self._hub = hub
        self._errors = errors

    @contextlib.contextmanager
    def refusable(self) -> Iterator[list[str]]:
        """Put the code of a refusal into the list that the body gets."""
        refused: list[str] = []
        with self.translated():
            try:
                yield refused
            except HttpResponseError as error:
                if error.status_code not in _REFUSED or code_of(error) in _GONE:
                    raise
                refused.append(code_of(error))

    @contextlib.contextmanager
    def translated(self) -> Iterator[None]:
        with self._errors.translated():
            try:
                yield
            except HttpResponseError as error:
                if code_of(error) in _GONE:
                    raise HubNotFound(self._hub, store=self._errors.store) from error
                raise


class LeaseBlobs:
    """The lease blobs of a hub, by their names in its leases container.

    What storage refuses because of the lease is answered with ``False``. Raises `HubNotFound` when the
    container is not there, and `Unavailable`.
    """

    def __init__(
        self, client: BlobServiceClient, container: str, hub: str, errors: StorageErrors
    ) -> None:
        self._container = client.get_container_client(container)
        self._answers = _Answers(hub, errors)

    async def read(self, folder: str) -> list[LeaseBlob]:
        """Return the lease blobs of *folder*, in the order of their names."""
        with self._answers.translated():
            listed = self._container.list_blobs(name_starts_with=f"{folder}/")
            names = [str(blob.name) async for blob in listed]
        found = await asyncio.gather(*map(self._read, sorted(names)))
        return [blob for blob in found if blob is not None]

    async def _read(self, name: str) -> LeaseBlob | None:
        """Return a blob; content and state are of one answer, and so of one moment."""
        with self._answers.translated():
            try:
                stream = await self._blob(name).download_blob()
                content = await stream.readall()
            except ResourceNotFoundError as error:
                if code_of(error) in _GONE:
                    raise
                return None
        partition = name.partition("/")[2]
        return decode(content, partition, leased=stream.properties.lease.state == "leased")

    async def create(self, name: str) -> None:
        """Write a blob that nobody has, unless it is there."""
        with self._answers.refusable():
            await self._blob(name).upload_blob(
                encode(LeaseBlob(name.partition("/")[2])), content_settings=_CONTENT
            )

    async def acquire(self, name: str, token: str, seconds: int) -> bool:
        """Acquire a lease that is free, with the ID *token*; for ``-1`` seconds: without end.

        One that is there under this ID gets that term.
        """
        with self._answers.refusable() as refused:
            await self._lease(name, token).acquire(lease_duration=seconds, retry_total=0)
        return not refused

    async def change(self, name: str, token: str, new: str) -> bool:
        """Change a lease's ID from *token* to *new*: who had it has it no more."""
        with self._answers.refusable() as refused:
            await self._lease(name, token).change(proposed_lease_id=new, retry_total=0)
        return not refused

    async def renew(self, name: str, token: str) -> bool:
        """Renew a lease; also one that ran out, if nobody has had it since."""
        with self._answers.refusable() as refused:
            await self._lease(name, token).renew()
        return not refused

    async def release(self, name: str, token: str) -> bool:
        """Release a lease."""
        with self._answers.refusable() as refused:
            await self._lease(name, token).release()
        return not refused

    async def write(self, name: str, blob: LeaseBlob, token: str) -> bool:
        """Write a blob under its lease."""
        with self._answers.refusable() as refused:
            await self._blob(name).upload_blob(
                encode(blob),
                overwrite=True,
                lease=self._lease(name, token),
                content_settings=_CONTENT,
            )
        return not refused

    def _blob(self, name: str) -> BlobClient:
        return self._container.get_blob_client(name)

    def _lease(self, name: str, token: str) -> BlobLeaseClient:
        return BlobLeaseClient(self._blob(name), lease_id=token)


class AppLeaseContainer:
    """The container whose lease is an app's, and the blob that says whose. Answers as `LeaseBlobs` does."""

    def __init__(
        self, client: BlobServiceClient, container: str, blob: str, hub: str, errors: StorageErrors
    ) -> None:
        self._container = client.get_container_client(container)
        self._info = self._container.get_blob_client(blob)
        self._answers = _Answers(hub, errors)

    async def acquire(self, lease_id: str, seconds: int) -> bool:
        """Acquire the lease; who has it under this ID already has it for longer."""
        with self._answers.refusable() as refused:
            await self._lease(lease_id).acquire(lease_duration=seconds)
        return not refused

    async def change(self, lease_id: str, new: str) -> bool:
        """Change the lease's ID."""
        with self._answers.refusable() as refused:
            await self._lease(lease_id).change(proposed_lease_id=new)
        return not refused

    async def renew(self, lease_id: str) -> bool:
        """Renew the lease."""
        with self._answers.refusable() as refused:
            await self._lease(lease_id).renew()
        return not refused

    async def release(self, lease_id: str) -> bool:
        """Release the lease."""
        with self._answers.refusable() as refused:
            await self._lease(lease_id).release()
        return not refused

    async def is_leased(self) -> bool:
        """Tell whether an app has the lease."""
        with self._answers.translated():
            properties = await self._container.get_container_properties()
        return bool(properties.lease.state == "leased")

    async def break_lease(self) -> None:
        """Take the lease from whoever has it: the container is to be deleted."""
        with self._answers.refusable():
            await BlobLeaseClient(self._container).break_lease(lease_break_period=0)

    async def read_info(self) -> bytes | None:
        """Return what the blob holds, ``None`` if there is none."""
        with self._answers.translated():
            try:
                stream = await self._info.download_blob()
                return await stream.readall()
            except ResourceNotFoundError as error:
                if code_of(error) in _GONE:
                    raise
                return None

    async def create_info(self) -> None:
        """Write a blob that names nobody, unless it is there."""
        with self._answers.refusable():
            await self._info.upload_blob(b"{}", content_settings=_CONTENT)

    async def write_info(self, content: bytes) -> None:
        """Write the blob."""
        with self._answers.translated():
            await self._info.upload_blob(content, overwrite=True, content_settings=_CONTENT)

    def _lease(self, lease_id: str) -> BlobLeaseClient:
        return BlobLeaseClient(self._container, lease_id=lease_id)
