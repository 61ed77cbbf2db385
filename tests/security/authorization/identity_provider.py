"""An identity provider for tests: its keys, its documents, and tokens good and bad."""

import time
from collections.abc import Mapping
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

TENANT = "11111111-2222-3333-4444-555555555555"
OTHER_TENANT = "99999999-2222-3333-4444-555555555555"
AUDIENCE = "https://durabletask.io"
AUTHORITY = "https://login.microsoftonline.com"


class IdentityProvider:
    """A tenant of Entra ID, as far as a server sees one."""

    def __init__(self, tenant: str = TENANT, authority: str = AUTHORITY) -> None:
        self.tenant = tenant
        self.issuer = f"{authority}/{tenant}/v2.0"
        self.asked: list[str] = []
        self.down = False
        self._keys: dict[str, Any] = {}
        self.add_key("rsa", rsa.generate_private_key(65537, 2048))
        self.add_key("ec", ec.generate_private_key(ec.SECP256R1()))
        self.stranger = rsa.generate_private_key(65537, 2048)
        """A key that is not published."""

    def add_key(self, key_id: str, key: Any) -> None:
        self._keys[key_id] = key

    def remove_key(self, key_id: str) -> None:
        del self._keys[key_id]

    async def fetch(self, url: str) -> Mapping[str, Any]:
        """Answer as over HTTP."""
        self.asked.append(url)
        if self.down:
            raise OSError("down")
        if url.endswith("/.well-known/openid-configuration"):
            return self.configuration
        return self.published

    @property
    def configuration(self) -> dict[str, Any]:
        return {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/keys"}

    @property
    def published(self) -> dict[str, Any]:
        return {"keys": [_jwk(key_id, key) for key_id, key in self._keys.items()]}

    def public_pem(self, key_id: str) -> bytes:
        return (
            self._keys[key_id]
            .public_key()
            .public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        )

    def claims(self, oid: str = "somebody", **changes: Any) -> dict[str, Any]:
        now = time.time()
        told = {
            "iss": self.issuer,
            "aud": AUDIENCE,
            "tid": self.tenant,
            "oid": oid,
            "sub": f"sub-{oid}",
            "iat": now - 10,
            "nbf": now - 10,
            "exp": now + 3600,
        } | changes
        return {name: value for name, value in told.items() if value is not None}

    def token(self, oid: str = "somebody", *, key_id: str = "rsa", **changes: Any) -> str:
        key = self._keys[key_id]
        algorithm = "ES256" if isinstance(key, ec.EllipticCurvePrivateKey) else "RS256"
        return signed(self.claims(oid, **changes), key, algorithm, key_id)


def signed(claims: Mapping[str, Any], key: Any, algorithm: str, key_id: str | None) -> str:
    headers = {"kid": key_id} if key_id is not None else None
    return jwt.encode(dict(claims), key, algorithm=algorithm, headers=headers)


def _jwk(key_id: str, key: Any) -> dict[str, Any]:
    kind = ECAlgorithm if isinstance(key, ec.EllipticCurvePrivateKey) else RSAAlgorithm
    return {**kind.to_jwk(key.public_key(), as_dict=True), "kid": key_id, "use": "sig"}
