"""``durahub instance``: one instance in all the forms in which it is shown."""

import json
from pathlib import Path

from durahub.errors import BadDocument, InstanceNotFound
from durahub_migrate.cli.instance import instance
from tests.monitor.cli.commands import Run


def test_an_instance_is_shown_with_why_it_waits(run: Run) -> None:
    found = run(instance, "show", "order-1")
    assert found.status == 0
    assert "customStatus" in found.out
    assert any(line.startswith("why") for line in found.lines)
    told = json.loads(run(instance, "show", "order-1", "--format", "json").out)
    assert "why" not in told
    assert told["input"] == '{"number":1}'
    told = json.loads(run(instance, "show", "order-1", "--why", "--format", "json").out)
    assert told["why"]["instanceId"] == "order-1"


def test_what_is_not_there_is_an_error_for_every_command(run: Run) -> None:
    for command in ("show", "history", "why", "timeline", "sequence", "family", "document"):
        found = run(instance, command, "gone")
        assert isinstance(found.error, InstanceNotFound), command
        assert found.status == 2


def test_one_that_waits_and_cannot_go_on_is_stuck(run: Run) -> None:
    found = run(instance, "why", "order-1", "--format", "json")
    told = json.loads(found.out)
    assert found.status == (1 if told["isStuck"] else 0)
    assert told["sentence"]
    text = run(instance, "why", "order-1")
    assert text.lines[0] == told["sentence"]
    assert run(instance, "why", "order-0").status == 0


def test_a_document_is_written_once_and_opened_without_its_hub(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "order.json"
    assert run(instance, "document", "order-2", str(file)).status == 0
    assert run(instance, "document", "order-2", str(file)).status == 2
    shown = run(instance, "open", str(file), "--format", "json")
    assert json.loads(shown.lines[0])["instanceId"] == "order-2"
    assert run(instance, "document", "order-2", "-").out[0] == "{"
    assert "Shop@hub" in run(instance, "open", str(file)).out
    file.write_text("{}")
    assert isinstance(run(instance, "open", str(file)).error, BadDocument)
    assert run(instance, "open", str(tmp_path / "none")).status == 2


def test_two_histories_of_the_same_steps_do_not_differ(run: Run) -> None:
    found = run(instance, "diff", "order-0", "order-0")
    assert found.status == 0
    assert "all the same" in found.err
