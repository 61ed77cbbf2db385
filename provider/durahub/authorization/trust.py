"""Bearer tokens of an identity provider: what they are checked for, and whom they name.

Sources: RFC 7519 (JWT), RFC 8725 (its best practices), OpenID Connect Discovery 1.0, and Microsoft's
reference of the claims in access tokens (versions 1.0 and 2.0).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt

from durahub.authorization.grant_text import identity_of
from durahub.authorization.principals import Identity, Kind
from durahub.errors import NotAuthenticated

ALGORITHMS = {
    "RSA": ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    "EC": ("ES256", "ES384", "ES512"),
    "OKP": ("EdDSA",),
}
"""By the kind of key (``kty``): signatures by the provider's own keys. With a shared secret (HS256),
whoever has the published key could sign."""
LONGEST = 16 * 1024
"""Characters of a token, at most: as much as headers of ordinary servers take."""

DTS = ("https://durabletask.io", "https://durabletask.azure.us")
AUDIENCES = tuple(one + slash for one in DTS for slash in ("", "/"))
"""What the SDKs ask tokens for, in Azure and in Azure Government."""

PUBLIC = "https://login.microsoftonline.com"
_STS = {"https://login.partner.microsoftonline.cn": "https://sts.chinacloudapi.cn"}


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who makes tokens: *name* is their claim ``iss``, *place* where its configuration is below.

    *told* is what that configuration has for a name; *tenant* that of Entra ID, else ``None``.
    """

    name: str
    place: str
    told: str
    tenant: str | None = None


@dataclass(frozen=True, slots=True)
class Trust:
    """Which tokens count. *skew* is by how many seconds clocks may differ."""

    issuers: tuple[Issuer, ...]
    audiences: tuple[str, ...] = AUDIENCES
    skew: float = 300.0

    def issuer(self, name: object) -> Issuer | None:
        """Return the issuer of that name."""
        return next((one for one in self.issuers if one.name == name), None)


def issuers_of_tenant(tenant: str, authority: str = PUBLIC) -> tuple[Issuer, ...]:
    """Return who issues the tokens of a tenant of Entra ID, of version 2.0 and of 1.0."""
    tenant, base = tenant.lower(), authority.rstrip("/")
    second = f"{base}/{tenant}/v2.0"
    first = f"{_STS.get(base, 'https://sts.windows.net')}/{tenant}/"
    return tuple(Issuer(name, second, second, tenant) for name in (second, first))


def issuer_at(url: str) -> Issuer:
    """Return another provider of OpenID Connect, by its issuer URL."""
    return Issuer(url, url.rstrip("/"), url)


@dataclass(frozen=True, slots=True)
class Unverified:
    """What a token says of its maker, before anything of it is believed."""

    issuer: Issuer
    key_id: str
    algorithm: str


def looks_like_jwt(token: str) -> bool:
    """Tell whether *token* has the form of one: three parts."""
    return token.count(".") == 2


def unverified(token: str, trust: Trust) -> Unverified:
    """Return by which key a token says it is signed. Raises `NotAuthenticated`."""
    if len(token) > LONGEST:
        raise NotAuthenticated("malformed", f"the token is longer than {LONGEST} characters")
    try:
        header = jwt.get_unverified_header(token)
        claims = jwt.decode(token, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise NotAuthenticated("malformed", "the token is not a JWT") from None
    algorithm, key_id = header.get("alg"), header.get("kid")
    if not any(algorithm in known for known in ALGORITHMS.values()):
        raise NotAuthenticated("algorithm", "the token is not signed by an asymmetric algorithm")
    if not isinstance(key_id, str) or "crit" in header:
        raise NotAuthenticated("malformed", "the token's header lacks 'kid', or wants 'crit'")
    issuer = trust.issuer(claims.get("iss"))
    if issuer is None:
        raise NotAuthenticated("issuer", "the token was made by an issuer that is not trusted")
    return Unverified(issuer, key_id, str(algorithm))


def key_of(jwk: Mapping[str, Any], algorithm: str) -> Any:
    """Return a published key for that algorithm. Raises `NotAuthenticated` where it is for another."""
    fits = algorithm in ALGORITHMS.get(str(jwk.get("kty")), ()) and jwk.get("use", "sig") == "sig"
    if not fits or jwk.get("alg", algorithm) != algorithm:
        raise NotAuthenticated("algorithm", "the token's algorithm is not that of its key")
    try:
        return jwt.PyJWK.from_dict(dict(jwk), algorithm).key
    except (jwt.PyJWTError, ValueError, TypeError):
        raise NotAuthenticated("key", "the key that signed the token cannot be used") from None


def verified(
    token: str, claimed: Unverified, key: Any, trust: Trust, now: float
) -> Mapping[str, Any]:
    """Return the claims of a token; *now* is in Unix seconds. Raises `NotAuthenticated`."""
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[claimed.algorithm],
            audience=list(trust.audiences),
            issuer=claimed.issuer.name,
            # times are checked against the clock that we are handed, below
            options={
                "require": ["exp", "iss", "aud"],
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
            },
        )
    except jwt.MissingRequiredClaimError as error:
        raise NotAuthenticated("claims", f"the token lacks the claim {error.claim}") from None
    except (jwt.InvalidAudienceError, jwt.InvalidIssuerError):
        raise NotAuthenticated("audience", "the token was made for another audience") from None
    except (jwt.PyJWTError, ValueError, TypeError):
        raise NotAuthenticated("signature", "the token's signature is wrong") from None
    _check_times(claims, now, trust.skew)
    tenant = claimed.issuer.tenant
    if tenant is not None and str(claims.get("tid", tenant)).lower() != tenant:
        raise NotAuthenticated("issuer", "the token is one of another tenant")
    return claims


def _check_times(claims: Mapping[str, Any], now: float, skew: float) -> None:
    times = {name: claims[name] for name in ("exp", "nbf", "iat") if name in claims}
    for name, time in times.items():
        number = isinstance(time, int | float) and not isinstance(time, bool)
        if not number or not math.isfinite(time):
            raise NotAuthenticated("claims", f"the token's claim {name} is no time")
    if times["exp"] + skew <= now:
        raise NotAuthenticated("expired", "the token has expired")
    if max(times.get("nbf", 0), times.get("iat", 0)) - skew > now:
        raise NotAuthenticated("early", "the token does not count yet: compare the clocks")


def identities_of(claims: Mapping[str, Any], issuer: Issuer) -> tuple[Identity, ...]:
    """Return everything that the bearer is; the first names it in logs.

    An application counts as itself only where it acts for itself: in a token with ``scp`` it acts for
    one of its users, who may be anybody. Raises `NotAuthenticated` where nobody is named.
    """
    found = []
    if issuer.tenant is not None:
        found.append((Kind.OBJECT, claims.get("oid")))
        if "scp" not in claims:
            found.append((Kind.APP, claims.get("appid", claims.get("azp"))))
    found.append((Kind.SUBJECT, claims.get("sub")))
    found += [(Kind.GROUP, group) for group in _texts(claims.get("groups"))]
    found += [(Kind.APP_ROLE, role) for role in _texts(claims.get("roles"))]
    identities = [identity_of(kind, name) for kind, name in found if isinstance(name, str) and name]
    if not any(one.kind in (Kind.OBJECT, Kind.SUBJECT) for one in identities):
        raise NotAuthenticated("claims", "the token names nobody: it has neither oid nor sub")
    return tuple(identities)


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()
