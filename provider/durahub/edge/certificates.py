"""The server's certificate, and the authority of its clients', read again when the files change.

They are looked at when a connection is made, and only then. A file that cannot be used, because it is just
being written, is told of, and the certificate before it stays.
"""

import logging
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc

from durahub.errors import BadSetting

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """A certificate chain and its private key; *client_ca* are the certificates that clients' are signed by.

    All are PEM.
    """

    certificates: Path
    key: Path
    client_ca: Path | None = None

    @property
    def all(self) -> tuple[Path, ...]:
        """Every file there is."""
        return (self.certificates, self.key, *([self.client_ca] if self.client_ca else []))


class Certificates:
    """What both ports show. *client_needed* tells that the HTTP port takes no connection without one."""

    def __init__(self, files: TlsFiles, *, client_needed: bool = False) -> None:
        """Read the files. Raises `BadSetting`."""
        self._files = files
        self._client_needed = client_needed
        self._grpc_seen = self._http_seen = self._signature()
        self._context = self._read()
        self._http = self._context
        self._http.sni_callback = self._on_handshake

    def grpc_credentials(self) -> grpc.ServerCredentials:
        """Return those of the gRPC port: with an authority, it takes no client without a certificate."""
        return grpc.dynamic_ssl_server_credentials(  # type: ignore[no-untyped-call, no-any-return]
            self._configuration(), self._changed_configuration, self._files.client_ca is not None
        )

    @property
    def http_context(self) -> ssl.SSLContext:
        """What the HTTP port speaks TLS with."""
        return self._http

    def _configuration(self) -> Any:
        files = self._files
        root = files.client_ca.read_bytes() if files.client_ca is not None else None
        pairs = [(files.key.read_bytes(), files.certificates.read_bytes())]
        return grpc.ssl_server_certificate_configuration(pairs, root)  # type: ignore[no-untyped-call]

    def _changed_configuration(self) -> Any:
        """Return what the gRPC port shows from now on, ``None`` if that is as before."""
        try:
            now = self._signature()
            if now == self._grpc_seen:
                return None
            self._read()  # gRPC itself does not tell what is wrong
            found = self._configuration()
        except (BadSetting, OSError) as error:
            log.warning("certificate-not-read", extra={"error": str(error)})
            return None
        self._grpc_seen = now
        log.info("certificate-read", extra={"port": "grpc"})
        return found

    def _on_handshake(self, connection: ssl.SSLObject, *_: Any) -> None:
        """Give a connection to the HTTP port the certificate that counts now."""
        try:
            now = self._signature()
            if now != self._http_seen:
                self._context, self._http_seen = self._read(), now
                log.info("certificate-read", extra={"port": "http"})
        except BadSetting as error:
            log.warning("certificate-not-read", extra={"error": str(error)})
        connection.context = self._context

    def _signature(self) -> tuple[tuple[int, int, int], ...]:
        found = []
        for file in self._files.all:
            try:
                told = file.stat()
            except OSError as error:
                raise _unreadable(file, error) from None
            found.append((told.st_mtime_ns, told.st_size, told.st_ino))
        return tuple(found)

    def _read(self) -> ssl.SSLContext:
        files = self._files
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.load_cert_chain(files.certificates, files.key, password=lambda: b"")
        except (OSError, ValueError) as error:
            raise _unreadable(files.certificates, error) from None
        if files.client_ca is not None:
            try:
                context.load_verify_locations(files.client_ca)
            except (OSError, ValueError) as error:
                raise _unreadable(files.client_ca, error) from None
            context.verify_mode = ssl.CERT_REQUIRED if self._client_needed else ssl.CERT_OPTIONAL
        return context


def _unreadable(file: Path, error: Exception) -> BadSetting:
    problem = getattr(error, "reason", None) or getattr(error, "strerror", None) or "not PEM"
    return BadSetting(
        "the TLS files", str(file), f"readable PEM files, a key without a password ({problem})"
    )


def names_of(certificate: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Return the names of a client certificate as `ssl` tells it: its common name, then the SANs."""
    told = certificate or {}
    subject: Iterable[Any] = told.get("subject", ())
    common = [value for part in subject for key, value in part if key == "commonName"]
    others = [value for _, value in told.get("subjectAltName", ())]
    return tuple(dict.fromkeys([*common, *others]))
