"""Where moves begin and end."""

import pytest

from durahub.address import parse_hub
from durahub.errors import BadAddress
from durahub_migrate.moving.place import (
    BundleAddress,
    EndpointAddress,
    Place,
    PlaceKind,
    kind_of,
    parse_place,
)


@pytest.mark.parametrize(
    ("text", "place", "kind"),
    [
        ("orders", parse_hub("orders"), PlaceKind.CLASSIC),
        ("env:STORAGE/orders", parse_hub("env:STORAGE/orders"), PlaceKind.CLASSIC),
        ("sqlite:hub.db/orders", parse_hub("sqlite:hub.db/orders"), PlaceKind.SCHEDULER),
        ("bundle:orders.hub", BundleAddress("orders.hub"), PlaceKind.BUNDLE),
        (
            "dts:localhost:8080/orders",
            EndpointAddress("http://localhost:8080", "orders"),
            PlaceKind.ENDPOINT,
        ),
        (
            "dts:shop.durabletask.io/orders",
            EndpointAddress("https://shop.durabletask.io", "orders"),
            PlaceKind.ENDPOINT,
        ),
        (
            "DTS:https://shop.durabletask.io/orders",
            EndpointAddress("https://shop.durabletask.io", "orders"),
            PlaceKind.ENDPOINT,
        ),
    ],
)
def test_places(text: str, place: Place, kind: PlaceKind) -> None:
    assert parse_place(text) == place
    assert kind_of(place) is kind
    assert parse_place(str(place)) == place


@pytest.mark.parametrize(
    "text",
    ["dts:", "dts:orders", "dts:/orders", "dts:localhost:8080/", "dts:ftp://x/orders", "bundle:"],
)
def test_what_is_no_place(text: str) -> None:
    with pytest.raises(BadAddress):
        parse_place(text)
