import pytest
from event_strategies import texts
from hypothesis import given
from hypothesis import strategies as st

from durahub.classic.routing import control_index, fnv1a

WORKED = [
    ("a", 0xE40C292C, 0, 4, 12),
    ("order-42", 0x572446F4, 0, 4, 4),
    ("order-43", 0x58244887, 3, 7, 7),
    ("order-44", 0x552443CE, 2, 6, 14),
    ("Order-42", 0x50F59F14, 0, 4, 4),
    ("hello", 0x4F9F2CAB, 3, 3, 11),
    ("singleton", 0x25150902, 2, 2, 2),
    ("@counter@abc", 0xF46C4F9D, 1, 5, 13),
    ("@Counter@abc", 0x7963F4FD, 1, 5, 13),
    ("@counter@", 0xCE8D2EC3, 3, 3, 3),
    ("@account@a", 0x41B8664D, 1, 5, 13),
    ("3f2b9c0d1e4f4a5b8c7d6e5f4a3b2c1d", 0xB2C99A3C, 0, 4, 12),
    ("3f2b9c0d1e4f4a5b8c7d6e5f4a3b2c1d:0", 0x5022BCE6, 2, 6, 6),
    ("\u00e9", 0x1E9DE8C1, 1, 1, 1),
    ("e\u0301", 0xFA9BC71F, 3, 7, 15),
    ("日本語", 0x805F5CE7, 3, 7, 7),
    ("Ünïcode-1", 0xF054A319, 1, 1, 9),
    ("🚀", 0x7FA78ADA, 2, 2, 10),
    ("a/b", 0x3A8E75C1, 1, 1, 1),
    ("a b", 0x10A3F9F2, 2, 2, 2),
    ("tenant^1#x?y", 0x5F185C37, 3, 7, 7),
]
"""Instance IDs with their hash and their partition of 4, 8 and 16, as the provider's own class has them."""


@pytest.mark.parametrize(("instance_id", "value", "of_4", "of_8", "of_16"), WORKED)
def test_an_instance_belongs_where_dotnet_looks_for_it(
    instance_id: str, value: int, of_4: int, of_8: int, of_16: int
) -> None:
    assert fnv1a(instance_id) == value
    assert [control_index(instance_id, count) for count in (4, 8, 16)] == [of_4, of_8, of_16]


@pytest.mark.parametrize(("text", "value"), [("", 0x811C9DC5), ("foobar", 0xBF9CF968)])
def test_the_hash_is_the_published_one(text: str, value: int) -> None:
    assert fnv1a(text) == value


def test_half_a_surrogate_pair_hashes_as_the_replacement_character() -> None:
    assert fnv1a("a\ud83d\x00b\udc00") == fnv1a("a\ufffd\x00b\ufffd")


@given(texts, st.integers(1, 16))
def test_every_instance_belongs_to_a_partition_that_is_there(
    instance_id: str, partitions: int
) -> None:
    assert 0 <= control_index(instance_id, partitions) < partitions


def test_the_only_partition_has_every_instance() -> None:
    assert {control_index(one[0], 1) for one in WORKED} == {0}
