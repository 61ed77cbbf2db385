"""Plans of moves, and what is kept beside them: control files, ID maps, capabilities, results, notes."""

import contextlib

from durahub.errors import BadPlan, DurahubError
from durahub_migrate.applying import control, hooks
from durahub_migrate.cli.lint_settings import read_id_map
from durahub_migrate.lint.sources import bundle, classic_position, scheduler
from durahub_migrate.moving.plan import decode, decode_unit
from durahub_migrate.planning import id_map
from durahub_migrate.probing import capabilities_file
from durahub_migrate.rehearsing.judging import _same
from durahub_migrate.verifying.repairing import read_results, repairs_of
from tests.fuzz.target import JSON, TIMES, clean_text_of, target
from tests.fuzz.targets.archives import scratch


@target(
    "move-plan",
    words=(*JSON, *TIMES, b'{"unit":', b'{"end":', b"durahub-plan", b"sha256", b"strategy"),
)
def move_plan(data: bytes) -> None:
    """A plan of a move, line by line; a unit of it by itself."""
    lines = data.split(b"\n")
    for line in lines[:3]:
        with contextlib.suppress(BadPlan):
            decode_unit(line, "a.plan")
    for _ in decode((line + b"\n" for line in lines), "a.plan"):
        pass


@target(
    "control-file",
    words=(b"rate = 5\n", b"pause = true\n", b'"unlimited"', b"= 1e999", b"[a]", b"[" * 900),
)
def control_file(data: bytes) -> None:
    """The file by which a move is steered, settings as people type them, hooks."""
    text = clean_text_of(data)
    name, _, value = text.partition("=")
    with contextlib.suppress(DurahubError):
        control.parse({name: value}, "--set")
    with contextlib.suppress(DurahubError):
        hooks.parse(text.split("\n"))
    with scratch() as folder:
        (folder / "control.toml").write_bytes(data)
        control.read(folder / "control.toml")


@target("id-map", words=(*JSON, b'{"a":"b"}', b"@a@b"))
def id_map_(data: bytes) -> None:
    """A mapping of instance IDs: no two become one."""
    with scratch() as folder:
        (folder / "ids.json").write_bytes(data)
        with contextlib.suppress(DurahubError):
            read_id_map(folder / "ids.json")
        found = id_map.read(folder / "ids.json")
    assert found.digest


@target("capabilities", words=(*JSON, *TIMES, b"durahub-target-capabilities", b"kind", b"probed"))
def capabilities(data: bytes) -> None:
    """What a target was found to be able to do. What is read is written and read the same."""
    found = capabilities_file.decode(clean_text_of(data), "a-file")
    assert capabilities_file.decode(capabilities_file.encode(*found), "a-file") == found


@target(
    "verify-results",
    words=(*JSON, b'"format":"durahub-verification"', b"instances", b"symbol", b"root"),
)
def verify_results(data: bytes) -> None:
    """The results of a comparison, which a resync repairs."""
    with scratch() as folder:
        (folder / "verify.json").write_bytes(data)
        found = read_results(folder / "verify.json", "a-target")
    repairs_of(found)


@target("positions", words=(*JSON, b"instances", b"messages 3", b"rejects"))
def positions(data: bytes) -> None:
    """How far a reading was, in the file of a linter's work."""
    text = clean_text_of(data)
    for parse in (bundle.parse, classic_position.parse, scheduler.parse):
        with contextlib.suppress(DurahubError):
            parse(text)


@target("same-results", words=(*JSON, b"\n"))
def same_results(data: bytes) -> None:
    """Two results of an activity, a line each, which a rehearsal compares: each is the same as itself."""
    one, _, other = clean_text_of(data).partition("\n")
    assert _same(one, one)
    assert _same(one, other) == _same(other, one)
