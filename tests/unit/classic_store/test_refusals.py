"""What storage and Entra ID say no with, in words; and what a signature tells of itself."""

import pytest

from durahub.classic.bearer import challenged_tenant
from durahub.classic.connection import SharedAccess
from durahub.classic.refusals import NO_TOKEN, Way, why_no_token, why_refused
from durahub.classic.shared_access import Signature
from durahub.model.ticks import parse

NOW = parse("2026-01-15T09:30:00Z")
WHOLE = "sv=2023-11-03&ss=bqt&srt=sco&sp=rwdlacup&se=2026-01-16T00:00:00Z&sig=hush"
ALL = ("blob", "queue", "table")


def problem(token: str, *, writing: bool = True, services: tuple[str, ...] = ALL) -> str | None:
    return Signature.of(SharedAccess(token)).problem(NOW, services, writing=writing)


def test_a_whole_signature_has_no_problem() -> None:
    assert problem(WHOLE) is None
    assert problem(WHOLE.replace("2026-01-16T00:00:00Z", "2026-01-16")) is None
    assert problem(WHOLE.replace("%3A", ":") + "&spr=https&sip=10.0.0.1") is None


@pytest.mark.parametrize(
    ("token", "said"),
    [
        (WHOLE.replace("ss=bqt", "ss=bq"), "lacks table service (ss=t)"),
        (WHOLE.replace("srt=sco", "srt=c"), "service (srt=s), resource type object (srt=o)"),
        (WHOLE.replace("rwdlacup", "rl"), "permission write (sp=w), permission delete (sp=d)"),
        (WHOLE.replace("2026-01-16", "2026-01-15"), "expired at 2026-01-15T00:00:00Z"),
        (f"{WHOLE}&st=2026-01-15T10:00:00Z", "not valid before 2026-01-15T10:00:00Z"),
        ("sv=1&sr=c&sp=rl&sig=hush", "for one container, queue or table"),
        ("sv=1&ss=bqt", "has no sig"),
    ],
)
def test_what_a_signature_lacks_is_named_and_it_is_not_shown(token: str, said: str) -> None:
    found = problem(token)

    assert found is not None
    assert said in found
    assert "hush" not in found


def test_to_read_less_is_needed_and_a_tracking_store_needs_no_queues() -> None:
    assert problem(WHOLE.replace("rwdlacup", "rl"), writing=False) is None
    assert problem(WHOLE.replace("ss=bqt", "ss=bt"), services=("blob", "table")) is None


@pytest.mark.parametrize(
    ("code", "service", "way", "said"),
    [
        ("AuthenticationFailed", "queue", Way.KEY, "the account key is not this account's"),
        ("AuthenticationFailed", "queue", Way.SIGNATURE, "the shared access signature has expired"),
        ("AuthenticationFailed", "queue", Way.TOKEN, "store.tenant_id"),
        ("InvalidAuthenticationInfo", "table", Way.TOKEN, "of another tenant"),
        (
            "AuthorizationPermissionMismatch",
            "table",
            Way.TOKEN,
            "the role Storage Table Data Contributor on",
        ),
        ("AuthorizationPermissionMismatch", "table", Way.SIGNATURE, "sp=rwdlacup"),
        ("AuthorizationServiceMismatch", "table", Way.SIGNATURE, "not for the table service"),
        ("AuthorizationResourceTypeMismatch", "blob", Way.SIGNATURE, "srt=sco"),
        ("AuthorizationFailure", "blob", Way.KEY, "network rules"),
        ("KeyBasedAuthenticationNotPermitted", "blob", Way.KEY, "storage:ACCOUNT"),
    ],
)
def test_a_refusal_is_put_into_words(code: str, service: str, way: Way, said: str) -> None:
    assert said in why_refused(code, service, way)


def test_a_code_that_is_not_known_says_nothing_more() -> None:
    assert why_refused("SomethingNew", "blob", Way.KEY) == ""
    assert why_refused("AuthenticationFailed", "blob", None) == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("DefaultAzureCredential failed to retrieve a token from …", NO_TOKEN),
        ("AADSTS90002: Tenant 'x' not found. Trace ID: 7", "AADSTS90002 there is no such tenant"),
        (
            "AADSTS7000215: Invalid client secret: s3cret",
            "AADSTS7000215 the client secret is wrong",
        ),
        ("AADSTS123456: something private", "Entra ID gives no token: AADSTS123456"),
        (
            "The current credential is not configured to acquire tokens for tenant 7. To enable",
            "the account is of another tenant than the identity",
        ),
    ],
)
def test_what_entra_id_says_is_told_by_its_number_and_not_quoted(text: str, said: str) -> None:
    found = why_no_token(text)

    assert said in found
    assert "private" not in found.replace("private endpoint", "")
    assert "s3cret" not in found


@pytest.mark.parametrize(
    ("challenge", "tenant"),
    [
        (
            "Bearer authorization_uri=https://login.microsoftonline.com/abc-1/oauth2/authorize "
            "resource_id=https://storage.azure.com",
            "abc-1",
        ),
        ('Bearer authorization_uri="https://login.microsoftonline.us/t2", x="y"', "t2"),
        ('Bearer error="invalid_token"', None),
        ("", None),
    ],
)
def test_a_challenge_names_the_account_s_tenant(challenge: str, tenant: str | None) -> None:
    assert challenged_tenant(challenge) == tenant
