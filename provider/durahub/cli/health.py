"""``durahub health``: asks the server of this machine how it is, as the probe of a container does.

Where and how it asks is what that server left when it was ready: its address and port, whether it speaks TLS.
It is started every few seconds, so it imports little: ``python -m durahub.cli.health`` takes a tenth of the
time that the whole command does.
"""

import contextlib
import http.client
import ssl
import sys

import click

from durahub.cli.entry import run_entry
from durahub.cli.running import Running, find_running
from durahub.errors import ServerUnavailable

WITHIN = 4.0  # seconds, for all of it
_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 (compared with)
"""Where a server is asked that listens at all addresses."""


@click.command()
@click.option("--ready", is_flag=True, help="Ask whether calls should come to it: /readyz.")
def health(ready: bool) -> None:
    """Ask the server that runs on this machine whether it lives: /healthz.

    \b
    Examples:
      durahub health              for a container's own probe
      durahub health --ready      it prints what keeps the server from being ready

    Exit status: 0 yes, 1 it is not ready, 4 none runs, or it does not answer.
    """  # noqa: D301 (click's mark for a paragraph to leave as it is)
    running = find_running()
    if running is None:
        raise ServerUnavailable("the server of this machine", "none has said that it runs")
    status, text = asked(running, "/readyz" if ready else "/healthz")
    if text:
        click.echo(text)
    if status >= 300:
        raise SystemExit(1)


def asked(running: Running, path: str) -> tuple[int, str]:
    """Return the status and the text of the answer of a server's HTTP port. Raises `ServerUnavailable`."""
    host = _ANY.get(running.host, running.host)
    with contextlib.closing(_connection(running, host)) as connection:
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode("utf-8", "replace")
        except (ssl.SSLError, ConnectionResetError, http.client.RemoteDisconnected) as error:
            # Without a certificate it ends the connection: its loop turns, which is all that is asked.
            if running.certificate_needed and path == "/healthz":
                return 204, ""
            raise ServerUnavailable(f"{host}:{running.http_port}", _why(error)) from None
        except (OSError, http.client.HTTPException) as error:
            raise ServerUnavailable(f"{host}:{running.http_port}", _why(error)) from None


def _connection(running: Running, host: str) -> http.client.HTTPConnection:
    if not running.tls:
        return http.client.HTTPConnection(host, running.http_port, timeout=WITHIN)
    # Its certificate is for other names than this address; nothing secret is sent, nor believed.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(host, running.http_port, timeout=WITHIN, context=context)


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


if __name__ == "__main__":
    sys.exit(run_entry(health))
