"""What others say of a hub is kept in its bundle, beside what was exported."""

import json
from pathlib import Path

import pytest

from durahub.errors import BadBundle
from durahub_migrate.bundle.manifest import Manifest
from durahub_migrate.bundle.reader import BundleReader
from durahub_migrate.bundle.reports import add_report
from durahub_migrate.bundle.writer import BundleWriter
from tests.bundle.bundles import GIVEN, HUB, NOON, an_instance, read, written

FREEZE = b'{"leases": 4}'


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    finished(tmp_path / "b")
    return tmp_path / "b"


def finished(folder: Path) -> Manifest:
    with BundleWriter(folder, GIVEN) as writer:
        writer.add_instance(an_instance(), "table ordersInstances, row 'order-7'")
        evidence = {"leases": [{"partition": "orders-control-00", "owner": "durahub"}]}
        reports = {"freeze.json": FREEZE}
        return writer.finish(HUB, NOON, frozen=True, evidence=evidence, reports=reports)


def test_a_report_and_the_evidence_come_back(bundle: Path) -> None:
    reader = BundleReader(bundle)
    assert reader.report("freeze.json") == FREEZE
    assert reader.report("plan.json") is None
    assert reader.manifest.frozen
    [lease] = reader.manifest.evidence["leases"]
    assert lease["owner"] == "durahub"


def test_reports_and_evidence_do_not_count_for_the_root(bundle: Path, tmp_path: Path) -> None:
    assert BundleReader(bundle).manifest.root == written(tmp_path / "1", [an_instance()]).root


def test_a_report_can_be_added_and_replaced_later(bundle: Path) -> None:
    root = BundleReader(bundle).manifest.root
    for text in (b"{}", b'{"units": 2}'):
        add_report(bundle, "plan.json", text)
        reader = BundleReader(bundle)
        assert (reader.report("plan.json"), reader.report("freeze.json")) == (text, FREEZE)
        assert reader.manifest.root == root
        reader.verify()
    assert read(bundle) == [an_instance()]


def test_what_a_newer_minor_version_has_written_is_kept(bundle: Path) -> None:
    file = bundle / "manifest.json"
    found = json.loads(file.read_text())
    found["signature"] = {"by": "somebody"}
    found["counts"]["colours"] = 3
    found["files"][0]["colour"] = "red"
    file.write_text(json.dumps(found))
    add_report(bundle, "plan.json", b"{}")
    kept = json.loads(file.read_text())
    assert kept["files"][-1]["path"] == "reports/plan.json"
    assert {**kept, "files": kept["files"][:-1]} == found


@pytest.mark.parametrize("name", ["", "../plan.json", "a/b", ".hidden", "Plan.json", "x" * 101])
def test_a_report_has_a_plain_name(bundle: Path, name: str) -> None:
    with pytest.raises(ValueError, match="report"):
        add_report(bundle, name, b"{}")


def test_a_report_that_was_changed_is_named(bundle: Path) -> None:
    (bundle / "reports/freeze.json").write_bytes(FREEZE.replace(b"4", b"5"))
    with pytest.raises(BadBundle) as refused:
        BundleReader(bundle).report("freeze.json")
    assert refused.value.member == "reports/freeze.json"
    with pytest.raises(BadBundle):
        BundleReader(bundle).verify()
