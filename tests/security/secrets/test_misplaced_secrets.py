"""A secret that somebody has put where its name belongs: the command refuses it, and does not quote it."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from durahub.cli.main import cli
from durahub.errors import DurahubError
from tests.security.secrets.canaries import canary, found_in

SECRET = canary("misplaced")
KEY = f"AccountName=a;AccountKey={SECRET}"
SIGNED = f"BlobEndpoint=https://a.example;SharedAccessSignature=sv=1&sig={SECRET}"
CLIENT = f"dts:Endpoint=https://a.durabletask.io;Authentication=x;ClientSecret={SECRET}"


def refusal(*command: str, env: dict[str, str] | None = None) -> bytes:
    """Return all that a refused command says."""
    result = CliRunner().invoke(cli, command, env=env)
    assert isinstance(result.exception, DurahubError | SystemExit), result.exception
    assert result.exit_code != 0
    return f"{result.output}{result.stderr}{result.exception}".encode()


COMMANDS = [
    *(("hub", "show", one) for one in (KEY, SIGNED, CLIENT)),
    *(("hub", "list", one) for one in (KEY, SIGNED)),
    ("lint", KEY),
    ("lint", CLIENT),
    ("export", KEY, "a.hub"),
    ("export", SIGNED, "a.hub"),
    ("verify", KEY, SIGNED),
    ("verify", CLIENT, KEY),
    ("plan", KEY, CLIENT),
    ("monitor", KEY, "--port", "0"),
    ("monitor", CLIENT, "--port", "0"),
    ("instance", "list", KEY),
    ("serve", "--store", "storage:a", "--tracking-store", KEY, "--check"),
    ("serve", "--store", "sqlite:x", "--auth-tokens", f"shop={SECRET}", "--check"),
    ("serve", "--store", "sqlite:x", "--functions-keys", SECRET, "--check"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda one: " ".join(one).replace(SECRET, ""))
def test_a_secret_on_a_command_line_is_not_quoted(command: tuple[str, ...]) -> None:
    assert found_in(refusal(*command), {"secret": SECRET}) == []


FILES = [
    f'[store]\naddress = "{KEY}"',
    f'[store]\naddress = "storage:a"\ntracking = "{KEY}"',
    f'[server]\nfunctions_keys = ["{SECRET}"]',
    f'[server.auth]\ntokens = ["shop={SECRET}"]',
    f'[server.auth]\ntokens = "shop={SECRET}"',
    f'[server.tls]\nkey = "{SIGNED}"\ncert = 7',
    f'[[monitor.login.tokens]]\nname = "a"\ntoken = "{SECRET}"',
    f'[[monitor.login.tokens]]\nname = "a"\nsha256 = "{SECRET}"',
    f'[monitor.login.oidc]\nissuer = "https://a"\nclient_id = "a"\nclient_secret = "{SECRET}"',
    f'[[monitor.alerts.receivers]]\nname = "a"\nurl = "https://a.example/{SECRET}"',
    f'[[monitor.alerts.receivers]]\nname = "a"\nurl = "env:NONE"\nkey = "{SECRET}"',
]


@pytest.mark.parametrize("text", FILES, ids=range(len(FILES)))
def test_a_secret_in_a_file_of_settings_is_not_quoted(text: str, tmp_path: Path) -> None:
    file = tmp_path / "durahub.toml"
    file.write_text(text)
    command = ("monitor", "azurite:", "--port", "0") if "[monitor" in text else ("serve", "--check")
    said = refusal(*command, "--config", str(file))
    assert found_in(said, {"secret": SECRET}) == []


@pytest.mark.parametrize("variable", ["DURAHUB_TRACKING_STORE", "DURAHUB_AUTH_TOKENS"])
def test_a_secret_in_the_wrong_variable_is_not_quoted(variable: str) -> None:
    given = f"shop={SECRET}" if variable.endswith("TOKENS") else KEY
    said = refusal("serve", "--store", "storage:a", "--check", env={variable: given})
    assert found_in(said, {"secret": SECRET}) == []
