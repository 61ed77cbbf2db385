"""Tokens of Entra ID on requests that we build ourselves; the SDK's clients have policies of their own."""

import re
import time
from http import HTTPStatus
from typing import Any

from azure.core.credentials_async import AsyncTokenCredential
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import AsyncBearerTokenCredentialPolicy

from durahub.classic.signing import http_date

SCOPE = "https://storage.azure.com/.default"  # of all services, in all clouds
KNOWN = 1.0  # seconds: azure-core renews a token minutes before its end
_TENANT = re.compile(r"""authorization_uri="?https?://[^/"\s,]+/([^/"\s,]+)""")


class BearerToken(AsyncBearerTokenCredentialPolicy[Any, Any]):
    """Adds a token, which is cached and renewed in time. Stands behind the retry policy.

    A request that is refused with 401 is sent once more with a new token: one of the tenant that the
    service names, for a credential's own may be another than the account's.
    """

    def __init__(self, credential: AsyncTokenCredential) -> None:
        super().__init__(credential, SCOPE)
        self._known = ""
        self._known_until = 0.0

    def known_headers(self) -> dict[str, str] | None:
        """Return date and token without asking, ``None`` if the policy has to be asked again."""
        if time.monotonic() > self._known_until:
            return None
        return {"x-ms-date": http_date(), "Authorization": self._known}

    async def on_request(self, request: PipelineRequest[Any]) -> None:
        """Add date and token. Raises azure-core's ``ServiceRequestError`` where there is no TLS."""
        request.http_request.headers["x-ms-date"] = http_date()
        await super().on_request(request)
        self._known = request.http_request.headers["Authorization"]
        self._known_until = time.monotonic() + KNOWN

    def on_response(
        self,
        request: PipelineRequest[Any],  # noqa: ARG002  (the policies' signature)
        response: PipelineResponse[Any, Any],
    ) -> None:
        """Forget a token that was refused."""
        if response.http_response.status_code == HTTPStatus.UNAUTHORIZED:
            self._known_until = 0.0

    async def on_challenge(
        self, request: PipelineRequest[Any], response: PipelineResponse[Any, Any]
    ) -> bool:
        """Get a token that the service asks for; tell that the request is worth another try."""
        tenant = challenged_tenant(response.http_response.headers.get("WWW-Authenticate", ""))
        if tenant is None:
            return await super().on_challenge(request, response)
        await self.authorize_request(request, SCOPE, tenant_id=tenant)
        return True


def challenged_tenant(challenge: str) -> str | None:
    """Return the tenant that a ``WWW-Authenticate`` header names, ``None`` if it names none."""
    found = _TENANT.search(challenge)
    return None if found is None else found[1]
