"""Login at an identity provider: OpenID Connect's authorization code flow with PKCE, what of it is no I/O.

Sources: OpenID Connect Core 1.0 (3.1: the flow; 3.1.3.7: what an ID token is checked for), RFC 7636 (PKCE).
"""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

import jwt

from durahub.errors import LoginUnavailable
from durahub.model.ticks import Ticks, later, to_unix
from durahub_migrate.web.who.logins import Person

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")
"""Signatures by the provider's own keys; with a shared secret (HS256) anybody who has that could log in."""
LEEWAY = 60  # seconds that clocks may differ


@dataclass(frozen=True, slots=True, kw_only=True)
class Oidc:
    """The provider, and what we are to it. *session* is for how long (seconds) a login holds.

    *name_claim* and *groups_claims* say where an ID token has the user and his groups or roles; with a dot
    they lead into objects: ``realm_access.roles``.
    """

    issuer: str
    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    name_claim: str | None = None
    groups_claims: tuple[str, ...] = ("groups", "roles")
    session: float = 8 * 3600.0


@dataclass(frozen=True, slots=True)
class Provider:
    """What the provider says of itself at ``/.well-known/openid-configuration``."""

    authorization: str
    token: str
    keys: str

    @classmethod
    def of(cls, told: Mapping[str, Any], issuer: str) -> "Provider":
        """Read it. Raises `LoginUnavailable`."""
        if told.get("issuer") != issuer:
            raise LoginUnavailable(issuer, f"it calls itself {told.get('issuer')!r}")
        try:
            return cls(
                authorization=str(told["authorization_endpoint"]),
                token=str(told["token_endpoint"]),
                keys=str(told["jwks_uri"]),
            )
        except KeyError as error:
            raise LoginUnavailable(issuer, f"its configuration lacks {error}") from None


@dataclass(frozen=True, slots=True)
class Attempt:
    """A login that has begun: what only we and the browser know. *back* is where it returns to."""

    state: str
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    back: str
    until: Ticks


def new_attempt(back: str, now: Ticks, seconds: float = 600.0) -> Attempt:
    """Begin a login."""
    return Attempt(
        state=secrets.token_urlsafe(24),
        nonce=secrets.token_urlsafe(24),
        verifier=secrets.token_urlsafe(48),
        back=back,
        until=later(now, seconds),
    )


def authorization_url(provider: Provider, oidc: Oidc, attempt: Attempt, redirect: str) -> str:
    """Return where the browser is sent."""
    challenge = hashlib.sha256(attempt.verifier.encode()).digest()
    query = urlencode(
        {
            "response_type": "code",
            "client_id": oidc.client_id,
            "redirect_uri": redirect,
            "scope": " ".join(oidc.scopes),
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
    )
    separator = "&" if urlsplit(provider.authorization).query else "?"
    return f"{provider.authorization}{separator}{query}"


def person_of(token: str, keys: Mapping[str, Any], oidc: Oidc, nonce: str, now: Ticks) -> Person:
    """Return who an ID token names. Raises `LoginUnavailable` if it cannot be trusted."""
    claims = _claims(token, keys, oidc)
    told = str(claims.get("nonce", "")).encode("utf-8", "surrogatepass")  # JSON may hold halves
    if not secrets.compare_digest(told, nonce.encode()):
        raise LoginUnavailable(oidc.issuer, "the token belongs to another login")
    seconds = to_unix(now)[0]
    if claims["exp"] + LEEWAY < seconds:
        raise LoginUnavailable(oidc.issuer, "the token has expired")
    if claims["iat"] - LEEWAY > seconds:
        raise LoginUnavailable(oidc.issuer, "the token is of the future: compare the clocks")
    azp = claims.get("azp")
    if azp is not None and azp != oidc.client_id:
        raise LoginUnavailable(oidc.issuer, "the token was made for another client")
    names: tuple[str, ...] = (
        (oidc.name_claim,) if oidc.name_claim else ("email", "preferred_username", "sub")
    )
    # An address that nobody has confirmed could be that of somebody else.
    if claims.get("email_verified") is False and not oidc.name_claim:
        names = ("preferred_username", "sub")
    name = next((str(found) for one in names if (found := _at(claims, one))), None)
    if name is None:
        raise LoginUnavailable(oidc.issuer, f"the token has no claim {' or '.join(names)}")
    groups = tuple(group for one in oidc.groups_claims for group in _texts(_at(claims, one)))
    return Person(name, groups, later(now, oidc.session))


def _claims(token: str, keys: Mapping[str, Any], oidc: Oidc) -> dict[str, Any]:
    try:
        header = jwt.get_unverified_header(token)
        found = [
            one
            for one in jwt.PyJWKSet.from_dict(dict(keys)).keys
            if header.get("kid") is None or one.key_id == header["kid"]
        ]
        if not found:
            raise UnknownKey(oidc.issuer, "the token is signed by a key that it does not publish")
        claims: dict[str, Any] = jwt.decode(
            token,
            found[0].key,
            algorithms=list(ALGORITHMS),
            audience=oidc.client_id,
            issuer=oidc.issuer,
            # times are checked against our own clock, below
            options={
                "require": ["exp", "iat", "sub"],
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
            },
        )
    except jwt.PyJWTError as error:
        raise LoginUnavailable(oidc.issuer, f"the token cannot be trusted: {error}") from None
    except UnicodeError:
        raise LoginUnavailable(oidc.issuer, "the token cannot be read") from None
    for name in ("exp", "iat"):
        if not isinstance(claims[name], int | float) or isinstance(claims[name], bool):
            raise LoginUnavailable(oidc.issuer, f"the token's {name} is no time")
    return claims


class UnknownKey(LoginUnavailable):
    """The provider may have got new keys since they were fetched."""


def _at(claims: Mapping[str, Any], path: str) -> Any:
    found: Any = claims
    for part in [path] if path in claims else path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def safe_back(back: str) -> str:
    """Return where a login leads back to: a page of ours, whatever was asked for.

    It is relative to where the application is mounted.
    """
    try:
        parts = urlsplit(back)
    except ValueError:
        return ""  # brackets that are no IPv6 address
    is_ours = not parts.scheme and not parts.netloc and not back.startswith(("/", "\\"))
    return back if is_ours and back.isprintable() and "\\" not in back else ""
