"""The JSON of rows as it is sent."""

import json

from durahub.classic.tables import dumps


def test_line_separators_are_escaped_for_azurite_cuts_transactions_into_lines() -> None:
    entity = {"Input": "one\u2028two\u2029three é 🚀"}
    sent = dumps(entity)

    assert "\u2028" not in sent.decode()
    assert "\u2029" not in sent.decode()
    assert json.loads(sent) == entity


def test_half_a_surrogate_pair_is_escaped() -> None:
    assert json.loads(dumps({"Input": "\ud800"})) == {"Input": "\ud800"}
