"""Prices are read strictly: what means nothing is an error with the file and the key."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.errors import BadPrices
from durahub_migrate.assessment.prices import Prices, read_prices

TOML = """
currency = "EUR"
[scheduler]
per-million-actions = 2
per-unit-hour = 0.5
[storage]
per-10000-transactions = 0.04
"""
EXPECTED = Prices(
    currency="EUR",
    file="p",
    million_actions=2.0,
    unit_hour=0.5,
    ten_thousand_transactions=0.04,
)


def test_toml_and_json_say_the_same() -> None:
    tables = {
        "currency": "EUR",
        "scheduler": {"per-million-actions": 2, "per-unit-hour": 0.5},
        "storage": {"per-10000-transactions": 0.04},
    }

    assert read_prices(TOML, "p") == EXPECTED
    assert read_prices(json.dumps(tables), "p") == EXPECTED
    assert read_prices("\ufeff" + json.dumps(tables), "p") == EXPECTED


@pytest.mark.parametrize(
    ("text", "file", "key"),
    [
        ("", "p", "currency"),
        ("currency = 3", "p", "currency"),
        ('currency = " "', "p", "currency"),
        ('currency = "EUR"\nprice = 3', "p", "price"),
        ('currency = "EUR"\n[scheduler]\nper-action = 1', "p", "scheduler.per-action"),
        ('currency = "EUR"\n[scheduler]\nper-unit-hour = -1', "p", "scheduler.per-unit-hour"),
        ('currency = "EUR"\n[scheduler]\nper-unit-hour = nan', "p", "scheduler.per-unit-hour"),
        ('currency = "EUR"\n[scheduler]\nper-unit-hour = inf', "p", "scheduler.per-unit-hour"),
        ('currency = "EUR"\n[scheduler]\nper-unit-hour = true', "p", "scheduler.per-unit-hour"),
        ('currency = "EUR"\n[scheduler]\nper-unit-hour = "1"', "p", "scheduler.per-unit-hour"),
        ("currency = ", "p", ""),
        ('{\n  "currency": }', "p:2:15", ""),
    ],
)
def test_a_wrong_file_is_told_with_its_place(text: str, file: str, key: str) -> None:
    with pytest.raises(BadPrices) as caught:
        read_prices(text, "p")

    assert (caught.value.file, caught.value.key) == (file, key)


@given(st.text() | st.text().map(lambda text: "{" + text))
def test_no_text_makes_it_fail_in_another_way(text: str) -> None:
    with suppress(BadPrices):
        read_prices(text, "p")
