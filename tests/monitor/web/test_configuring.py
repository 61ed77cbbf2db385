"""Settings of the monitor: one table for file, variables, options; what is wrong is told with its place."""

import re
from pathlib import Path

import pytest

from durahub.authorization.static_tokens import digest_of
from durahub.errors import BadSetting, BadSettingsFile
from durahub.model.ticks import to_text
from durahub_migrate.monitor.telling.redaction import RedactionPlace
from durahub_migrate.web.configuring.file import read_monitor
from durahub_migrate.web.configuring.keys import KEYS
from durahub_migrate.web.configuring.layers import SOURCES, settings_of
from durahub_migrate.web.redacting import redaction

PAGE = (Path(__file__).parents[3] / "docs/monitor.md").read_text("utf-8")
EXAMPLE = re.search(r"```toml\n(.*?)```", PAGE, re.DOTALL)
SECRETS = {"CI_TOKEN": "t" * 32, "OIDC_SECRET": "s3cret"}
PLACE = RedactionPlace("order/1", "input")


def read(text: str) -> dict[str, object]:
    return read_monitor(text, "durahub.toml", SECRETS)


def test_the_example_on_the_page_is_right_and_whole() -> None:
    assert EXAMPLE is not None
    settings = settings_of({}, SECRETS, ("durahub.toml", EXAMPLE[1]))

    assert settings.host == "0.0.0.0"
    assert settings.tokens[0].digest == digest_of(SECRETS["CI_TOKEN"])
    assert settings.tokens[0].expires is not None
    assert to_text(settings.tokens[0].expires).startswith("2027-06-30")
    assert settings.proxy is not None
    assert settings.proxy.header == "x-forwarded-user"
    assert settings.oidc is not None
    assert settings.oidc.issuer == "https://login.example.com/realms/ops"
    assert settings.oidc.session == 8 * 3600
    assert len(settings.rules) == 3
    assert settings.logins("me").are_configured
    assert settings.web().hosts == ("ops.example.com", "ops.example.com")
    assert "s3cret" not in repr(settings)
    assert SECRETS["CI_TOKEN"] not in repr(settings)


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_every_setting_stands_on_the_page(key: "object") -> None:
    row = f"| `{key.name}` | `{key.option}` | `{key.variable}` |"  # type: ignore[attr-defined]

    assert row in PAGE


def test_the_command_line_comes_before_the_environment_and_that_before_the_file() -> None:
    file = ("f", '[monitor]\nport = 1\nbudget = 1\nhost = "::1"\nsources = ["sqlite:a.db"]')
    environment = {"DURAHUB_MONITOR_PORT": "2", "DURAHUB_MONITOR_BUDGET": "2"}

    settings = settings_of({"port": "3", "hosts": ()}, environment, file)

    assert (settings.port, settings.budget, settings.host) == (3, 2.0, "::1")
    assert settings.sources == ("sqlite:a.db",)


def test_sources_come_from_arguments_else_from_a_variable() -> None:
    environment = {SOURCES: "azurite:, sqlite:b.db"}

    assert settings_of({"sources": ("x",)}, environment).sources == ("x",)
    assert settings_of({}, environment).sources == ("azurite:", "sqlite:b.db")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[monitor", "not TOML"),
        ("monitor = 1", "monitor: expected a table"),
        ("[monitor]\nportt = 1", "monitor.portt: there is no such setting; did you mean port?"),
        ("[monitor]\nport = 99999", "monitor.port: expected a whole number from 0 to 65535"),
        ("[monitor]\nsources = 1", "monitor.sources: expected a list of texts"),
        ("[monitor.login.basic]", "monitor.login.basic: there is no such setting"),
        ("[monitor.login]\ntokens = 1", "expected tables: [[monitor.login.tokens]]"),
        (
            '[[monitor.login.tokens]]\nname = "a"\ntoken = "hunter2hunter2"',
            "monitor.login.tokens[0].token: expected env:VARIABLE",
        ),
        (
            '[[monitor.login.tokens]]\nname = "a"\ntoken = "env:NONE"',
            "the variable NONE is not set",
        ),
        (
            '[[monitor.login.tokens]]\nname = "a"\ntoken = "env:OIDC_SECRET"',
            "the token is shorter than 24 characters",
        ),
        ('[[monitor.login.tokens]]\nname = "a"', "expected either token or sha256"),
        ('[[monitor.login.tokens]]\nname = "a"\nsha256 = "12"', "64 hexadecimal digits"),
        (
            '[[monitor.login.tokens]]\nname = "a"\ntoken = "env:CI_TOKEN"\nexpires = "soon"',
            "expires: expected a date",
        ),
        ('[monitor.login.proxy]\nheader = "x"\nfrom = []', "the addresses of the proxy"),
        ('[monitor.login.proxy]\nheader = "x"\nfrom = ["ten"]', "expected addresses or networks"),
        ('[monitor.login.oidc]\nissuer = "https://a"', "monitor.login.oidc.client_id: it is miss"),
        ('[monitor.login.oidc]\nissuer = "ldap://a"', "expected an address"),
        (
            '[monitor.login.oidc]\nissuer = "http://login.example.com"\nclient_id = "a"',
            "https://",
        ),
        ("[[monitor.grants]]", "expected users, groups or tokens"),
        ('[[monitor.grants]]\ntokens = ["x"]', "there is no token x"),
        (
            '[[monitor.grants]]\nusers = ["a"]\nallows = ["purg"]',
            "did you mean purge?",
        ),
    ],
)
def test_what_is_wrong_in_a_file_is_told_with_its_place(text: str, says: str) -> None:
    with pytest.raises(BadSettingsFile) as told:
        read(text)

    assert says in str(told.value)
    assert "hunter2" not in str(told.value)


def test_a_file_without_the_table_sets_nothing() -> None:
    assert read("[server]\nport = 1") == {}


def test_a_wrong_variable_is_told_by_its_name() -> None:
    with pytest.raises(BadSetting, match="DURAHUB_MONITOR_PORT"):
        settings_of({}, {"DURAHUB_MONITOR_PORT": "many"})


def test_actions_are_allowed_to_nobody_unless_somebody_is() -> None:
    grant = '[[monitor.grants]]\nusers = ["a"]\nallows = ["suspend"]'

    assert not settings_of({}, {}).allows_actions
    assert settings_of({"allow_actions": True}, {}).allows_actions
    assert settings_of({}, {}, ("f", grant)).allows_actions


# -- redaction -----------------------------------------------------------------------------------


def upper(place: RedactionPlace, text: str) -> str:
    return f"{place.member}:{text.upper()}"


def fails(place: RedactionPlace, text: str) -> str:
    raise ValueError(text)


def test_rules_of_redaction_are_done_one_after_the_other() -> None:
    redact = redaction(("members:iban", f"{__name__}:upper"))
    assert redact is not None

    assert redact(PLACE, '{"IBAN": "de12", "n": 1.50}') == 'input:{"IBAN": "…", "N": 1.50}'


def test_personal_members_are_masked_by_parts_of_their_names() -> None:
    redact = redaction(("personal",))
    assert redact is not None

    assert redact(PLACE, '{"e_mail": "a@b", "homeAddress": {"x": 1}, "sum": 3}') == (
        '{"e_mail": "…", "homeAddress": "…", "sum": 3}'
    )


def test_what_a_function_cannot_redact_is_not_shown() -> None:
    redact = redaction((f"{__name__}:fails",))
    assert redact is not None

    shown = redact(PLACE, "a secret")
    assert "a secret" not in shown
    assert "ValueError" in shown


@pytest.mark.parametrize("rule", ["secret", "members:", "no.such:thing", "json:nothing", "re:I"])
def test_a_rule_that_is_none_is_refused_at_the_start(rule: str) -> None:
    with pytest.raises(BadSetting, match="secrets, personal"):
        redaction((rule,))


def test_without_rules_nothing_is_redacted() -> None:
    assert redaction(()) is None
