import pytest
from event_strategies import column_ticks, int32s, names, texts
from hypothesis import given
from hypothesis import strategies as st

from durahub.classic.columns import (
    EARLIEST,
    Columns,
    DateTime,
    Int64,
    Other,
    Value,
    from_odata,
    to_odata,
)
from durahub.errors import BadRow
from durahub.model.ticks import MINIMUM, parse

values: st.SearchStrategy[Value] = st.one_of(
    texts,
    st.booleans(),
    int32s,
    st.floats(allow_nan=False, allow_infinity=False),
    st.builds(DateTime, column_ticks),
    st.builds(Int64, st.integers(-(2**63), 2**63 - 1)),
    st.builds(Other, st.just("Edm.Guid"), st.uuids().map(str)),
)
column_names = names.filter(lambda name: "odata." not in name)


@given(st.dictionaries(column_names, values, max_size=5))
def test_columns_survive_their_odata_json_in_their_order(columns: Columns) -> None:
    again = from_odata(to_odata(columns))
    assert list(again.items()) == list(columns.items())
    assert [type(value) for value in again.values()] == [type(value) for value in columns.values()]


def test_each_type_is_written_as_the_service_writes_it() -> None:
    moment = DateTime(parse("2026-01-15T09:30:01.9Z"))
    assert to_odata({"a": "x", "b": True, "c": 7, "d": moment, "e": Int64(7)}) == {
        "a": "x",
        "b": True,
        "c": 7,
        "d": "2026-01-15T09:30:01.9000000Z",
        "d@odata.type": "Edm.DateTime",
        "e": "7",
        "e@odata.type": "Edm.Int64",
    }


def test_the_seventh_decimal_of_a_time_is_kept() -> None:
    entity = {"t": "2026-11-21T04:18:04.3561685Z", "t@odata.type": "Edm.DateTime"}
    assert to_odata(from_odata(entity)) == entity


def test_a_time_that_the_service_refuses_is_written_as_the_first_that_it_takes() -> None:
    assert to_odata({"t": DateTime(MINIMUM)})["t"] == "1601-01-01T00:00:00.0000000Z"
    assert from_odata(to_odata({"t": DateTime(MINIMUM)})) == {"t": DateTime(EARLIEST)}


def test_metadata_and_nulls_are_no_columns() -> None:
    entity = {
        "odata.etag": "W/x",
        "odata.metadata": "y",
        "a": None,
        "b": "",
        "b@odata.type": "Edm.String",
    }
    assert from_odata(entity) == {"b": ""}


def test_annotated_simple_values_are_what_they_say() -> None:
    entity = {"i": 5, "i@odata.type": "Edm.Int32", "b": False, "b@odata.type": "Edm.Boolean"}
    assert from_odata(entity) == {"i": 5, "b": False}


def test_half_a_surrogate_pair_reads_as_the_replacement_character() -> None:
    assert from_odata({"a": "x\ud83d"}) == {"a": "x\ufffd"}


@pytest.mark.parametrize(
    ("value", "edm_type"),
    [
        ("yesterday", "Edm.DateTime"),
        (5, "Edm.DateTime"),
        ("five", "Edm.Int32"),
        ("five", "Edm.Int64"),
        ([], "Edm.Int64"),
        ({}, "Edm.String"),
    ],
)
def test_a_value_that_does_not_fit_its_type_is_a_bad_row(value: object, edm_type: str) -> None:
    entity = {"PartitionKey": "p", "RowKey": "r", "a": value, "a@odata.type": edm_type}
    with pytest.raises(BadRow) as raised:
        from_odata(entity)
    assert raised.value.location == "p/r"


def test_a_value_without_a_type_that_is_no_scalar_is_a_bad_row() -> None:
    with pytest.raises(BadRow):
        from_odata({"a": ["x"]})
