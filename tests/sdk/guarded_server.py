"""A server that asks its callers who they are, speaks TLS, and takes on one worker's stream at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.operations.serve_process import Serve
from tests.sdk.travel_hub import until
from tests.security.authorization.authority import Authority

HUB = "default"
TOKENS = {"app": "the-token-of-the-app-" * 2, "reader": "the-token-of-a-reader-" * 2}
CONFIG = """
[store]
address = "sqlite::memory:"
[server.auth]
tokens = ["app=env:APP_TOKEN", "reader=env:READER_TOKEN"]
grants = ["contributor on * to token:app", "reader on * to token:reader"]
"""


@dataclass(frozen=True)
class Guarded:
    """The server, and the file with its authority."""

    serve: Serve
    authority: Path

    @property
    def endpoint(self) -> str:
        return f"localhost:{self.serve.grpc_port}"

    def shown(self, token: str, *, by_grpc: bool = False) -> dict[str, str]:
        """Return the environment of an app that shows *token*, and is given the authority.

        Or it finds that *by_grpc*'s own variable.
        """
        if by_grpc:
            tls = {"DURAHUB_TEST_TLS": "1", "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": str(self.authority)}
        else:
            tls = {"DURAHUB_TEST_CA": str(self.authority)}
        return {"DURAHUB_TEST_TOKEN": token, **tls}

    def wait_for_log(self, event: str, **fields: str) -> None:
        """Wait until the server has logged *event* with these fields."""

        def is_logged() -> bool:
            found = (one for one in self.serve.events() if one["event"] == event)
            return any(all(one.get(k) == v for k, v in fields.items()) for one in found)

        until(is_logged)


@contextmanager
def guarded_server(folder: Path) -> Iterator[Guarded]:
    authority = Authority(folder / "ca")
    pair = authority.issue("localhost", "localhost")
    config = folder / "durahub.toml"
    config.write_text(CONFIG)
    tls = ("--tls-cert", str(pair.certificate), "--tls-key", str(pair.key))
    env = {f"{name.upper()}_TOKEN": token for name, token in TOKENS.items()}
    serve = Serve(folder, "--config", str(config), "--max-streams", "1", *tls, env=env)
    try:
        yield Guarded(serve, authority.file)
    finally:
        serve.kill()
