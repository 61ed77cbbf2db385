"""A file of tokens: who may read it, and what counts when it changes."""

import logging
import os
import sys
from pathlib import Path

import pytest

from durahub.authorization.presented import Presented
from durahub.authorization.static_tokens import Token, digest_of
from durahub.authorization.token_file import TokenFile, add_token, read_tokens
from durahub.authorization.ways import StaticTokens
from durahub.errors import BadSettingsFile
from durahub.model.ticks import Ticks

SHOP, CI = (Token(name, digest_of(f"the token of {name}")) for name in ("shop", "ci"))
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="it has no such modes")


def take_out(file: Path, name: str) -> None:
    """Remove a token's line."""
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(one for one in lines if not one.startswith(f"{name} ")))


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "tokens"
    add_token(file, SHOP)
    return file


def test_tokens_are_added_one_by_one(file: Path) -> None:
    add_token(file, CI)
    assert read_tokens(file) == (SHOP, CI)


def test_a_line_without_an_end_is_ended_first(file: Path) -> None:
    file.write_text(file.read_text().rstrip("\n"))
    add_token(file, CI)
    assert read_tokens(file) == (SHOP, CI)


def test_a_name_is_there_once(file: Path) -> None:
    with pytest.raises(BadSettingsFile, match="shop"):
        add_token(file, SHOP)
    assert read_tokens(file) == (SHOP,)


@POSIX
def test_a_file_that_is_made_is_for_its_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        add_token(tmp_path / "new", SHOP)
    finally:
        os.umask(before)
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o600


@POSIX
@pytest.mark.parametrize("mode", [0o604, 0o602, 0o601, 0o620, 0o644, 0o777])
def test_a_file_that_others_may_read_or_write_is_refused(file: Path, mode: int) -> None:
    file.chmod(mode)
    for use in (read_tokens, lambda path: add_token(path, CI)):
        with pytest.raises(BadSettingsFile, match="chmod 600"):
            use(file)


@POSIX
@pytest.mark.parametrize("mode", [0o400, 0o600, 0o440, 0o640])
def test_a_file_that_its_group_may_read_is_read(file: Path, mode: int) -> None:
    file.chmod(mode)
    assert read_tokens(file) == (SHOP,)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"#" * (1024 * 1024 + 1), b"shop the-token"])
def test_a_file_of_something_else_is_refused(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(BadSettingsFile) as refused:
        read_tokens(file)
    assert "the-token" not in str(refused.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSettingsFile):
        TokenFile(tmp_path / "none", Clock())


async def test_what_is_added_counts_and_what_is_taken_out_does_not(file: Path) -> None:
    clock = Clock()
    way = StaticTokens(TokenFile(file, clock).tokens, (), lambda: Ticks(0), removable=True)
    shop = await way.principal(Presented("the token of shop"))
    assert shop is not None
    assert shop.still_counts is not None
    assert shop.still_counts()
    assert await way.principal(Presented("the token of ci")) is None

    add_token(file, CI)
    take_out(file, "shop")
    assert shop.still_counts()  # within the second nothing is looked at
    clock.now += 1

    assert not shop.still_counts()
    assert await way.principal(Presented("the token of shop")) is None
    assert await way.principal(Presented("the token of ci")) is not None


def test_while_the_file_cannot_be_read_what_it_had_goes_on_counting(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    tokens = TokenFile(file, clock)
    whole = file.read_bytes()
    with caplog.at_level(logging.INFO, logger="durahub"):
        file.write_bytes(b"shop the-token\n")
        clock.now += 1
        assert tokens.tokens() == (SHOP,)
        file.unlink()
        clock.now += 1
        assert tokens.tokens() == (SHOP,)
        file.touch(0o600)
        file.write_bytes(whole.replace(b"shop", b"shed"))
        clock.now += 1
        assert [one.name for one in tokens.tokens()] == ["shed"]
    assert [one.message for one in caplog.records] == [
        "tokens-not-read",
        "tokens-not-read",
        "tokens-read",
    ]
    assert "the-token" not in caplog.text
