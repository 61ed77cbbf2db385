"""``durahub hub storage`` with prices."""

import json
from pathlib import Path

from durahub.errors import BadPrices
from durahub_migrate.cli.hub_looks import storage
from tests.monitor.cli.commands import Run


def test_what_a_hub_takes_has_a_cost_by_the_users_own_prices(run: Run, tmp_path: Path) -> None:
    prices = tmp_path / "prices.toml"
    prices.write_text('currency = "EUR"\n[storage]\nper-gb-month = 1000000.0\n')

    without = json.loads(run(storage, "--format", "json").out)
    told = json.loads(run(storage, "--prices", str(prices), "--format", "json").out)

    assert (without.get("costMonth"), without.get("currency")) == (None, None)
    taken = told["bytesRows"] + told["bytesBlobs"]
    assert told["costMonth"] == round(taken / 10**9 * 1_000_000, 4) > 0
    assert told["currency"] == "EUR"
    assert any(str(prices) in one for one in told["assumptions"])


def test_prices_that_tell_nothing_of_storage_are_refused(run: Run, tmp_path: Path) -> None:
    prices = tmp_path / "prices.toml"
    prices.write_text('currency = "EUR"\n[scheduler]\nper-unit-hour = 1.0\n')

    answer = run(storage, "--prices", str(prices))

    assert isinstance(answer.error, BadPrices)
    assert "storage.per-gb-month" in str(answer.error)
