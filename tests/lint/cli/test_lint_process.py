"""``durahub lint`` as a command of its own, over files, a hub in a SQLite file, and bad input."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bundle.bundles import an_instance, written

HOST_JSON = '{"version": "2.0", "extensions": {"durableTask": {"hubName": "orders"}}}'


def durahub(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "durahub.cli.main", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


@pytest.fixture
def app(tmp_path: Path) -> Path:
    (tmp_path / "host.json").write_text(HOST_JSON)
    return tmp_path


def test_the_working_folder_is_linted_and_json_goes_to_stdout(app: Path) -> None:
    result = durahub(app, "lint", "--select", "CFG,IDN", "--format", "json")

    found = json.loads(result.stdout)
    assert found["exitStatus"] == result.returncode
    assert found["sources"] == ["."]
    assert "IDN501" in [rule["code"] for rule in found["notEvaluated"]]


def test_sarif_gives_status_0_unless_fail_on_is_said_with_it(app: Path) -> None:
    (app / "host.json").write_text("{ broken")
    text = durahub(app, "lint", "--select", "CFG")
    sarif = durahub(app, "lint", "--select", "CFG", "--format", "sarif")
    strict = durahub(app, "lint", "--select", "CFG", "--format", "sarif", "--fail-on", "error")

    assert (text.returncode, sarif.returncode, strict.returncode) == (1, 0, 1)
    assert json.loads(sarif.stdout)["runs"][0]["results"]


def test_a_report_is_written_beside_the_findings(app: Path) -> None:
    result = durahub(app, "lint", "--select", "CFG", "--report", "report.json")

    assert "written to report.json" in result.stderr
    assert json.loads((app / "report.json").read_text("utf-8"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["no/such/folder"], "there is no such path"),
        (["--severity", "IDN501"], "CODE=error"),
    ],
)
def test_wrong_usage_is_said_in_a_sentence(app: Path, arguments: list[str], said: str) -> None:
    result = durahub(app, "lint", *arguments)

    assert result.returncode == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_explain_prints_the_page_of_a_rule(app: Path) -> None:
    result = durahub(app, "explain", "idn501")

    assert result.stdout.startswith("# IDN501: instance ID is too long for the scheduler")


@pytest.fixture
def large_bundle(tmp_path: Path) -> Path:
    written(tmp_path / "hub", [an_instance(f"order-{n:04}" + "x" * 100) for n in range(1_000)])
    return tmp_path


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("work", [["--work", "lint.work"], []], ids=["work", "no-work"])
def test_whoever_stops_a_run_is_answered_at_once(
    large_bundle: Path, how: signal.Signals, work: list[str]
) -> None:
    command = ["lint", "bundle:hub", "--progress-every", "0.001", *work]
    with subprocess.Popen(
        [sys.executable, "-m", "durahub.cli.main", *command],
        cwd=large_bundle,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        first = process.stderr.readline()
        process.send_signal(how)
        out, err = process.communicate()

    assert " read" in first
    assert process.returncode == (5 if work else 130)
    assert out == ""
    assert "1,000 read" not in err
    assert "Traceback" not in err
    if work:
        assert "the same command goes on" in err
        assert durahub(large_bundle, *command, "--statistics").returncode == 1


@pytest.mark.skipif(sys.platform == "win32", reason="it has no head")
@pytest.mark.parametrize("form", ["text", "jsonl", "csv"])
def test_who_reads_the_first_line_alone_is_told_nothing_else(large_bundle: Path, form: str) -> None:
    command = (
        f"{sys.executable} -m durahub.cli.main lint bundle:hub --each --format {form} | head -1"
    )
    done = subprocess.run(
        command, shell=True, cwd=large_bundle, capture_output=True, text=True, check=True
    )

    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has it")
def test_a_full_stdout_is_an_error_of_ours(app: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "durahub.cli.main", "lint", "."],
            cwd=app,
            env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert done.returncode == 4
    assert "DH506: the file stdout cannot be used" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


USELESS = """{
  "version": "2.0",
  "extensions": {"durableTask": {
    "useAppLease": true,
    "storageProvider": {"type": "azureManaged", "connectionStringName": "DTS"}
  }}
}
"""


def test_what_was_fixed_and_what_remains_is_said(app: Path) -> None:
    (app / "host.json").write_text(USELESS)

    first = durahub(app, "lint", "--select", "CFG104,CFG111", "--fix")
    second = durahub(app, "lint", "--select", "CFG104,CFG111", "--fix")

    assert "useAppLease" not in (app / "host.json").read_text()
    assert "fixed host.json; this remains:" in first.stderr
    assert "nothing was to be fixed; this remains:" in second.stderr
    for result in (first, second):
        assert "CFG111" in result.stdout
        assert "CFG104" not in result.stdout


NOBODY = "http://127.0.0.1:9/devstoreaccount1"
SILENT = (
    f"DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=MDA=;"
    f"BlobEndpoint={NOBODY};QueueEndpoint={NOBODY};TableEndpoint={NOBODY}"
)


def test_the_exit_statuses_are_those_of_the_page(
    app: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def status(*arguments: str) -> int:
        return durahub(app, "lint", *arguments).returncode

    monkeypatch.setenv("NOWHERE", SILENT)
    clean = status("--select", "CFG")
    wrong_usage = status("--select", "NOPE")
    no_such_thing = status("host.jso")
    silent = status("env:NOWHERE/orders")
    partly = status(".", "env:NOWHERE/orders", "--exit-zero")
    (app / "host.json").write_text("{ broken")
    found = status("--select", "CFG")

    assert (clean, found, wrong_usage, no_such_thing, silent, partly) == (0, 1, 2, 2, 4, 4)


def test_one_settings_file_serves_the_linter_and_the_server(app: Path) -> None:
    (app / "durahub.toml").write_text(
        '[store]\naddress = "sqlite:hub.db"\n[server]\nhubs = ["orders"]\n'
        '[lint]\nselect = ["CFG"]\nfail-on = "info"\n'
    )

    served = durahub(app, "serve", "--config", "durahub.toml", "--check")
    linted = durahub(app, "lint", "--show-settings")

    assert served.returncode == 0, served.stderr
    assert linted.returncode == 0, linted.stderr
    assert 'select = ["CFG"]' in linted.stdout
    assert 'fail-on = "info"' in linted.stdout
