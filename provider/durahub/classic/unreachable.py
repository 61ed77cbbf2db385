"""Why no answer came, in words: what the HTTP client reports, and of which host."""

import socket
import ssl
from urllib.parse import urlsplit

import aiohttp

CERTIFICATE_ADVICE = (
    "if its authority is your own, name a file with its certificate in SSL_CERT_FILE"
)


def why_unreachable(error: BaseException | None, url: str = "") -> str:
    """Return a sentence on *error*; *url* is what was asked, where that is known."""
    host = getattr(error, "host", None) or urlsplit(url).hostname or "the host"
    cause = getattr(error, "os_error", None) or getattr(error, "certificate_error", None)
    if isinstance(error, aiohttp.ClientConnectorCertificateError) or isinstance(
        cause, ssl.SSLCertVerificationError
    ):
        said = getattr(cause, "verify_message", "") or "it is not trusted"
        return f"the certificate of {host} is refused: {said}; {CERTIFICATE_ADVICE}"
    if isinstance(error, aiohttp.ClientConnectorSSLError):
        return f"{host} does not speak TLS there; check the address: https or http?"
    if isinstance(error, aiohttp.ClientConnectorDNSError) or isinstance(cause, socket.gaierror):
        return (
            f"there is no host {host}; check the account's name and the cloud, and with a private "
            "endpoint the name server"
        )
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"{host}:{error.port} takes no connection"
    return type(error).__name__ if error is not None else "no answer"
