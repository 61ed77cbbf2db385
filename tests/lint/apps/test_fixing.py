import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.errors import FileChanged, FileUnavailable
from durahub_migrate.lint.files.changing import removal
from durahub_migrate.lint.files.json_document import read_json
from durahub_migrate.lint.finding import Edit, Fix
from durahub_migrate.lint.fixing import diff, fixed, settled
from durahub_migrate.lint.writing import write_fixed


def fix(start: int, stop: int, text: str = "", *, safe: bool = True) -> Fix:
    return Fix("a fix", "host.json", (Edit(start, stop, text),), safe)


def test_unsafe_fixes_are_applied_only_where_that_is_asked_for() -> None:
    fixes = [fix(0, 1, "A"), fix(2, 3, "C", safe=False)]
    assert fixed("abc", fixes, unsafe=False) == "Abc"
    assert fixed("abc", fixes, unsafe=True) == "AbC"


def test_of_two_fixes_that_overlap_the_first_one_is_applied() -> None:
    assert fixed("abcd", [fix(1, 3, "X"), fix(0, 2, "Y")], unsafe=False) == "Ycd"


def test_a_fix_is_applied_as_a_whole_or_not_at_all() -> None:
    both = Fix("two edits", "host.json", (Edit(2, 3, "C"), Edit(4, 5, "E")))
    assert fixed("abcdef", [fix(0, 3, "X"), both], unsafe=False) == "Xdef"


def test_fixes_side_by_side_are_both_applied() -> None:
    assert fixed("abcd", [fix(0, 2), fix(2, 3)], unsafe=False) == "d"


def test_offsets_are_bytes() -> None:
    assert fixed("é💰x", [fix(6, 7, "y")], unsafe=False) == "é💰y"


def test_new_lines_are_those_of_the_file() -> None:
    assert fixed("a\r\nb", [fix(0, 1, "x\ny")], unsafe=False) == "x\r\ny\r\nb"


def test_edits_beyond_the_text_are_left_out() -> None:
    assert fixed("a", [fix(5, 9)], unsafe=True) == "a"


def _without_all(texts: Mapping[str, str]) -> Iterable[Fix]:
    for path, text in texts.items():
        document = read_json(path, text)
        for member in document.root.members:
            yield Fix(f"remove {member.name}", path, removal(document, member))


def test_what_overlapped_has_its_turn_when_the_result_is_judged_again() -> None:
    texts = {"host.json": '{\n  "a": 1,\n  "b": 2,\n  "c": 3\n}\n', "other.json": "[]"}
    left = settled(texts, _without_all, unsafe=False)
    assert read_json("host.json", left["host.json"]).root.members == ()
    assert left["other.json"] == "[]"


def test_fixes_that_undo_each_other_come_to_an_end() -> None:
    def judge(texts: Mapping[str, str]) -> Iterable[Fix]:
        yield fix(0, 1, "b" if texts["host.json"] == "a" else "a")

    assert settled({"host.json": "a"}, judge, unsafe=False) == {"host.json": "b"}


@given(st.dictionaries(st.text(), st.integers(), max_size=5), st.sampled_from([None, 2]))
def test_every_entry_can_be_taken_out(value: dict[str, int], indent: int | None) -> None:
    import json

    texts = {"x.json": json.dumps(value, indent=indent)}
    assert json.loads(settled(texts, _without_all, unsafe=False)["x.json"]) == {}


@pytest.mark.skipif(shutil.which("patch") is None, reason="needs patch")
@pytest.mark.parametrize("after", ["a\nB\nc", "a\nb\nc\n", "", "\u2028a\nb\x0cc\n", "a\nb\nc"])
def test_a_difference_is_what_patch_takes(tmp_path: Path, after: str) -> None:
    before = "a\nb\nc"
    (tmp_path / "host.json").write_text(before)
    said = diff("host.json", before, after)
    assert bool(said) == (before != after)
    if said:
        subprocess.run(
            ["patch", "-p1", "--silent"], cwd=tmp_path, input=said.encode(), check=True, timeout=60
        )
    left = tmp_path / "host.json"
    assert (left.read_text() if left.exists() else "") == after


def test_a_file_keeps_its_encoding_its_mark_its_line_ends_and_its_rights(tmp_path: Path) -> None:
    path = tmp_path / "host.json"
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        path.write_bytes("é\r\nb".encode(encoding))
        path.chmod(0o640)
        write_fixed(str(path), "é\r\nb", "é\r\nc")
        assert path.read_bytes() == "é\r\nc".encode(encoding)
        assert path.stat().st_mode & 0o777 == 0o640
        assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.json").write_text("a")
    (tmp_path / "host.json").symlink_to("real.json")
    write_fixed(str(tmp_path / "host.json"), "a", "b")
    assert (tmp_path / "host.json").is_symlink()
    assert (tmp_path / "real.json").read_text() == "b"


def test_a_file_that_was_changed_meanwhile_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "host.json"
    path.write_text("changed")
    with pytest.raises(FileChanged):
        write_fixed(str(path), "a", "b")
    assert path.read_text() == "changed"


def test_a_file_that_is_gone_is_an_error_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(FileUnavailable, match=r"gone\.json"):
        write_fixed(str(tmp_path / "gone.json"), "a", "b")
