"""``durahub monitor``: starts, tells its address, stops by Ctrl-C; what is wrong is told at once."""

import json
import socket
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from durahub.authorization.static_tokens import digest_of
from durahub.errors import BadSettingsFile, BadSource, DurahubError, LoginNeeded, PortInUse
from durahub.local.child import Child
from durahub_migrate.cli.monitor import monitor

COMMAND = (sys.executable, "-c", "from durahub_migrate.cli.monitor import monitor; monitor()")


def ready(line: str) -> str | None:
    return str(json.loads(line)["url"]) if line.startswith("{") else None


def run(*arguments: str, **env: str) -> Any:
    return CliRunner().invoke(monitor, arguments, env=env, catch_exceptions=True)


def refused(kind: type[DurahubError], *arguments: str, **env: str) -> str:
    error = run(*arguments, **env).exception
    assert isinstance(error, kind), error
    return str(error)


def test_it_serves_until_ctrl_c_and_ends_well(tmp_path: Path) -> None:
    store = tmp_path / "hub.db"
    arguments = [*COMMAND, f"sqlite:{store}", "--port", "0", "--format", "json"]
    child = Child([*arguments, "--data", str(tmp_path / "data")])
    url = child.wait_for(ready, 60)
    assert url is not None, child.output()
    session = httpx.get(f"{url}api/session", timeout=60).json()
    page = httpx.get(url, timeout=60)
    status = child.interrupt()

    assert session["readOnly"]
    assert "<base" in page.text
    assert status == 0, child.output()


def test_a_port_that_is_in_use_is_told(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])

        assert "--port" in refused(PortInUse, "azurite:", "--port", port)


def test_listening_for_others_without_a_login_is_refused() -> None:
    assert "0.0.0.0" in refused(LoginNeeded, "azurite:", "--host", "0.0.0.0")


def test_a_source_that_means_nothing_is_refused(tmp_path: Path) -> None:
    assert "ftp" in refused(BadSource, "ftp:there", "--port", "0", "--data", str(tmp_path))


def test_a_wrong_setting_is_told_with_its_file(tmp_path: Path) -> None:
    config = tmp_path / "durahub.toml"
    config.write_text("[monitor]\nbudget = 0\n")

    assert "monitor.budget" in refused(BadSettingsFile, "--config", str(config))


def test_a_new_token_is_printed_with_the_lines_that_let_it_in() -> None:
    result = run("--new-token", "ci")

    token = result.stdout.strip()
    assert len(token) >= 32
    assert f'sha256 = "{digest_of(token)}"' in result.stderr
    assert token not in result.stderr
    assert refused(DurahubError, "--new-token", 'a"b')


@pytest.mark.parametrize("variable", ["DURAHUB_MONITOR_PORT", "DURAHUB_MONITOR_BUDGET"])
def test_variables_are_read(variable: str) -> None:
    assert variable in refused(DurahubError, **{variable: "x"})
