"""``api/session``: who asks, and what he may do."""

from typing import Any

from starlette.responses import JSONResponse

from durahub import __version__
from durahub_migrate.monitor.access import PAYLOADS, READ, SILENCE
from durahub_migrate.monitor.json_form import to_json
from durahub_migrate.web.call import Call
from durahub_migrate.web.csrf import Csrf
from durahub_migrate.web.operations import Operation
from durahub_migrate.web.settings import WebSettings
from durahub_migrate.web.shapes import SessionView, UiSettings, UserView

ANY_HUB = "\0"
"""A key that no hub has, so that only grants for every hub cover it."""


class Session:
    """Tells pages about their user."""

    def __init__(self, settings: WebSettings, csrf: Csrf, *, has_login: bool) -> None:
        self._settings = settings
        self._csrf = csrf
        self._has_login = has_login

    def operations(self) -> list[Operation]:
        """Return what it answers."""
        return [
            Operation(
                method="GET",
                path="api/session",
                about="Who asks, what he may do, and the token for changes.",
                handler=self.show,
                gives=SessionView,
                open=True,
            )
        ]

    async def show(self, call: Call) -> Any:
        """Return the session, and set the cookie that goes with its token."""
        token = self._csrf.give(call.request.cookies.get(self._csrf.cookie))
        answer = JSONResponse(to_json(self._view(call, token)))
        answer.set_cookie(
            self._csrf.cookie,
            token,
            path=call.request.scope.get("root_path", "") or "/",
            secure=call.request.url.scheme == "https",
            httponly=True,
            samesite="strict",
        )
        return answer

    def _view(self, call: Call, token: str) -> SessionView:
        user, sight = call.user, call.sight
        may = {one.ref.key: user.may_any(one.ref.key) for one in sight.hubs()}
        acts = [rights - {READ, PAYLOADS, SILENCE} for rights in may.values()]
        everywhere = user.may_any(ANY_HUB)
        return SessionView(
            user=UserView(name=user.name, via=user.via) if user.name else None,
            csrf=token,
            version=__version__,
            login="login" if self._has_login else None,
            logout="logout" if user.via == "oidc" else None,
            may=may,
            may_all=everywhere,
            read_only=not any(acts) and not everywhere - {READ, PAYLOADS},
            now=call.now,
            settings=UiSettings(
                payloads=any(PAYLOADS in rights for rights in may.values()),
                cli=self._settings.command,
                require_reason=self._settings.require_reason,
                stuck_after=self._settings.stuck_after,
            ),
        )
