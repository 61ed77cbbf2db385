"""Tokens against forged requests: a page of somebody else can send a cookie, but cannot read it.

``api/session`` gives a token and sets it as a cookie; whatever changes something has to send it in a header,
too. It holds a signature of this process, so that a cookie planted by another program on the same host does
not do. The cookie's name is of this process as well: cookies know no ports, and several monitors may run.
"""

import hashlib
import hmac
import secrets

HEADER = "x-durahub-csrf"


class Csrf:
    """Gives tokens and checks them."""

    def __init__(self, secret: bytes | None = None) -> None:
        self._secret = secret or secrets.token_bytes(32)
        self.suffix = self._sign("cookie")[:8]
        self.cookie = f"durahub-csrf-{self.suffix}"

    def give(self, kept: str | None) -> str:
        """Return the token of a browser: the one that it has, if it is ours, or a new one."""
        if kept is not None and self._is_ours(kept):
            return kept
        nonce = secrets.token_urlsafe(24)
        return f"{nonce}.{self._sign(nonce)}"

    def accepts(self, header: str | None, cookie: str | None) -> bool:
        """Tell whether a request carries the same token of ours twice."""
        if not header or not cookie or not hmac.compare_digest(header.encode(), cookie.encode()):
            return False
        return self._is_ours(cookie)

    def _is_ours(self, token: str) -> bool:
        nonce, _, signature = token.partition(".")
        return hmac.compare_digest(signature.encode(), self._sign(nonce).encode())

    def _sign(self, text: str) -> str:
        return hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()[:32]
