"""A small OpenID provider with keys of its own, over HTTP: it logs everybody in as *person* says."""

import asyncio
import base64
import hashlib
import json
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urlencode

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from durahub.edge.http import HttpServer
from durahub.edge.listening import bind

CLIENT = "durahub"
SECRET = "the-client's-secret"


@cache
def new_key(name: str, which: int = 0) -> tuple[str, rsa.RSAPrivateKey]:
    """Return a key of that name; another *which* is another key."""
    return name, rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


@dataclass
class IdentityProvider:
    """*person* are the claims of who logs in, *change* overrides claims of tokens."""

    person: dict[str, Any]
    change: dict[str, Any] = field(default_factory=dict)
    key: tuple[str, rsa.RSAPrivateKey] = field(default_factory=lambda: new_key("one"))
    published: tuple[str, rsa.RSAPrivateKey] | None = None
    refuses: str | None = None
    algorithm: str = "RS256"
    issuer: str = ""
    elsewhere: str = ""
    asked: list[str] = field(default_factory=list)
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.configuration),
                Route("/keys", self.keys),
                Route("/authorize", self.authorize),
                Route("/token", self.token, methods=["POST"]),
            ]
        )

    async def configuration(self, _: Request) -> Response:
        told = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
        }
        return JSONResponse(told)

    async def keys(self, _: Request) -> Response:
        self.asked.append("keys")
        name, key = self.published or self.key
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
        return JSONResponse({"keys": [{**public, "kid": name, "use": "sig"}]})

    async def authorize(self, request: Request) -> Response:
        query = dict(request.query_params)
        assert query["response_type"] == "code"
        assert query["client_id"] == CLIENT
        assert query["code_challenge_method"] == "S256"
        back: dict[str, str] = {"state": query["state"]}
        if self.refuses:
            back["error"] = self.refuses
        else:
            back["code"] = secrets.token_urlsafe(8)
            self._codes[back["code"]] = query
        return RedirectResponse(f"{query['redirect_uri']}?{urlencode(back)}", 302)

    async def token(self, request: Request) -> Response:
        self.asked.append("token")
        if self.elsewhere:
            return RedirectResponse(f"{self.elsewhere}/token", 307)
        body = await request.body()
        form = dict(pair.split("=", 1) for pair in body.decode().split("&"))
        asked = self._codes.pop(form["code"], None)
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked is None or asked["code_challenge"] != challenge:
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": "4711",
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
            **self.person,
            **self.change,
        }
        name, key = self.key
        signer: Any = SECRET * 3 if self.algorithm == "HS256" else key
        headers = {"kid": name}
        token = jwt.encode(claims, signer, algorithm=self.algorithm, headers=headers)
        return JSONResponse({"id_token": token, "access_token": "x", "token_type": "Bearer"})


@asynccontextmanager
async def serving(provider: IdentityProvider) -> AsyncIterator[IdentityProvider]:
    """Serve the provider for the body."""
    listener = bind("127.0.0.1", 0, "port")
    server = HttpServer(provider.app(), listener)
    provider.issuer = f"http://127.0.0.1:{server.port}"
    task = asyncio.create_task(server.run_until_stopped())
    try:
        yield provider
    finally:
        server.stop()
        await task
        listener.close()
