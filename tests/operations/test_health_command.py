"""``durahub health``, the probe of the image: right for whatever the server on this machine speaks."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.cli.command import Answer, durahub
from tests.operations.serve_process import Serve
from tests.security.authorization.authority import Authority

STORE = ("--store", "sqlite::memory:")
Start = Callable[..., Serve]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a server with these arguments; with ``tls`` it has a certificate for another name."""
    with ExitStack() as stack:

        def started(*arguments: str, tls: bool = False) -> Serve:
            if tls:
                pair = Authority(tmp_path / "ca").issue("hub.example.com", "hub.example.com")
                files = ("--tls-cert", str(pair.certificate), "--tls-key", str(pair.key))
                arguments = (*arguments, *files)
            serve = Serve(tmp_path, *STORE, *arguments)
            stack.callback(serve.kill)
            return serve

        yield started


def probe(state: Path, *arguments: str) -> Answer:
    """Run it as the image does."""
    done = subprocess.run(
        [sys.executable, "-m", "durahub.cli.health", *arguments],
        env={**os.environ, "DURAHUB_STATE_DIR": str(state)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Answer(done.returncode, done.stdout, done.stderr)


def test_a_server_that_lives_and_is_ready_says_so(start: Start, tmp_path: Path) -> None:
    start()

    assert probe(tmp_path).status == 0
    ready = durahub("health", "--ready", state=tmp_path)
    assert (ready.status, json.loads(ready.out)) == (0, {"status": "ready"})


def test_a_server_that_speaks_tls_is_asked_with_tls(start: Start, tmp_path: Path) -> None:
    start("--host", "0.0.0.0", "--allow-anonymous", tls=True)

    assert probe(tmp_path).status == 0
    assert probe(tmp_path, "--ready").status == 0


def test_one_that_lets_nobody_in_without_a_certificate_lives(start: Start, tmp_path: Path) -> None:
    authority = Authority(tmp_path / "clients")
    start("--tls-client-ca", str(authority.file), tls=True)

    assert probe(tmp_path).status == 0
    ready = probe(tmp_path, "--ready")
    assert ready.status == 4
    assert "DH505" in ready.err


def test_one_that_drains_is_not_ready_and_lives(start: Start, tmp_path: Path) -> None:
    serve = start("--drain-delay", "10m")
    serve.terminate()
    assert serve.child.wait_for(lambda line: "drain-begins" in line or None, 30)

    assert probe(tmp_path).status == 0
    ready = probe(tmp_path, "--ready")
    assert (ready.status, json.loads(ready.out)) == (1, {"status": "draining"})


@pytest.mark.skipif(sys.platform == "win32", reason="a process cannot be stopped there")
def test_one_that_stands_still_does_not_live(start: Start, tmp_path: Path) -> None:
    serve = start()
    serve.child.send(signal.SIGSTOP)

    found = probe(tmp_path)

    assert found.status == 4
    assert f":{serve.http_port} does not answer" in found.err


def test_where_none_runs_there_is_nothing_to_ask(tmp_path: Path) -> None:
    found = probe(tmp_path)

    assert found.status == 4
    assert "DH505" in found.err
