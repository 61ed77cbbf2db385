"""IDs of entities."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.engine.entities.ids import (
    EntityId,
    check_entity_id,
    is_entity,
    name_of,
    parse_entity_id,
)
from durahub.errors import BadInstanceId


def test_an_instance_is_an_entity_exactly_if_its_id_begins_with_an_at_sign() -> None:
    assert is_entity("@counter@a")
    assert not is_entity("counter@a")
    assert not is_entity(None)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("@counter@a", ("counter", "a")),
        ("@counter@a@b", ("counter", "a@b")),  # a key may contain the sign
        ("@counter@", ("counter", "")),
    ],
)
def test_an_id_is_split_at_the_second_sign(text: str, parts: tuple[str, str]) -> None:
    assert parse_entity_id(text) == parts


@pytest.mark.parametrize("text", ["", "@", "@counter", "@@a", "counter@a"])
def test_an_entity_has_a_name_and_a_key(text: str) -> None:
    with pytest.raises(BadInstanceId):
        check_entity_id(text)


@given(st.text(min_size=1).filter(lambda name: "@" not in name), st.text())
def test_an_id_is_made_of_its_parts(name: str, key: str) -> None:
    entity = EntityId(name, key)
    assert parse_entity_id(str(entity)) == entity


def test_workers_know_an_entity_by_its_name_in_lower_case() -> None:
    assert name_of("@Counter@A") == "counter"
