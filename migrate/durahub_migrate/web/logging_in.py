"""``login``, ``login/callback`` and ``logout``: people come in by the identity provider."""

import html
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from durahub.errors import DurahubError, LoginUnavailable, UntrustedRequest
from durahub.model.ticks import Ticks
from durahub_migrate.web.provider import ProviderClient
from durahub_migrate.web.refusing import refusal, status_of
from durahub_migrate.web.sessions import Sessions
from durahub_migrate.web.who.logins import Person
from durahub_migrate.web.who.oidc import (
    Oidc,
    UnknownKey,
    authorization_url,
    new_attempt,
    person_of,
    safe_back,
)

CALLBACK = "login/callback"


class LoggingIn:
    """The ways in and out. *public_url* is where browsers find us; without it what they called.

    *suffix* tells the cookies of several monitors on one host apart.
    """

    def __init__(
        self,
        oidc: Oidc,
        sessions: Sessions,
        clock: Callable[[], Ticks],
        public_url: str | None,
        suffix: str,
        is_forged: Callable[[Request], bool],
    ) -> None:
        self._oidc = oidc
        self._client = ProviderClient(oidc)
        self._sessions = sessions
        self._clock = clock
        self._public_url = public_url
        self._is_forged = is_forged
        self.cookie = f"durahub-session-{suffix}"
        self._state_cookie = f"durahub-login-{suffix}"

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/login", self.login),
            Route(f"/{CALLBACK}", self.callback),
            Route("/logout", self.logout, methods=["POST"]),
        ]

    def person(self, request: Request) -> Person | None:
        """Return who has the session that a request names."""
        return self._sessions.find(request.cookies.get(self.cookie))

    async def login(self, request: Request) -> Response:
        """Send the browser to the provider."""
        try:
            provider = await self._client.provider()
        except DurahubError as error:
            return self._told(request, error)
        attempt = new_attempt(safe_back(request.query_params.get("back", "")), self._clock())
        self._sessions.begin(attempt)
        url = authorization_url(provider, self._oidc, attempt, self._redirect(request))
        response = RedirectResponse(url, 302)
        # It has to come along when the provider's page leads back to us: lax, not strict.
        self._set(request, response, self._state_cookie, attempt.state, "lax", 600)
        return response

    async def callback(self, request: Request) -> Response:
        """Take the browser back, and begin its session."""
        try:
            person, back = await self._person(request)
        except DurahubError as error:
            return self._told(request, error)
        response = RedirectResponse(self._base(request) + back, 303)
        cookie = self._sessions.open(person)
        self._set(request, response, self.cookie, cookie, "strict", round(self._oidc.session))
        response.delete_cookie(self._state_cookie, path=_path(request))
        return response

    async def logout(self, request: Request) -> Response:
        """End the session. The provider's own goes on."""
        if self._is_forged(request):
            return refusal(UntrustedRequest("the token against forged requests is missing or old"))
        self._sessions.close(request.cookies.get(self.cookie))
        response = JSONResponse({})
        response.delete_cookie(self.cookie, path=_path(request))
        return response

    async def _person(self, request: Request) -> tuple[Person, str]:
        query, issuer = request.query_params, self._oidc.issuer
        attempt = self._sessions.take(
            query.get("state", ""), request.cookies.get(self._state_cookie)
        )
        if attempt is None:
            raise LoginUnavailable(issuer, "the login took too long, or began in another browser")
        if "error" in query:
            told = query.get("error_description") or query["error"]
            raise LoginUnavailable(issuer, f"it said: {told[:200]}")
        token = await self._client.exchange(query.get("code", ""), attempt, self._redirect(request))
        keys = await self._client.keys()
        try:
            person = person_of(token, keys, self._oidc, attempt.nonce, self._clock())
        except UnknownKey:
            keys = await self._client.keys(anew=True)
            person = person_of(token, keys, self._oidc, attempt.nonce, self._clock())
        return person, attempt.back

    def _told(self, request: Request, error: DurahubError) -> Response:
        """Return an error as a page: it is the browser itself that asked."""
        back = html.escape(self._base(request))
        text = f"<!doctype html><title>durahub monitor</title><p>{html.escape(str(error))}</p>"
        return HTMLResponse(f'{text}<p><a href="{back}">Back</a></p>', status_of(type(error)))

    def _base(self, request: Request) -> str:
        if self._public_url is not None:
            return self._public_url
        return f"{request.url.scheme}://{request.url.netloc}{_path(request).rstrip('/')}/"

    def _redirect(self, request: Request) -> str:
        return self._base(request) + CALLBACK

    def _set(
        self, request: Request, response: Response, name: str, value: str, same_site: str, age: int
    ) -> None:
        response.set_cookie(
            name,
            value,
            max_age=age,
            path=_path(request),
            secure=self._base(request).startswith("https://"),
            httponly=True,
            samesite="lax" if same_site == "lax" else "strict",
        )


def _path(request: Request) -> str:
    return str(request.scope.get("root_path", "")) or "/"
