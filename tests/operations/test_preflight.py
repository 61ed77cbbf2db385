"""``durahub serve --check --connect``: what would go wrong is told before anything is started."""

import json
import socket
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from durahub.errors import BadCertificate, ClocksApart
from durahub.preflight.certificates import check_authorities, check_certificate
from durahub.preflight.checked import Checked, exit_status
from durahub.preflight.clocks import check_clock
from tests.cli.command import Answer, durahub
from tests.conftest import STORE, Storage

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=timezone.utc)


def certificate(
    folder: Path, name: str, ends: datetime = NOW + timedelta(days=90)
) -> tuple[Path, Path]:
    """Write a certificate that was valid from a year before *ends*, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(ends - timedelta(days=365))
        .not_valid_after(ends)
        .sign(key, hashes.SHA256())
    )
    chain, private = folder / f"{name}.pem", folder / f"{name}.key"
    chain.write_bytes(made.public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return chain, private


def looks(*arguments: str, state: Path, env: dict[str, str] | None = None) -> tuple[Answer, dict]:
    ports = {"--grpc-port": "0", "--http-port": "0", "--api-port": "none"}
    others = (part for pair in ports.items() if pair[0] not in arguments for part in pair)
    answer = durahub(
        *("serve", "--check", "--connect", "--format", "json", *arguments, *others),
        state=state,
        env=env,
    )
    lines = [json.loads(line) for line in answer.out.splitlines()]
    return answer, {line["check"]: line for line in lines}


def test_a_certificate_of_today_with_its_key_is_right(tmp_path: Path) -> None:
    assert check_certificate(*certificate(tmp_path, "a"), NOW) == "valid until 2027-02-20"


def test_one_that_ends_soon_is_told_of(tmp_path: Path) -> None:
    files = certificate(tmp_path, "a", NOW + timedelta(days=3))

    assert check_certificate(*files, NOW).endswith("renew it soon")


@pytest.mark.parametrize(
    ("ends", "said"),
    [(NOW - timedelta(days=1), "was valid until"), (NOW + timedelta(days=500), "is valid from")],
)
def test_one_that_is_not_in_its_time_is_refused(tmp_path: Path, ends: datetime, said: str) -> None:
    with pytest.raises(BadCertificate, match=said):
        check_certificate(*certificate(tmp_path, "a", ends), NOW)


def test_the_key_of_another_certificate_is_refused(tmp_path: Path) -> None:
    chain, _ = certificate(tmp_path, "a")
    _, key = certificate(tmp_path, "b")

    with pytest.raises(BadCertificate, match="not the key of the certificate"):
        check_certificate(chain, key, NOW)


def test_authorities_of_clients_do_while_one_of_them_is_in_its_time(tmp_path: Path) -> None:
    old, _ = certificate(tmp_path, "old", NOW - timedelta(days=1))
    new, _ = certificate(tmp_path, "new")
    both = tmp_path / "both.pem"
    both.write_bytes(old.read_bytes() + new.read_bytes())

    assert check_authorities(new, NOW) == "valid until 2027-02-20"
    assert check_authorities(both, NOW).endswith("1 of 2 in it are out of their time")
    with pytest.raises(BadCertificate, match="was valid until"):
        check_authorities(old, NOW)


@pytest.mark.parametrize("text", ["", "-----BEGIN CERTIFICATE-----\nx\n"])
def test_what_is_no_certificate_or_no_key_is_refused_without_its_text(
    tmp_path: Path, text: str
) -> None:
    chain, key = certificate(tmp_path, "a")
    broken = tmp_path / "broken"
    broken.write_text(text)

    for files in ((broken, key), (chain, broken), (chain, tmp_path / "none")):
        with pytest.raises(BadCertificate) as refused:
            check_certificate(*files, NOW)
        assert "BEGIN" not in str(refused.value)
    for file in (broken, tmp_path / "none"):
        with pytest.raises(BadCertificate, match=str(file)):
            check_authorities(file, NOW)


@pytest.mark.parametrize("seconds", [-4, 0, 4])
def test_clocks_may_be_a_little_apart(seconds: int) -> None:
    theirs = format_datetime(NOW + timedelta(seconds=seconds))

    assert "apart" in check_clock(theirs, NOW, NOW)


@pytest.mark.parametrize(("seconds", "said"), [(-7, "ahead of"), (6, "behind")])
def test_clocks_that_are_further_apart_than_leases_bear_are_told_of(
    seconds: int, said: str
) -> None:
    theirs = format_datetime(NOW + timedelta(seconds=seconds))

    with pytest.raises(ClocksApart, match=said):
        check_clock(theirs, NOW, NOW)


def test_a_slow_answer_is_not_taken_for_a_wrong_clock() -> None:
    theirs = format_datetime(NOW + timedelta(seconds=20))

    check_clock(theirs, NOW, NOW + timedelta(seconds=30))


def test_the_status_is_that_of_the_gravest_problem() -> None:
    assert exit_status([Checked("a", True)]) == 0
    assert exit_status([Checked("a", True), Checked("b", False, exit_status=4)]) == 4
    both = [Checked("a", False, exit_status=4), Checked("b", False, exit_status=2)]
    assert exit_status(both) == 2


def test_a_file_on_this_machine_is_looked_at(tmp_path: Path) -> None:
    answer, found = looks("--store", f"sqlite:{tmp_path / 'hub.db'}", state=tmp_path)

    assert answer.status == 0, answer.err
    assert {one["outcome"] for one in found.values()} == {"ok"}
    assert found["hub default"]["found"] == "not there yet: it will be created"
    assert not (tmp_path / "hub.db").exists()


def test_a_folder_that_is_not_there_and_a_port_that_is_taken_are_problems(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        store = f"sqlite:{tmp_path / 'none' / 'hub.db'}"
        answer, found = looks("--store", store, "--grpc-port", port, state=tmp_path)

    assert answer.status == 4
    assert found["disk"]["outcome"] == "problem"
    assert found["disk"]["advice"] == "durahub explain DH506"
    assert found["server.grpc_port"]["found"].startswith("DH504")
    assert found["server.http_port"]["outcome"] == "ok"


def test_an_expired_certificate_is_a_wrong_setting(tmp_path: Path) -> None:
    chain, key = certificate(tmp_path, "a", datetime.now(timezone.utc) - timedelta(days=1))
    tls = ("--tls-cert", str(chain), "--tls-key", str(key))
    answer, found = looks("--store", "sqlite::memory:", *tls, state=tmp_path)

    assert answer.status == 2
    assert found["server.tls"]["found"].startswith("DH139")


@pytest.mark.parametrize(("days", "status"), [(90, 0), (-1, 2)])
def test_what_is_asked_of_clients_is_told_and_looked_at(
    tmp_path: Path, days: int, status: int
) -> None:
    now = datetime.now(timezone.utc)
    chain, key = certificate(tmp_path, "a", now + timedelta(days=90))
    authority, _ = certificate(tmp_path, "ca", now + timedelta(days=days))
    tls = ("--tls-cert", str(chain), "--tls-key", str(key), "--tls-client-ca", str(authority))
    answer, found = looks("--store", "sqlite::memory:", *tls, state=tmp_path)

    assert answer.status == status, answer.err
    said = found["server.tls.client_ca"]["found"]
    assert "DH139" in said if status else "without a client certificate" in said


def test_a_port_that_is_given_twice_and_an_address_of_another_machine_are_told_of(
    tmp_path: Path,
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    twice, found = looks(
        *("--store", "sqlite::memory:", "--grpc-port", port, "--http-port", port), state=tmp_path
    )

    assert twice.status == 4
    assert found["server.grpc_port"]["outcome"] == "ok"
    assert "--http-port" in found["server.http_port"]["found"]
    far, found = looks(
        *("--store", "sqlite::memory:", "--host", "192.0.2.1", "--allow-anonymous"), state=tmp_path
    )
    assert far.status == 2
    for name in ("server.grpc_port", "server.http_port"):
        assert "192.0.2.1" in found[name]["found"]


def test_a_token_whose_variable_is_not_set_is_a_wrong_setting(tmp_path: Path) -> None:
    config = tmp_path / "durahub.toml"
    config.write_text(
        '[store]\naddress = "sqlite::memory:"\n[server.auth]\ntokens = ["ci=env:NOT_SET"]\n'
        'grants = ["contributor on * to token:ci"]\n'
    )
    answer, found = looks("--config", str(config), state=tmp_path)

    assert answer.status == 2
    assert "NOT_SET" in found["server.auth"]["found"]


def test_connect_without_check_is_refused(tmp_path: Path) -> None:
    answer = durahub("serve", "--store", "sqlite::memory:", "--connect", state=tmp_path)

    assert answer.status == 2
    assert "--check --connect" in answer.err


def test_storage_that_does_not_answer_is_the_only_thing_told_of_storage(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/devstoreaccount1"
        text = (
            "AccountName=devstoreaccount1;AccountKey=c2VjcmV0;"
            f"BlobEndpoint={url};QueueEndpoint={url};TableEndpoint={url}"
        )
        answer, found = looks("--store", f"env:{STORE}", state=tmp_path, env={STORE: text})

    assert answer.status == 4
    assert found["storage"]["found"].startswith("DH501")
    assert not {"queues", "tables", "hub default"} & set(found)
    assert "c2VjcmV0" not in answer.out + answer.err


@pytest.mark.azurite
def test_an_account_is_tried_and_left_as_it_was(
    azurite: Storage, hub_name: str, tmp_path: Path
) -> None:
    env = {STORE: azurite.connection_string}
    answer, found = looks("--store", f"env:{STORE}", "--hub", hub_name, state=tmp_path, env=env)

    assert answer.status == 0, answer.out
    assert {"storage", "clock", "queues", "tables", "blobs", f"hub {hub_name}"} <= set(found)
    assert {one["outcome"] for one in found.values()} == {"ok"}
    hubs = durahub("hub", "list", "--store", f"env:{STORE}", state=tmp_path, env=env)
    assert hub_name not in hubs.out
    assert "durahubcheck" not in hubs.out
