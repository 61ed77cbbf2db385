"""``durahub apply`` and ``durahub job``, into a hub in a file."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result

from durahub.errors import (
    BadBundle,
    BadPlan,
    DurahubError,
    FileUnavailable,
    HubNotFound,
    JobMismatch,
    MoveBlocked,
    WrongJobState,
)
from durahub_migrate.applying.events import schema_text
from durahub_migrate.applying.states import JobState, UnitState
from durahub_migrate.cli.apply import apply as apply_command
from durahub_migrate.cli.job import job_commands
from durahub_migrate.moving.settings import MoveSettings
from tests.applying.jobs import state_of, units_by_state
from tests.applying.moves import Move, a_move
from tests.bundle.exports import exported_file

TARGET = "new.db"


@pytest.fixture
def move(tmp_path: Path) -> Move:
    return into_file(tmp_path)


def into_file(folder: Path, **others: Any) -> Move:
    return a_move(folder, f"sqlite:{folder / TARGET}/orders", **others)


def call(command: Any, *arguments: object) -> Result:
    return CliRunner().invoke(command, [str(one) for one in arguments])


def apply(move: Move, *options: object) -> Result:
    return call(apply_command, move.plan, "--quiet", *options)


def job(name: str, move: Move, *options: object) -> Result:
    return call(job_commands, name, move.plan, *options)


def refused(result: Result, kind: type[DurahubError]) -> str:
    assert isinstance(result.exception, kind), (result.output, result.exception)
    return str(result.exception)


def ids_at(folder: Path) -> int:
    manifest = asyncio.run(exported_file(folder / TARGET, "orders", folder / "after.hub"))
    return manifest.counts.instances_read


def test_a_plan_is_applied_and_confirmed(move: Move, tmp_path: Path) -> None:
    done = apply(move)

    assert done.exit_code == 0, (done.output, done.exception)
    assert "handed over" in done.output
    after = done.stdout.splitlines()[-1]
    assert after.startswith("next ")
    assert after.index("durahub verify") < after.index("start the app") < after.index("job confirm")
    assert units_by_state(move.plan) == {UnitState.DONE: 7}
    assert ids_at(tmp_path) == 11
    assert apply(move).exit_code == 0  # there is nothing left to do
    assert job("confirm", move).exit_code == 0
    assert state_of(move.plan) is JobState.CONFIRMED
    refused(job("abort", move), WrongJobState)
    assert job("clean", move).exit_code == 0
    assert not move.plan.with_name("orders.plan.job").exists()


def test_each_line_of_json_is_as_the_schema_says(move: Move) -> None:
    schema = json.loads(schema_text())
    jsonschema.Draft202012Validator.check_schema(schema)

    lines = [json.loads(one) for one in apply(move, "--format", "json").stdout.splitlines()]

    for line in lines:
        jsonschema.validate(line, schema)
    assert [one["state"] for one in lines if one["event"] == "state"] == [
        "delivering",
        "settling",
        "checking",
        "ready",
        "handing-over",
        "handed-over",
    ]
    assert (lines[-1]["event"], lines[-1]["exitStatus"], lines[-1]["instances"]) == ("ended", 0, 11)


def test_without_a_terminal_each_phase_says_on_stderr_what_is_done(move: Move) -> None:
    told = call(apply_command, move.plan).stderr.splitlines()

    states = [line.partition(":")[0] for line in told]
    assert [one for one in dict.fromkeys(states) if one != "placing"] == [
        "delivering",
        "settling",
        "checking",
        "ready",
        "handing-over",
        "handed-over",
    ]
    assert "delivering: messages that were on their way are sent" in told
    assert not [line for line in told[states.index("ready") :] if " units" in line]


def test_the_schema_is_printed() -> None:
    assert call(apply_command, "--schema").output == schema_text()


def test_a_dry_run_changes_nothing(move: Move, tmp_path: Path) -> None:
    before = sorted(tmp_path.iterdir())

    said = apply(move, "--dry-run")

    assert (said.exit_code, "7 units by a" in said.output) == (0, True)
    assert sorted(tmp_path.iterdir()) == before


def test_a_job_stands_ready_until_it_is_handed_over(move: Move) -> None:
    ready = apply(move, "--postpone-cut-over")
    assert ready.exit_code == 0
    assert "durahub job cut-over" in ready.stdout.splitlines()[-1]
    assert state_of(move.plan) is JobState.READY

    assert job("cut-over", move).exit_code == 0

    assert state_of(move.plan) is JobState.HANDED_OVER


def test_a_job_is_aborted_and_the_target_is_empty(move: Move, tmp_path: Path) -> None:
    apply(move)

    aborted = job("abort", move)

    assert aborted.exit_code == 0, (aborted.output, aborted.exception)
    assert state_of(move.plan) is JobState.ABORTED
    refused(apply(move), WrongJobState)
    with pytest.raises(HubNotFound):  # the job had made it
        ids_at(tmp_path)
    assert job("clean", move).exit_code == 0
    assert apply(move).exit_code == 0  # by a new job
    assert ids_at(tmp_path) == 11


def test_jobs_are_listed_and_shown(move: Move, tmp_path: Path) -> None:
    apply(move)

    listed = call(job_commands, "list", tmp_path, "--format", "json")
    shown = job("show", move, "--format", "json")

    assert json.loads(listed.output)["state"] == "handed-over"
    assert json.loads(shown.output)["units"] == {"done": 7}
    assert "7 done" in job("show", move).output


def test_speed_is_set_in_the_control_file(move: Move) -> None:
    apply(move, "--postpone-cut-over")
    assert job("set", move, "rate=50", "parallel=4", "bytes-per-second=none").exit_code == 0
    assert job("pause", move).exit_code == 0

    text = (move.plan.with_name("orders.plan.job") / "control.toml").read_text()

    assert text == 'rate = 50.0\nbytes_per_second = "none"\nparallel = 4\npause = true\n'
    refused(job("set", move, "rate=-1"), DurahubError)
    refused(job("set", move, "speed=1"), DurahubError)


def test_a_plan_that_was_changed_is_refused(move: Move) -> None:
    move.plan.write_bytes(move.plan.read_bytes().replace(b"live-1", b"live-9", 1))

    assert "changed" in refused(apply(move), BadPlan)


def test_a_bundle_that_is_another_one_is_refused(move: Move, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    another = into_file(other, live=1)
    (tmp_path / "orders.hub").rename(tmp_path / "old.hub")
    (other / "orders.hub").rename(tmp_path / "orders.hub")

    assert "root" in refused(apply(move), JobMismatch)
    assert another.plan.exists()


def test_a_bundle_that_was_altered_is_refused_by_the_member(move: Move, tmp_path: Path) -> None:
    segment = next((tmp_path / "orders.hub" / "segments").glob("instances*"))
    content = bytearray(segment.read_bytes())
    content[len(content) // 2] ^= 1
    segment.write_bytes(content)

    assert segment.name in refused(apply(move), BadBundle)


def test_a_plan_of_a_hub_in_use_is_refused_unless_it_was_allowed(tmp_path: Path) -> None:
    move = into_file(tmp_path, frozen=False)
    assert refused(apply(move), MoveBlocked).startswith("DH311")

    allowed = into_file(tmp_path, frozen=False, settings=MoveSettings(allow_unfrozen=True))
    assert apply(allowed).exit_code == 0


def test_blocked_units_are_left_only_if_somebody_says_so(tmp_path: Path) -> None:
    move = into_file(tmp_path, changed={"live-1": {"blockers": ("it holds a lock",)}})
    assert "1 units of the plan are blocked" in refused(apply(move), MoveBlocked)

    done = apply(move, "--skip-blocked")

    assert done.exit_code == 0
    assert units_by_state(move.plan) == {UnitState.DONE: 6, UnitState.LEFT: 1}


def test_ids_that_the_target_holds_are_rejected_and_listed_and_the_others_go_on(
    tmp_path: Path,
) -> None:
    first = into_file(tmp_path, live=1, ended=0)
    assert apply(first).exit_code == 0
    other = tmp_path / "other"
    other.mkdir()
    second = a_move(other, f"sqlite:{tmp_path / TARGET}/orders", live=2, ended=1, custom='"new"')

    done = apply(second)

    assert done.exit_code == 1, (done.output, done.exception)
    assert state_of(second.plan) is JobState.READY
    lines = (other / "orders.plan.job" / "failed.jsonl").read_text().splitlines()
    (told,) = [json.loads(one) for one in lines]
    assert (told["unit"], told["state"], told["code"]) == ("live-0", "rejected", "DH301")
    assert job("cut-over", second).exit_code == 1
    assert state_of(second.plan) is JobState.READY
    assert job("cut-over", second, "--anyway").exit_code == 1
    assert state_of(second.plan) is JobState.HANDED_OVER


def test_rejects_that_were_allowed_end_with_a_status_of_their_own(tmp_path: Path) -> None:
    assert apply(into_file(tmp_path, live=1, ended=0)).exit_code == 0
    other = tmp_path / "other"
    other.mkdir()
    second = a_move(other, f"sqlite:{tmp_path / TARGET}/orders", live=2, ended=1, custom='"new"')

    done = apply(second, "--max-rejects", 1)

    assert done.exit_code == 6
    assert "5 orchestrations = 3 imported + 2 rejected by the target" in done.output


def test_a_target_that_another_process_has_is_named(move: Move, tmp_path: Path) -> None:
    from durahub.scheduler.connections import FileOptions, writing

    with writing(str(tmp_path / TARGET), FileOptions()):
        assert "process" in refused(apply(move), FileUnavailable)


@pytest.mark.skipif(sys.platform == "win32", reason="the commands are those of a POSIX shell")
def test_hooks_are_told_the_moment_and_may_keep_a_job_from_being_handed_over(
    move: Move, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    say = f'echo "$DURAHUB_HOOK $DURAHUB_STATE" >> {log}'
    hooks = [
        f"on-plan={say}",
        f"before-cutover={say}; exit 3",
        f"after-cutover={say}",
        f"on-failure={say}",
    ]

    options = [part for hook in hooks for part in ("--hook", hook)]
    refused(apply(move, *options), MoveBlocked)
    assert log.read_text().splitlines() == [
        "on-plan placing",
        "before-cutover ready",
        "on-failure ready",
    ]
    hooks[1] = f"before-cutover={say}"
    options = [part for hook in hooks for part in ("--hook", hook)]
    assert apply(move, *options).exit_code == 0

    assert log.read_text().splitlines()[3:] == ["before-cutover ready", "after-cutover handed-over"]
