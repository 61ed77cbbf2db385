"""What is deployed: the container file, the systemd unit, and the examples for Compose and Kubernetes.

No engine builds the image here. Instead a linter reads its file, what it copies is looked for, and its steps
are taken in a folder: what they make runs as the image would.
"""

import configparser
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import yaml

from durahub.cli.server_life import LAST_WORDS
from durahub.configuration.durations import seconds_of
from durahub.configuration.settings import DrainSettings
from durahub.local.child import Child
from tests.cli.command import durahub

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
CONTAINER = (DEPLOY / "Containerfile").read_text()
TOKEN = "x" * 40


def instructions(name: str) -> list[str]:
    """Return the arguments of an instruction, its lines joined."""
    joined = re.sub(r"\\\n\s*", " ", CONTAINER)
    return re.findall(rf"^{name} (.+)$", joined, re.MULTILINE)


def unit() -> configparser.SectionProxy:
    class Unit(configparser.RawConfigParser):
        def optionxform(self, optionstr: str) -> str:
            return optionstr

    parser = Unit(strict=False, delimiters=("=",))
    parser.read(DEPLOY / "durahub.service")
    return parser["Service"]


def drain() -> float:
    """Return how long a server of the example takes to stop, at most."""
    told: dict[str, Any] = tomllib.loads((DEPLOY / "durahub.toml").read_text())["server"]["drain"]
    return (seconds_of(told["delay"]) or 0) + (seconds_of(told["timeout"]) or 0) + LAST_WORDS


def test_a_linter_has_nothing_against_the_container_file() -> None:
    linter = shutil.which("hadolint", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if linter is None:
        pytest.skip("hadolint is not installed")
    said = subprocess.run(
        [linter, DEPLOY / "Containerfile"], capture_output=True, text=True, check=False
    )

    assert (said.returncode, said.stdout) == (0, "")


def test_what_the_container_file_copies_is_there() -> None:
    for copied in instructions("COPY"):
        *sources, _ = copied.split()
        if sources[0] != "--from=build":
            assert [one for one in sources if not (ROOT / one).exists()] == []


def test_the_image_runs_as_nobody_with_a_probe_a_pinned_base_and_nothing_to_build_with() -> None:
    assert {base.split()[0].partition(":")[2] for base in instructions("FROM")} == {
        "3.13-slim-bookworm"
    }
    assert instructions("USER") == ["10001"]
    assert instructions("STOPSIGNAL") == ["SIGTERM"]
    [probe] = instructions("HEALTHCHECK")
    assert json.loads(probe.partition("CMD ")[2]) == ["python", "-m", "durahub.cli.health"]
    last = CONTAINER.rpartition("\nFROM ")[2]
    assert "apt" not in last
    assert "pip" not in last
    assert "uninstall --yes pip" in CONTAINER
    assert json.loads(instructions("ENTRYPOINT")[0]) == ["durahub"]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_steps_of_the_container_file_make_something_that_serves(tmp_path: Path) -> None:
    source, made = tmp_path / "src", tmp_path / "made"
    source.mkdir()
    for copied in instructions("COPY"):
        *names, target = copied.split()
        if names[0] == "--from=build":
            continue
        for name in names:
            place = source / Path(target).relative_to("/src")
            if (ROOT / name).is_dir():
                ignored = shutil.ignore_patterns("node_modules", "__pycache__")
                shutil.copytree(ROOT / name, place, dirs_exist_ok=True, ignore=ignored)
            else:
                shutil.copy(ROOT / name, place)
    env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    [build, _] = instructions("RUN")
    build = build.replace("/opt/durahub", str(made)).replace("/src", str(source))
    build = build.replace("python -m venv", f"{shlex.quote(sys.executable)} -m venv")
    subprocess.run(build, shell=True, check=True, env=env)

    state = tmp_path / "state"
    state.mkdir()
    assert not (made / "bin" / "pip").exists()
    command = [made / "bin" / "durahub", *json.loads(instructions("CMD")[-1])]
    child = Child(
        [
            *command,
            "--store",
            "sqlite::memory:",
            "--grpc-port",
            "0",
            "--http-port",
            "0",
            "--api-port",
            "none",
            "--format",
            "json",
        ],
        env={**env, "DURAHUB_STATE_DIR": str(state), "PATH": f"{made / 'bin'}:{env['PATH']}"},
        cwd=state,
    )
    try:
        ready = child.wait_for(lambda line: line if '"ready"' in line else None, 180)
        assert ready, child.tail()
        url = f"http://127.0.0.1:{json.loads(ready)['http_port']}"
        with urllib.request.urlopen(f"{url}/readyz") as answer:
            assert answer.status == 200
        [probe] = instructions("HEALTHCHECK")
        words = json.loads(probe.partition("CMD ")[2])
        words = [str(made / "bin" / "python"), *words[1:]]
        asked = {**env, "DURAHUB_STATE_DIR": str(state)}
        subprocess.run(words, check=True, env=asked)
        assert child.interrupt(180) == 0
    finally:
        child.kill()


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd-analyze; Debian's package systemd has it")
    copy = tmp_path / "durahub.service"
    text = (DEPLOY / "durahub.service").read_text()
    copy.write_text(text.replace("/opt/durahub/bin/durahub", "/bin/true"))  # it must exist here
    said = subprocess.run(
        ["systemd-analyze", "verify", copy], capture_output=True, text=True, check=False
    )

    assert (said.returncode, said.stderr) == (0, "")


def test_the_unit_is_hardened_as_systemd_itself_measures() -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd-analyze; Debian's package systemd has it")
    said = subprocess.run(
        [
            "systemd-analyze",
            "security",
            "--offline=yes",
            "--threshold=20",
            DEPLOY / "durahub.service",
        ],
        capture_output=True,
        text=True,
        check=False,
    )

    assert said.returncode == 0, said.stdout  # an exposure of 2.0 or less, of 10


def test_the_unit_gives_a_drain_its_time_and_runs_commands_that_exist(tmp_path: Path) -> None:
    service = unit()

    assert float(service["TimeoutStopSec"]) > drain()
    assert service["KillSignal"] == "SIGTERM"
    for key in ("ExecStart", "ExecStartPre"):
        words = service[key].split()
        assert words[0].endswith("/durahub")
        words = [str(DEPLOY / "durahub.toml") if w.endswith(".toml") else w for w in words[1:]]
        checked = [*words, "--check"] if "--check" not in words else words
        answer = durahub(*checked, state=tmp_path, env={"DURAHUB_APP_TOKEN": TOKEN})
        assert answer.status == 0, answer.err


def test_compose_and_kubernetes_give_a_drain_its_time_and_ask_the_probes() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    for service in compose["services"].values():
        assert seconds_of(service["stop_grace_period"]) > drain()
        assert service["read_only"] is True
    pod = yaml.safe_load((DEPLOY / "kubernetes.yaml").read_text())["spec"]["template"]["spec"]
    assert pod["terminationGracePeriodSeconds"] > drain()
    [container] = pod["containers"]
    assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    noticed = container["readinessProbe"]["periodSeconds"]
    told = tomllib.loads((DEPLOY / "durahub.toml").read_text())["server"]["drain"]
    assert seconds_of(told["delay"]) > noticed
    assert container["securityContext"]["readOnlyRootFilesystem"] is True


def test_an_undisturbed_default_is_within_what_orchestrators_wait_of_themselves() -> None:
    usual = DrainSettings()

    assert usual.delay + usual.timeout < 30  # Kubernetes' terminationGracePeriodSeconds
