"""The blob service: containers, block blobs that are written whole, ranges, listings, leases.

Source: the REST reference of Azure Storage, *Blob service*.
"""

import re
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from tests.simulation.account.exchange import Refused, Reply, Request, xml_reply
from tests.simulation.account.instants import Instants
from tests.simulation.account.leases import Lease

_RANGE = re.compile(r"bytes=(\d+)-(\d*)")


@dataclass(slots=True)
class Blob:
    """A blob."""

    content: bytes
    content_type: str
    etag: str
    changed: float
    lease: Lease = field(default_factory=Lease)


@dataclass(slots=True)
class Container:
    """A container and its blobs by their names."""

    etag: str
    changed: float
    blobs: dict[str, Blob] = field(default_factory=dict)
    lease: Lease = field(default_factory=Lease)


class BlobService:
    """The containers of an account."""

    def __init__(self, instants: Instants) -> None:
        self._instants = instants
        self.containers: dict[str, Container] = {}

    def handle(self, request: Request) -> Reply:
        """Do what *request* says. Raises `Refused`."""
        name, _, blob = request.path.partition("/")
        if request.query.get("restype") == "container":
            return self._container_itself(request, name)
        if request.is_listing:
            return self._list_containers(request.query.get("prefix", ""))
        container = self._container(name)
        if request.query.get("comp") == "lease":
            return self._leased(request, container, blob)
        match request.method:
            case "PUT":
                return self._write(request, container, blob)
            case "DELETE":
                found = self._blob(container, blob)
                found.lease.check_write(request.headers.get("x-ms-lease-id"), self._now())
                del container.blobs[blob]
                return Reply(202)
            case _:
                return self._read(request, self._blob(container, blob))

    # -- containers ----------------------------------------------------------------------------

    def _container_itself(self, request: Request, name: str) -> Reply:
        match request.method, request.query.get("comp"):
            case _, "lease":
                container = self._container(name)
                return self._with_version(
                    container, container.lease.act(request.headers, self._now())
                )
            case _, "list":
                return self._list(request, name)
            case "PUT", _:
                if name in self.containers:
                    raise Refused(409, "ContainerAlreadyExists")
                made = Container(self._instants.version(), self._now())
                self.containers[name] = made
                return self._with_version(made, Reply(201))
            case "DELETE", _:
                container = self._container(name)
                if container.lease.holds(self._now()) and not request.headers.get("x-ms-lease-id"):
                    raise Refused(412, "LeaseIdMissing")
                del self.containers[name]
                return Reply(202)
            case _:
                container = self._container(name)
                return self._with_version(
                    container, Reply(200, container.lease.headers(self._now()))
                )

    def _list_containers(self, prefix: str) -> Reply:
        names = sorted(name for name in self.containers if name.startswith(prefix))
        listed = "".join(
            f"<Container><Name>{name}</Name><Properties>{self._properties(self.containers[name])}"
            "</Properties></Container>"
            for name in names
        )
        text = f"<Containers>{listed}</Containers><NextMarker />"
        return xml_reply(200, f"<EnumerationResults>{text}</EnumerationResults>")

    def _list(self, request: Request, name: str) -> Reply:
        container, prefix = self._container(name), request.query.get("prefix", "")
        listed = "".join(
            f"<Blob><Name>{escape(key)}</Name><Properties>{self._properties(blob)}"
            f"<Content-Length>{len(blob.content)}</Content-Length>"
            f"<Content-Type>{blob.content_type}</Content-Type><BlobType>BlockBlob</BlobType>"
            "</Properties></Blob>"
            for key, blob in sorted(container.blobs.items())
            if key.startswith(prefix)
        )
        text = f"<Blobs>{listed}</Blobs><NextMarker />"
        return xml_reply(
            200, f'<EnumerationResults ContainerName="{name}">{text}</EnumerationResults>'
        )

    def _properties(self, found: Blob | Container) -> str:
        lease = found.lease.headers(self._now())
        tags = {name.removeprefix("x-ms-"): value for name, value in lease.items()}
        names = {"lease-state": "LeaseState", "lease-status": "LeaseStatus"}
        shown = "".join(f"<{names[k]}>{v}</{names[k]}>" for k, v in tags.items() if k in names)
        changed = self._instants.http(found.changed)
        return f"<Last-Modified>{changed}</Last-Modified><Etag>{found.etag.strip(chr(34))}</Etag>{shown}"

    def _container(self, name: str) -> Container:
        try:
            return self.containers[name]
        except KeyError:
            raise Refused(404, "ContainerNotFound") from None

    # -- blobs ---------------------------------------------------------------------------------

    def _blob(self, container: Container, name: str) -> Blob:
        try:
            return container.blobs[name]
        except KeyError:
            raise Refused(404, "BlobNotFound") from None

    def _leased(self, request: Request, container: Container, name: str) -> Reply:
        blob = self._blob(container, name)
        return self._with_version(blob, blob.lease.act(request.headers, self._now()))

    def _write(self, request: Request, container: Container, name: str) -> Reply:
        there, headers = container.blobs.get(name), request.headers
        if headers.get("if-none-match") == "*" and there is not None:
            raise Refused(409, "BlobAlreadyExists")
        if_match = headers.get("if-match")
        if if_match not in (None, "*") and (there is None or there.etag != if_match):
            raise Refused(412, "ConditionNotMet")
        lease = there.lease if there is not None else Lease()
        lease.check_write(headers.get("x-ms-lease-id"), self._now())
        kind = headers.get("x-ms-blob-content-type", "application/octet-stream")
        blob = Blob(request.body, kind, self._instants.version(), self._now(), lease)
        container.blobs[name] = blob
        return self._with_version(blob, Reply(201))

    def _read(self, request: Request, blob: Blob) -> Reply:
        headers = {
            "Content-Type": blob.content_type,
            "Content-Length": str(len(blob.content)),
            "x-ms-blob-type": "BlockBlob",
            **blob.lease.headers(self._now()),
        }
        if request.method == "HEAD":
            return self._with_version(blob, Reply(200, headers))
        asked = _RANGE.match(request.headers.get("x-ms-range", request.headers.get("range", "")))
        if asked is None:
            return self._with_version(blob, Reply(200, headers, blob.content))
        first, size = int(asked[1]), len(blob.content)
        if first >= size:
            raise Refused(416, "InvalidRange")
        last = min(int(asked[2]), size - 1) if asked[2] else size - 1
        content = blob.content[first : last + 1]
        headers["Content-Length"] = str(len(content))
        headers["Content-Range"] = f"bytes {first}-{last}/{size}"
        return self._with_version(blob, Reply(206, headers, content))

    def _with_version(self, found: Blob | Container, reply: Reply) -> Reply:
        version = {"ETag": found.etag, "Last-Modified": self._instants.http(found.changed)}
        return Reply(reply.status, {**version, **reply.headers}, reply.body)

    def _now(self) -> float:
        return self._instants.now()
