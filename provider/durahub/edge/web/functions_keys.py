"""The key that calls of Durable Functions' API carry: ``code=…`` or the header ``x-functions-key``."""

import hmac

from starlette.requests import Request

from durahub.edge.web.functions_parameters import Parameters

HEADER = "x-functions-key"
PARAMETER = "code"


def given_key(request: Request, parameters: Parameters) -> str:
    """Return the key of a request, empty where there is none. It must never be logged."""
    return parameters.text(PARAMETER) or request.headers.get(HEADER, "")


def is_allowed(key: str, keys: frozenset[str]) -> bool:
    """Tell whether *key* is one of *keys*; without any, everyone is allowed.

    Takes the same time whatever is given.
    """
    found = [hmac.compare_digest(key.encode(), known.encode()) for known in sorted(keys)]
    return any(found) or not keys
