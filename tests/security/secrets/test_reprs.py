"""What holds a secret does not show it where it is printed, as in a traceback or a failed assertion."""

import pytest

from durahub.accounts import Access
from durahub.authorization.presented import bearer_of
from durahub.classic.app_settings import AppSettings
from durahub.classic.connection import AccountKey, SharedAccess
from durahub.classic.identity import Identity
from durahub.classic.shared_access import Signature
from durahub.configuration.settings import Settings
from durahub.edge.connection import ConnectionString
from durahub.edge.web.functions_links import Place
from tests.security.secrets.canaries import canary, found_in

SECRET = canary("secret")
STORE = f"DefaultEndpointsProtocol=https;AccountName=a;AccountKey={SECRET}"


@pytest.mark.parametrize(
    "holder",
    [
        Settings(store=STORE),
        AccountKey("a", SECRET),
        SharedAccess(SECRET),
        Identity(client_secret=SECRET),
        AppSettings({"AzureWebJobsStorage": STORE}),
        Access(app_settings=AppSettings({"AzureWebJobsStorage": STORE})),
        bearer_of([f"Bearer {SECRET}"]),
        Place("http://a/", "orders", key=SECRET),
        Signature({"sig": SECRET}),
        ConnectionString("http://a", options={"ClientSecret": SECRET}),
    ],
    ids=lambda holder: type(holder).__name__,
)
def test_what_holds_a_secret_does_not_show_it(holder: object) -> None:
    assert found_in(f"{holder!r} {[holder]}".encode(), {"secret": SECRET}) == []
