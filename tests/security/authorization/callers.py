"""Everybody who calls in the matrix: what each presents, and which roles it has on which hub."""

import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.security.authorization.identity_provider import (
    OTHER_TENANT,
    IdentityProvider,
    signed,
)

OWN, OTHER, UNKNOWN, DEFAULT = "orders", "billing", "nowhere", None
HUBS = (OWN, OTHER, UNKNOWN, DEFAULT)
STATIC = "a-static-token-that-is-long-enough"
ROLES = ("reader", "worker", "contributor")

GRANTS = (
    *(f"{role} on {OWN} to object:{role}" for role in ROLES),
    *(f"{role} on {OTHER} to object:other-{role}" for role in ROLES),
    "reader on * to object:reader-everywhere",
    "worker on * to object:worker-everywhere",
    "contributor on * to group:owners",
    f"worker on {OWN} to app-role:Worker",
    "worker on ord* to token:static",
    f"reader on {OWN} to app:an-app",
)


@dataclass(frozen=True)
class Caller:
    """*roles* are by hub, ``*`` all; ``None`` is a caller that must not be known at all."""

    name: str
    authorization: str | None
    roles: Mapping[str, frozenset[str]] | None = field(default_factory=dict)

    def on(self, hub: str | None) -> frozenset[str]:
        assert self.roles is not None
        return self.roles.get(hub or OWN, frozenset()) | self.roles.get("*", frozenset())


def callers(provider: IdentityProvider) -> list[Caller]:
    return [*strangers(provider), *acquaintances(provider)]


def strangers(provider: IdentityProvider) -> list[Caller]:
    """Those who must not get in, whatever their tokens say of them: each claims to be a contributor."""
    oid, now = "contributor", time.time()
    other = IdentityProvider(OTHER_TENANT)
    good = provider.token(oid)
    head, body, signature = good.split(".")
    unsigned = base64.urlsafe_b64encode(json.dumps({"alg": "none", "kid": "rsa"}).encode())
    shared = _hmac_token(provider, oid)
    tokens = {
        "wrong audience": provider.token(oid, aud="https://storage.azure.com"),
        "no audience": provider.token(oid, aud=None),
        "expired": provider.token(oid, exp=now - 3600),
        "not yet": provider.token(oid, nbf=now + 3600),
        "made in the future": provider.token(oid, iat=now + 3600),
        "no expiry": provider.token(oid, exp=None),
        "expiry is no number": provider.token(oid, exp=float("nan")),
        "bad signature": f"{head}.{body}.{signature[:-8]}AAAAAAAA",
        "no signature": f"{head}.{body}.",
        "alg none": f"{unsigned.decode().rstrip('=')}.{body}.",
        "shared secret": shared,
        "key of a stranger": signed(provider.claims(oid), provider.stranger, "RS256", "rsa"),
        "unknown key": signed(provider.claims(oid), provider.stranger, "RS256", "new"),
        "no key named": signed(provider.claims(oid), provider.stranger, "RS256", None),
        "key of another kind": signed(provider.claims(oid), provider.stranger, "RS256", "ec"),
        "other tenant": other.token(oid),
        "other tenant's id": provider.token(oid, tid=OTHER_TENANT),
        "names nobody": provider.token(oid=None, sub=None),  # type: ignore[arg-type]
        "garbage": "a.b.c",
        "unknown static token": STATIC + "x",
    }
    return [
        Caller("nobody", None, None),
        Caller("basic", "Basic dXNlcjpwYXNz", None),
        Caller("empty bearer", "Bearer", None),
        *(Caller(name, f"Bearer {token}", None) for name, token in tokens.items()),
    ]


def acquaintances(provider: IdentityProvider) -> list[Caller]:
    def of(name: str, token: str, **roles: str) -> Caller:
        granted = {hub.replace("all", "*"): frozenset({role}) for hub, role in roles.items()}
        return Caller(name, f"Bearer {token}", granted)

    return [
        *(of(role, provider.token(role), orders=role) for role in ROLES),
        *(of(f"other {r}", provider.token(f"other-{r}"), billing=r) for r in ROLES),
        of("reader everywhere", provider.token("reader-everywhere", key_id="ec"), all="reader"),
        of("worker everywhere", provider.token("worker-everywhere"), all="worker"),
        of("owners", provider.token("x", groups=["owners"]), all="contributor"),
        of("app role", provider.token("y", roles=["Worker"]), orders="worker"),
        of("app", provider.token("z", appid="AN-APP"), orders="reader"),
        of("user of the app", provider.token("u", appid="an-app", scp="user_impersonation")),
        of("static", STATIC, orders="worker"),
        of("without grants", provider.token("stranger")),
        of(
            "version 1",
            provider.token(
                "reader",
                iss=f"https://sts.windows.net/{provider.tenant}/",
                aud="https://durabletask.io/",
            ),
            orders="reader",
        ),
    ]


def _hmac_token(provider: IdentityProvider, oid: str) -> str:
    """Sign with the published key as if it were a shared secret, which PyJWT itself refuses to do."""
    import hashlib
    import hmac

    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    text = f"{part({'alg': 'HS256', 'kid': 'rsa'})}.{part(provider.claims(oid))}"
    digest = hmac.new(provider.public_pem("rsa"), text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"
