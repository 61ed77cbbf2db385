"""A file of static tokens, read again when it changes: a token that is taken out of it counts no longer."""

import logging
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path

from durahub.authorization.static_tokens import Token
from durahub.authorization.token_lines import BadTokenLine, line_of, tokens_of
from durahub.errors import BadSettingsFile, DurahubError

log = logging.getLogger(__name__)

_EVERY = 1.0  # seconds between looks, at least
_LARGEST = 1024 * 1024  # bytes
_OTHERS = stat.S_IRWXO | stat.S_IWGRP
"""What nobody else may: the group may read, as it has to where Kubernetes brings the file."""

_Mark = tuple[int, int, int, int]


class TokenFile:
    """The tokens in the file at *path* that count now."""

    def __init__(self, path: Path, monotonic: Callable[[], float]) -> None:
        """Read the file. Raises `BadSettingsFile`."""
        self._path = path
        self._monotonic = monotonic
        self._looked = monotonic()
        self._seen: _Mark | None = None
        self._tokens: tuple[Token, ...] = ()
        self._look()

    def tokens(self) -> tuple[Token, ...]:
        """Return them. A file that cannot be read any more is told of, and what it had goes on counting."""
        now = self._monotonic()
        if now - self._looked >= _EVERY:
            self._looked = now
            try:
                self._look()
            except DurahubError as error:
                self._seen = None
                log.warning("tokens-not-read", extra={"error": str(error)})
        return self._tokens

    def _look(self) -> None:
        mark = _mark(self._path)
        if mark != self._seen:
            self._tokens = read_tokens(self._path)
            self._seen = mark
            log.info("tokens-read", extra={"tokens": len(self._tokens)})


def read_tokens(path: Path) -> tuple[Token, ...]:
    """Return what is in the file. Raises `BadSettingsFile`, also where others may read or write it."""
    try:
        with path.open("rb") as file:
            told = os.fstat(file.fileno())
            if sys.platform != "win32" and told.st_mode & _OTHERS:
                problem = f"others may read or write it (mode {told.st_mode & 0o777:o}): chmod 600"
                raise BadSettingsFile(str(path), "", problem)
            text = file.read(_LARGEST + 1)
        if len(text) > _LARGEST:
            raise BadSettingsFile(str(path), "", f"it is larger than {_LARGEST} bytes")
        return tokens_of(text.decode("utf-8-sig"))
    except OSError as error:
        raise _unreadable(path, error) from None
    except BadTokenLine as error:
        raise BadSettingsFile(str(path), f"line {error.number}", str(error)) from None
    except UnicodeDecodeError:
        raise BadSettingsFile(str(path), "", "not UTF-8 text") from None


def add_token(path: Path, token: Token) -> None:
    """Put a token behind those of a file, which is made where there is none. Raises `BadSettingsFile`."""
    known = read_tokens(path) if path.exists() else ()
    if any(one.name == token.name for one in known):
        raise BadSettingsFile(str(path), "", f"it has a token {token.name}: take that out first")
    try:
        made = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(made, "r+b", buffering=0) as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 1))
            between = b"" if file.read(1) in (b"", b"\n") else b"\n"
            file.write(between + line_of(token).encode() + b"\n")
    except OSError as error:
        raise _unreadable(path, error) from None


def _mark(path: Path) -> _Mark:
    try:
        told = path.stat()
    except OSError as error:
        raise _unreadable(path, error) from None
    return told.st_mtime_ns, told.st_ctime_ns, told.st_size, told.st_ino


def _unreadable(path: Path, error: OSError) -> BadSettingsFile:
    return BadSettingsFile(str(path), "", f"cannot be used: {error.strerror}")
