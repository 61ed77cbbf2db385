"""How a call is answered: who calls, may he, is it his own page, with what; and every error in one form."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from durahub.dispatch.clock import Clock
from durahub.edge.lifetime import stopping
from durahub.errors import DurahubError, NotLoggedIn, UntrustedRequest
from durahub_migrate.monitor.access import User
from durahub_migrate.monitor.json_form import to_json
from durahub_migrate.monitor.seam import Monitor
from durahub_migrate.monitor.telling.redaction import Redact
from durahub_migrate.web.bodies import fitted, read_body
from durahub_migrate.web.call import Call
from durahub_migrate.web.csrf import HEADER, Csrf
from durahub_migrate.web.operations import Operation, read_parameters
from durahub_migrate.web.refusing import failure, refusal
from durahub_migrate.web.sight import Sight
from durahub_migrate.web.who.hosts import is_same_origin
from durahub_migrate.web.who.logins import Logins, Person, Sender, who_sends

NOBODY = User("", "nobody")
UNSAFE = frozenset({"POST", "PUT", "DELETE", "PATCH"})


class Answering:
    """Answers calls of operations.

    *person* finds who has the session that a request names. *public* is the host that browsers know us by,
    where it is not the one in ``Host``.
    """

    def __init__(
        self,
        monitor: Monitor,
        logins: Logins,
        csrf: Csrf,
        clock: Clock,
        redact: Redact | None,
        person: Callable[[Request], Person | None],
        public: str | None,
    ) -> None:
        self._monitor = monitor
        self._logins = logins
        self._csrf = csrf
        self._clock = clock
        self._redact = redact
        self._person = person
        self._public = urlsplit(public or "").netloc

    def endpoint(self, operation: Operation) -> Callable[[Request], Awaitable[Response]]:
        """Return what answers calls of an operation."""

        async def answer(request: Request) -> Response:
            try:
                response = await self._answer(operation, request)
            except asyncio.CancelledError:  # the server stops, and this request has waited too long
                response = refusal(stopping())
            except DurahubError as error:
                response = refusal(error, "login" if self._logins.oidc else None)
            except Exception as error:
                response = failure(error)
            response.headers.setdefault("cache-control", "no-store")
            return response

        return answer

    async def _answer(self, operation: Operation, request: Request) -> Response:
        _check_site(request)
        user = self._user(request, operation)
        if operation.method in UNSAFE:
            self._check_origin(request, user)
        body: Any = None
        if operation.takes is not None:
            body = fitted(operation.takes, await read_body(request))
        call = Call(
            request=request,
            sight=Sight(self._monitor, user, self._redact),
            given=read_parameters(operation, request.query_params),
            body=body,
            now=self._clock(),
        )
        found = await operation.handler(call)
        return found if isinstance(found, Response) else JSONResponse(to_json(found))

    # -- who -----------------------------------------------------------------------------------

    def _user(self, request: Request, operation: Operation) -> User:
        try:
            return self._who(request)
        except NotLoggedIn:
            if operation.open and "authorization" not in request.headers:
                return NOBODY
            raise

    def _who(self, request: Request) -> User:
        """Return who sends a request. Raises `NotLoggedIn`."""
        client = request.client
        headers = {name.lower(): value for name, value in request.headers.items()}
        address = client.host if client is not None else None
        names = Counter(name.lower() for name, _ in request.headers.items())
        repeated = frozenset(name for name, count in names.items() if count > 1)
        sender = Sender(address, headers, self._person(request), repeated)
        return who_sends(sender, self._logins, self._clock)

    def is_still_in(self, request: Request) -> bool:
        """Tell whether the sender of a request is logged in, still."""
        try:
            self._who(request)
        except NotLoggedIn:
            return False
        return True

    # -- whose page ----------------------------------------------------------------------------

    def _check_origin(self, request: Request, user: User) -> None:
        """Raise `UntrustedRequest` for what a page of somebody else may have sent.

        Nobody else's page can add a bearer's token to a request: such need no further one.
        """
        origin = request.headers.get("origin")
        ours = (request.headers.get("host", ""), self._public)
        if origin is not None and not any(is_same_origin(origin, one) for one in ours if one):
            raise UntrustedRequest("the request comes from a page of another origin")
        if user.via != "token" and not self.has_token(request):
            raise UntrustedRequest(
                "the token against forged requests is missing or old; load the page again"
            )

    def has_token(self, request: Request) -> bool:
        """Tell whether a request carries the token against forged requests."""
        given = request.headers.get(HEADER)
        return self._csrf.accepts(given, request.cookies.get(self._csrf.cookie))


def _check_site(request: Request) -> None:
    """Raise `UntrustedRequest` for what a page of another site asks for.

    It could not read the answer, but have hubs asked and streams opened in the name of whoever looks at it.
    Browsers say so in Fetch Metadata (W3C); a link that somebody follows is none of that.
    """
    headers = request.headers
    if (
        headers.get("sec-fetch-site") == "cross-site"
        and headers.get("sec-fetch-mode") != "navigate"
    ):
        raise UntrustedRequest("the request comes from a page of another site")
