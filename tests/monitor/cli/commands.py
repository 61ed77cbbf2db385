"""Runs commands of the toolkit in this process, and says what they answered."""

from collections.abc import Callable
from dataclasses import dataclass

import click
from click.testing import CliRunner

from durahub.errors import DurahubError


@dataclass(frozen=True)
class Answer:
    """*status* is the exit status as ``durahub`` has it, *error* the error of ours, if there was one."""

    status: int
    out: str
    err: str
    error: DurahubError | None = None

    @property
    def lines(self) -> list[str]:
        return self.out.split("\n")[:-1]  # texts may hold other ends of lines


Run = Callable[..., Answer]


def runner(env: dict[str, str | None]) -> Run:
    """Return what runs a command with an environment."""

    def run(command: click.Command, *arguments: str, typed: bytes | None = None) -> Answer:
        result = CliRunner(env=env).invoke(command, arguments, input=typed)
        error = result.exception
        if isinstance(error, DurahubError):
            return Answer(error.exit_status, result.stdout, result.stderr, error)
        if isinstance(error, Exception) and not isinstance(error, click.ClickException):
            raise error
        return Answer(result.exit_code, result.stdout, result.stderr)

    return run
