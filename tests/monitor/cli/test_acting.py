"""Acting from the command line: what it would do, what it did, and what is noted of it."""

import json
from pathlib import Path

from durahub.errors import BadArgument, BadRequest, HubNotFound, InstanceNotFound, WrongStatus
from durahub_migrate.acting.audit_log import AuditLog, AuditQuery
from durahub_migrate.cli.entity import entity
from durahub_migrate.cli.hub_delete import delete
from durahub_migrate.cli.hub_looks import blobs, messages, partitions, storage, stuck
from durahub_migrate.cli.instance import instance
from tests.monitor.cli.commands import Run


def noted(data: Path) -> list[tuple[str, str, str]]:
    """Return the entries of the audit log: action, target, result; the newest first."""
    log = AuditLog(data)
    found = log.page(AuditQuery(), count=50)
    log.close()
    return [(one.verb, one.target, one.result) for one in found.entries]


def test_what_is_done_is_noted_before_and_behind_with_who_and_why(run: Run, data: Path) -> None:
    done = run(instance, "terminate", "order-1", "--reason", "not needed")
    assert done.status == 0
    assert "it is asked to end" in done.err
    assert noted(data) == [("terminate", "order-1", "done"), ("terminate", "order-1", "tried")]
    log = AuditLog(data)
    entry = log.page(AuditQuery(), count=1).entries[0]
    log.close()
    assert (entry.via, entry.reason, entry.hub) == ("cli", "not needed", "Shop@hub")


def test_a_dry_run_tells_what_would_go_and_does_nothing(run: Run, data: Path) -> None:
    found = run(instance, "purge", "order-0", "--dry-run", "--format", "json")
    told = json.loads(found.out)
    assert (told["dryRun"], told["instances"]) == (True, 1)
    assert run(instance, "show", "order-0").status == 0
    assert noted(data) == []
    done = run(instance, "purge", "order-0")
    assert "1 purged" in done.err
    assert isinstance(run(instance, "show", "order-0").error, InstanceNotFound)


def test_what_has_no_effect_is_a_warning_as_it_always_was(run: Run, data: Path) -> None:
    found = run(instance, "raise-event", "order-0", "Approve", '"yes"')
    assert found.status == 0
    assert "warning:" in found.err
    assert noted(data)[0] == ("raise-event", "order-0", "refused")


def test_a_payload_comes_from_a_file_or_from_stdin(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "input.json"
    file.write_text('{"from":"file"}')
    started = run(instance, "start", "Order", "--id", "new", "--input", f"@{file}")
    assert started.out == "new\n"
    found = json.loads(run(instance, "show", "new", "--format", "json").out)
    assert found["input"] == '{"from":"file"}'
    run(instance, "start", "Order", "--id", "piped", "--input", "-", typed=b'"piped"')
    found = json.loads(run(instance, "show", "piped", "--format", "json").out)
    assert found["input"] == '"piped"'
    assert run(instance, "start", "Order", "--input", f"@{tmp_path / 'none'}").status == 2
    assert isinstance(run(instance, "start", "Order", "--input", "{").error, BadArgument)


def test_a_custom_status_is_written(run: Run) -> None:
    assert run(instance, "set-custom-status", "order-1", '{"by":"ops"}').status == 0
    found = json.loads(run(instance, "show", "order-1", "--format", "json").out)
    assert found["customStatus"] == '{"by":"ops"}'


def test_a_rewind_is_not_done_unless_somebody_confirms_it(run: Run, data: Path) -> None:
    found = run(instance, "rewind", "order-2")
    assert isinstance(found.error, BadRequest)
    assert noted(data) == []
    assert isinstance(run(instance, "rewind", "order-1", "--yes").error, WrongStatus)


def test_one_is_restarted_under_a_new_id(run: Run) -> None:
    found = run(instance, "restart", "order-0", "--new-id")
    assert found.status == 0
    assert run(instance, "show", found.out.strip()).status == 0


def test_an_entity_is_called_by_name_and_key(run: Run, data: Path) -> None:
    assert run(entity, "signal", "counter", "add").status == 2
    assert isinstance(run(entity, "show", "@counter@gone").error, InstanceNotFound)
    assert run(entity, "signal", "@counter@a", "add", "5", "--reason", "test").status == 0
    assert noted(data)[0] == ("signal-entity", "@counter@a", "done")
    assert run(entity, "clean", "--dry-run").status == 0
    assert run(entity, "clean").status == 0


def test_a_hub_is_looked_at_as_a_whole(run: Run) -> None:
    found = run(partitions, "--format", "json")
    view = json.loads(found.out)
    name = view["workItems"]["name"]
    assert name in run(partitions).out
    assert run(messages, name).status == 0
    assert run(messages, "nowhere").status == 2
    told = json.loads(run(storage, "--format", "json").out)
    assert told["instances"] == 4
    assert "instances" in run(storage).out


def test_a_script_is_told_that_something_is_stuck(run: Run) -> None:
    none = run(stuck, "--older-than", "1h", "--fail-if-any")
    assert (none.status, none.err) == (0, "nothing is stuck for 1h or longer\n")
    found = run(stuck, "--older-than", "0s", "--fail-if-any", "--format", "json")
    assert found.status == (1 if found.lines else 0)
    assert run(stuck, "--older-than", "soon").status == 2


def test_blobs_are_not_listed_where_there_are_none(run: Run) -> None:
    assert run(blobs).status == 2
    assert run(blobs, "--orphaned", "--delete", "--yes").status == 2


def test_a_hub_is_deleted_when_its_name_is_confirmed(run: Run, data: Path, tmp_path: Path) -> None:
    address = f"sqlite:{tmp_path / 'hub.db'}/Shop"
    assert run(delete, address, "--dry-run").status == 0
    assert run(delete, address).status != 0
    assert run(instance, "show", "order-0").status == 0
    done = run(delete, address, "--yes", "--reason", "the test is over")
    assert "task hub Shop is deleted" in done.err
    assert noted(data)[0] == ("delete-hub", "Shop", "done")
    assert isinstance(run(instance, "show", "order-0").error, HubNotFound)
