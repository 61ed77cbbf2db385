"""Who issues tokens, in place of Azure: a machine's identity endpoint, and Entra ID's for workloads.

Azurite looks at a token's audience, issuer and times, and at no signature.
"""

import base64
import json
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.accounts.certificates import Certificate

STORAGE = "https://storage.azure.com"
LIVES = 3600  # seconds
TENANT = "11111111-2222-3333-4444-555555555555"


def token(audience: str = STORAGE) -> str:
    """Return a JSON Web Token that is valid for an hour."""
    now = int(time.time())
    claims = {
        "aud": audience,
        "iss": f"https://sts.windows.net/{TENANT}/",
        "iat": now - 60,
        "nbf": now - 60,
        "exp": now + LIVES,
    }
    return ".".join(_encoded(part) for part in ({"alg": "none", "typ": "JWT"}, claims)) + ".none"


def _encoded(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


class TokenIssuer:
    """A server that issues a token to whoever asks; ``asked`` keeps what they asked with."""

    def __init__(self, certificate: Certificate | None = None) -> None:
        self.asked: list[dict[str, str]] = []
        self.audience = STORAGE
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate.cert, certificate.key)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        scheme = "http" if certificate is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def as_managed_identity(self) -> dict[str, str]:
        """The variables by which App Service tells an app of its identity."""
        return {"IDENTITY_ENDPOINT": f"{self.url}/msi/token", "IDENTITY_HEADER": "the header"}

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(dict(parse_qsl(urlsplit(self.path).query)))

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self._answer({"path": self.path, **dict(parse_qsl(body))})

            def _answer(self, asked: dict[str, str]) -> None:
                issuer.asked.append(asked)
                text = json.dumps(
                    {
                        "access_token": token(issuer.audience),
                        "expires_on": str(int(time.time()) + LIVES),
                        "expires_in": LIVES,
                        "resource": STORAGE,
                        "token_type": "Bearer",
                    }
                ).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *said: Any) -> None: ...

        return Handler
