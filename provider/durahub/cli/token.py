"""``durahub token``: static tokens for those who call a server."""

from pathlib import Path

import click

from durahub.authorization.static_tokens import Token, digest_of, new_token
from durahub.authorization.token_file import add_token
from durahub.authorization.token_lines import is_name, line_of, moment
from durahub.cli.output import format_option, print_json, say
from durahub.errors import BadSetting
from durahub.model.ticks import Ticks, to_text


@click.group()
def token() -> None:
    """Make static tokens, for apps without an identity provider."""


@token.command()
@click.argument("name")
@click.option(
    "--file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Put the line into this file, server.auth.tokens_file; it is made where there is none.",
)
@click.option(
    "--expires", metavar="DATE", help="Until when the token counts: 2027-01-31, or a time."
)
@format_option
def new(name: str, file: Path | None, expires: str | None, output: str) -> None:
    """Print a new random token for NAME, and the line by which a server knows it.

    The line has the token's hash: the token itself is told here, and nowhere again. Grants name it
    token:NAME. A server that runs takes it within a second, and forgets a token whose line is removed.

    \b
    Examples:
      durahub token new shop                               the line is for you to put into the file
      durahub token new shop --file /etc/durahub/tokens    it is put there
      durahub token new ci --file tokens --expires 2027-01-31 > ci-token

    Exit status: 0 done, 2 a wrong name or date, or a file that cannot be used.
    """  # noqa: D301 (click's mark for a paragraph to leave as it is)
    if not is_name(name):
        raise BadSetting("NAME", name, "a name without spaces and without = : ; , #")
    secret = new_token()
    known = Token(name, digest_of(secret), _until(expires))
    line = line_of(known)
    if file is not None:
        add_token(file, known)
    if output == "json":
        until = None if known.expires is None else to_text(known.expires)
        shown = {"name": name, "token": secret, "sha256": known.digest, "expires": until}
        print_json({**shown, "line": line, "file": None if file is None else str(file)})
        return
    click.echo(secret)
    if file is None:
        say(f"The line for the file that server.auth.tokens_file names:\n\n{line}\n")
    else:
        say(
            f"Its hash is in {file}, for server.auth.tokens_file. What it may is for grants to say:"
        )
    say(f'grants = ["worker on * to token:{name}"]')


def _until(text: str | None) -> Ticks | None:
    try:
        return None if text is None else moment(text)
    except ValueError:
        raise BadSetting("--expires", text, "a date or a time, such as 2027-01-31") from None
