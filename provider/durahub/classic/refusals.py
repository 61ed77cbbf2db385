"""Why storage says no, in words: its error codes, by the way in which was asked.

Source of the codes: the REST reference of Azure Storage, *Common REST API error codes*, and what Entra
ID numbers ``AADSTS…``. Nothing of a signature, key or token is in a sentence.
"""

import re
from enum import Enum


class Way(Enum):
    """How a request was authorised."""

    KEY = "key"
    SIGNATURE = "signature"
    TOKEN = "token"  # noqa: S105 (a name)


_ROLES = "Storage {service} Data Contributor"
_KEY_WRONG = (
    "the account key is not this account's (any more), or this machine's clock is more than 15 minutes "
    "off; copy the connection string again"
)
_SIGNATURE_WRONG = (
    "the shared access signature has expired, is not valid yet, or was made with a key that has been "
    "renewed; make a new one"
)
_TOKEN_WRONG = (
    "the token is not accepted: it is of another tenant than the account, or of another cloud; check "  # noqa: S105 (a name)
    "store.tenant_id and store.cloud"
)
_WHY: dict[str, str | dict[Way, str]] = {
    "AuthenticationFailed": {
        Way.KEY: _KEY_WRONG,
        Way.SIGNATURE: _SIGNATURE_WRONG,
        Way.TOKEN: _TOKEN_WRONG,
    },
    "InvalidAuthenticationInfo": {Way.TOKEN: _TOKEN_WRONG},
    "AuthorizationPermissionMismatch": {
        Way.SIGNATURE: "the shared access signature lacks a permission; a hub needs sp=rwdlacup",
        Way.TOKEN: f"the identity lacks the role {_ROLES} on the account; a new role takes minutes "
        "to count",
    },
    "AuthorizationServiceMismatch": (
        "the shared access signature is not for the {service} service; a hub needs ss=bqt"
    ),
    "AuthorizationResourceTypeMismatch": (
        "the shared access signature is not for resources of this kind; a hub needs srt=sco"
    ),
    "AuthorizationProtocolMismatch": "the shared access signature is for https only",
    "AuthorizationSourceIPMismatch": (
        "the shared access signature is for other addresses than this machine's"
    ),
    "AuthorizationFailure": (
        "the account's network rules do not let this machine in, or what it asks with does not allow "
        "this; check its firewall and private endpoints"
    ),
    "KeyBasedAuthenticationNotPermitted": (
        "the account takes no keys and no signatures made with them; use storage:ACCOUNT (Entra ID)"
    ),
    "NoAuthenticationInformation": "the request came without key, signature or token",
    "AccountIsDisabled": "the account is disabled",
    "InsufficientAccountPermissions": "the account is disabled or read-only",
}
_ENTRA = re.compile(r"AADSTS\d+")
_ENTRA_WHY = {
    "AADSTS50034": "the user does not exist in this tenant",
    "AADSTS50059": "no tenant was named; set store.tenant_id",
    "AADSTS500011": "storage is not known in this tenant; check store.tenant_id and store.cloud",
    "AADSTS70021": "the workload's token matches no federated credential of the application",
    "AADSTS700016": "the client ID is not known in this tenant; check store.client_id",
    "AADSTS700024": "the workload's token has expired",
    "AADSTS7000215": "the client secret is wrong",
    "AADSTS7000222": "the client secret has expired",
    "AADSTS90002": "there is no such tenant; check store.tenant_id and store.cloud",
    "AADSTS900023": "what store.tenant_id says is no tenant",
}
NO_TOKEN = (
    "no credential of this machine could get a token; set store.credential, or see to a managed "  # noqa: S105 (a name)
    "identity, workload identity or 'az login'"
)


def why_refused(code: str, service: str, way: Way | None) -> str:
    """Return a sentence on storage's error *code*, ``""`` for one that says nothing new.

    *service* is ``"blob"``, ``"queue"``, ``"table"``, or ``""`` where it is not known.
    """
    known = _WHY.get(code, "")
    text = known if isinstance(known, str) else known.get(way, "") if way is not None else ""
    return text.replace("{service}", service.capitalize() if _ROLES in text else service)


def why_no_token(text: str) -> str:
    """Return a sentence on what azure-identity said, which is not quoted: it may be long, and private."""
    if "not configured to acquire tokens for tenant" in text:
        return (
            "the account is of another tenant than the identity; set store.tenant_id to its tenant"
        )
    found = _ENTRA.search(text)
    if found is None:
        return NO_TOKEN
    return f"Entra ID gives no token: {found[0]} {_ENTRA_WHY.get(found[0], '')}".strip()
