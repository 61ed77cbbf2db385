"""The JSON of rows as it is sent."""

import json

from durahub.classic.tables import dumps, dumps_ascii


def test_line_separators_are_escaped_for_azurite_cuts_transactions_into_lines() -> None:
    entity = {"Input": "one\u2028two\u2029three é 🚀"}
    sent = dumps(entity)

    assert "\u2028" not in sent.decode()
    assert "\u2029" not in sent.decode()
    assert json.loads(sent) == entity


def test_half_a_surrogate_pair_is_escaped() -> None:
    assert json.loads(dumps({"Input": "\ud800"})) == {"Input": "\ud800"}


def test_a_row_that_is_sent_alone_is_ascii_for_azurite_reads_it_piece_by_piece() -> None:
    entity = {"Input": "é" * 20_000 + " 🚀 \u2028 \ud800", "Number": 1}
    sent = dumps_ascii(entity)

    assert sent.isascii()
    assert json.loads(sent) == entity
