"""``durahub serve``: what it is told, from where, and how it is told that it was told wrong."""

import base64
import json
import os
import socket
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from durahub.local.child import Child
from tests.cli.command import Answer, durahub
from tests.cli.test_bad_input import sentence

FILE = """
[store]
address = "sqlite::memory:"
[server]
grpc_port = 9080
[hubs.orders]
limits = "dts"
[hubs.orders.retention]
completed = "30d"
"""


def written(folder: Path, text: str = FILE, name: str = "durahub.toml") -> Path:
    file = folder / name
    file.write_text(text)
    return file


def check(*arguments: object, state: Path, env: dict[str, str] | None = None) -> Answer:
    return durahub("serve", "--check", *map(str, arguments), state=state, env=env)


def told(answer: Answer) -> dict[str, tuple[str, str]]:
    """Return each setting's value and where it comes from."""
    assert answer.status == 0, answer.err
    lines = [json.loads(line) for line in answer.out.splitlines()]
    return {line["setting"]: (line["value"], line["from"]) for line in lines}


def test_the_command_line_beats_the_environment_the_file_host_json_and_the_default(
    tmp_path: Path,
) -> None:
    file = written(tmp_path, f'{FILE}\n[defaults]\nvisibility = "1m"\n')
    host = {"storageProvider": {"partitionCount": 8, "controlQueueVisibilityTimeout": "00:02:00"}}
    host_json = written(
        tmp_path, json.dumps({"extensions": {"durableTask": host}}), name="host.json"
    )
    settings = told(
        check(
            *("--config", file, "--host-json", host_json, "--http-port", "7", "--format", "json"),
            state=tmp_path,
            env={"DURAHUB_HTTP_PORT": "8", "DURAHUB_GRPC_PORT": "9"},
        )
    )

    assert settings["server.http_port"] == ("7", "--http-port")
    assert settings["server.grpc_port"] == ("9", "DURAHUB_GRPC_PORT")
    assert settings["defaults.visibility"] == ("60", str(file))
    assert settings["defaults.partitions"] == ("8", str(host_json))
    assert settings["server.host"] == ('"127.0.0.1"', "default")
    assert settings["hubs.orders.retention.completed"] == ('"30d"', str(file))


def test_what_is_printed_is_a_settings_file(tmp_path: Path) -> None:
    first = check("--config", written(tmp_path), state=tmp_path)
    again = written(tmp_path, first.out, name="again.toml")
    second = check("--config", again, state=tmp_path)

    def values(answer: Answer) -> list[str]:
        return [line.partition("  # ")[0] for line in answer.out.splitlines()]

    assert second.status == 0, second.err
    assert values(second) == values(first)


@pytest.mark.parametrize("value", ["orders, billing", "orders,billing,"])
def test_hub_names_of_the_emulator_s_variable_may_have_blanks(value: str, tmp_path: Path) -> None:
    settings = told(
        check(
            *("--store", "sqlite::memory:", "--format", "json"),
            state=tmp_path,
            env={"DTS_TASK_HUB_NAMES": value, "DTS_USE_DYNAMIC_TASK_HUBS": "true"},
        )
    )

    assert settings["server.hubs"] == ('["orders", "billing"]', "DTS_TASK_HUB_NAMES")
    assert settings["server.dynamic_hubs"] == ("true", "DTS_USE_DYNAMIC_TASK_HUBS")


def test_a_connection_string_is_never_printed(tmp_path: Path) -> None:
    key = base64.b64encode(b"h" * 64).decode()
    answer = check("--store", f"AccountName=x;AccountKey={key}", state=tmp_path)

    assert answer.status == 0
    assert "aGho" not in answer.out + answer.err


@pytest.mark.parametrize(
    ("key", "said"),
    [("hush!hush", "not Base64"), ("aHVzaGh1c2g", "not Base64"), ("aHVzaGh1c2g=", "8 bytes")],
)
@pytest.mark.parametrize("way", ["--store", "--tracking-store"])
def test_an_account_key_that_is_none_is_a_wrong_setting(
    way: str, key: str, said: str, tmp_path: Path
) -> None:
    stores = {"--store": "env:RIGHT", way: "env:WRONG"}
    right = "AccountName=shop;AccountKey=" + base64.b64encode(b"h" * 64).decode()
    env = {"RIGHT": right, "WRONG": f"AccountName=shop;AccountKey={key}"}

    answer = check(*(word for pair in stores.items() for word in pair), state=tmp_path, env=env)

    assert answer.status == 2
    assert said in sentence(answer, "DH103")
    assert "variable WRONG" in answer.err
    assert "settings are right" not in answer.err
    assert key not in answer.out + answer.err


def test_a_key_of_an_emulator_has_any_length(tmp_path: Path) -> None:
    services = ";".join(f"{one}Endpoint=http://host:1/x" for one in ("Blob", "Queue", "Table"))
    store = f"AccountName=x;AccountKey=aHVzaA==;{services}"

    assert check("--store", store, state=tmp_path).status == 0


def test_a_secret_that_is_not_at_hand_is_told_and_the_settings_are_right(tmp_path: Path) -> None:
    answer = check("--store", "env:NOT_AT_HAND", state=tmp_path)

    assert answer.status == 0
    assert "NOT_AT_HAND" in answer.err
    assert "settings are right" in answer.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[server]\ngrpc_prot = 1", "server.grpc_prot: there is no such setting"),
        ("[server]\ngrpc_port = 'x'", "server.grpc_port: expected a whole number"),
        ("[server", "not TOML"),
    ],
)
def test_a_settings_file_that_means_nothing_is_refused(
    text: str, said: str, tmp_path: Path
) -> None:
    answer = check("--config", written(tmp_path, text), state=tmp_path)

    assert answer.status == 2
    assert said in sentence(answer, "DH108")


def test_a_settings_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    answer = check("--config", tmp_path / "none.toml", state=tmp_path)

    assert answer.status == 2
    assert "none.toml" in sentence(answer, "DH108")


@pytest.mark.parametrize(
    ("arguments", "env", "code"),
    [
        ((), {}, "DH105"),
        (("--store", "nowhere:x"), {}, "DH104"),
        (("--store", "sqlite:x", "--limits", "none"), {}, "DH105"),
        (("--store", "sqlite:x", "--grpc-port", "80a"), {}, "DH105"),
        (("--store", "sqlite:x"), {"DURAHUB_API_PORT": "70000"}, "DH105"),
        (("--store", "sqlite:x", "--retention-all", "30"), {}, "DH105"),
        (("--store", "sqlite:x", "--tls-cert", "c.pem"), {}, "DH105"),
        (("--store", "sqlite:x", "--hub", "no/hub"), {}, "DH101"),
    ],
)
def test_a_wrong_setting_is_refused_wherever_it_comes_from(
    arguments: tuple[str, ...], env: dict[str, str], code: str, tmp_path: Path
) -> None:
    answer = check(*arguments, state=tmp_path, env=env)

    assert answer.status == 2
    sentence(answer, code)


def test_an_api_port_in_use_is_an_error_and_its_option_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ports = ("--grpc-port", "0", "--http-port", "0", "--api-port", port)
        answer = durahub("serve", "--store", "sqlite::memory:", *ports, state=tmp_path)

    assert answer.status == 4
    assert "--api-port none" in sentence(answer, "DH504")


def test_it_serves_the_same_at_both_http_ports_until_it_is_stopped(tmp_path: Path) -> None:
    ports = ("--grpc-port", "0", "--http-port", "0", "--api-port", "0")
    command = (
        *(sys.executable, "-m", "durahub.cli.main", "serve", "--format", "json"),
        *("--config", str(written(tmp_path)), *ports),
    )
    child = Child(command, env={**os.environ, "DURAHUB_STATE_DIR": str(tmp_path)})
    try:
        ready = child.wait_for(lambda line: line if line.startswith("{") else None, 60)
        assert ready, child.tail()
        said = json.loads(ready)
        for port in (said["http_port"], said["api_port"]):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz") as answer:
                assert answer.status == 204
        assert said["connection_string"].endswith("TaskHub=orders;Authentication=None")
        assert child.interrupt() == 0
    finally:
        child.kill()


def test_the_functions_api_asks_for_a_key_where_one_is_configured(tmp_path: Path) -> None:
    file = written(tmp_path, '[store]\naddress = "sqlite::memory:"\n')
    env = {"HUB_KEY": "open sesame", "DURAHUB_STATE_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "durahub.cli.main", "serve", "--config", str(file)]
    ports = ["--grpc-port", "0", "--http-port", "0", "--api-port", "none"]
    child = Child(
        [*command, *ports, "--functions-keys", "env:HUB_KEY", "--format", "json"], env=env
    )
    try:
        ready = child.wait_for(lambda line: json.loads(line) if "ready" in line else None, 60)
        assert ready, child.tail()
        url = f"http://localhost:{ready['http_port']}/runtime/webhooks/durabletask/instances"
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(url)
        assert refused.value.code == 401
        with urllib.request.urlopen(f"{url}?code=open%20sesame") as answer:
            assert json.load(answer) == []
    finally:
        child.kill()


def test_a_key_whose_variable_is_not_set_is_a_wrong_setting(tmp_path: Path) -> None:
    file = written(tmp_path)
    answer = durahub(
        *("serve", "--config", str(file), "--functions-keys", "env:NOT_SET"), state=tmp_path
    )
    assert answer.status == 2
    assert "NOT_SET" in answer.err
