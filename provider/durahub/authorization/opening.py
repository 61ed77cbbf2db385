"""The gate of a server, from its settings: the one place that reads the secrets which they name."""

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping

from durahub.authorization.bearer import BearerTokens
from durahub.authorization.gate import OPEN, Gate, Way
from durahub.authorization.key_fetching import Fetch, ProviderKeys
from durahub.authorization.provider_http import fetch_json
from durahub.authorization.settings import AuthSettings
from durahub.authorization.static_tokens import LEAST, Token, digest_of
from durahub.authorization.token_file import TokenFile
from durahub.authorization.ways import Certificates, StaticTokens
from durahub.errors import BadSetting
from durahub.model.ticks import Ticks


@contextlib.asynccontextmanager
async def open_gate(
    auth: AuthSettings,
    environ: Mapping[str, str],
    now: Callable[[], Ticks],
    monotonic: Callable[[], float],
    fetch: Fetch = fetch_json,
) -> AsyncIterator[Gate]:
    """Give the body the gate. Raises `BadSetting` where a variable is not set, or a token too short.

    Raises `BadSettingsFile` where the file of tokens cannot be read, or others can.
    """
    if not auth.are_configured:
        yield OPEN
        return
    tokens = tuple(_token(name, variable, environ) for name, variable in auth.tokens)
    ways: list[Way] = [StaticTokens(lambda: tokens, auth.rules, now)]
    if auth.tokens_file is not None:
        file = TokenFile(auth.tokens_file, monotonic)
        ways.append(StaticTokens(file.tokens, auth.rules, now, removable=True))
    keys = ProviderKeys(fetch, monotonic)
    if auth.trust is not None:
        ways.append(BearerTokens(auth.trust, keys, auth.rules, now))
    ways.append(Certificates(auth.rules))
    try:
        yield Gate(ways)
    finally:
        await keys.close()


def _token(name: str, variable: str, environ: Mapping[str, str]) -> Token:
    text = environ.get(variable, "").strip()
    if len(text) < LEAST:
        problem = f"the environment variable {variable} set, to {LEAST} characters at least"
        raise BadSetting("server.auth.tokens", f"{name}=env:{variable}", problem)
    return Token(name, digest_of(text))
