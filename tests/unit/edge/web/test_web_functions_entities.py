"""Durable Functions' API: entities."""

import pytest
from web_shop import FUNCTIONS, Shop

from durahub.model.ticks import later, parse, to_text

ENTITIES = f"{FUNCTIONS}/entities"


async def test_an_entity_is_its_state(shop: Shop) -> None:
    await shop.entity("@counter@a", '{"value":5}')
    await shop.entity("@counter@", "7")

    assert (await shop.get(f"{ENTITIES}/Counter/a")).json() == {"value": 5}
    assert (await shop.get(f"{ENTITIES}/counter/$")).json() == 7
    assert (await shop.get(f"{ENTITIES}/counter/b")).status_code == 404


async def test_a_signal_carries_the_operation_and_the_body(shop: Shop) -> None:
    json = {"content-type": "application/json"}
    answers = [
        await shop.post(f"{ENTITIES}/Counter/a?op=add", content=b" [1.50] ", headers=json),
        await shop.post(f"{ENTITIES}/counter/a?op=name", content=b"plain", headers={}),
        await shop.post(f"{ENTITIES}/counter/a?op=reset"),
        await shop.delete(f"{ENTITIES}/counter/a"),
    ]

    assert [answer.status_code for answer in answers] == [202] * 4
    assert await shop.operated("@counter@a", "add") == "[1.50]"
    assert await shop.operated("@counter@a", "name") == '"plain"'
    assert await shop.operated("@counter@a", "reset") is None
    assert await shop.operated("@counter@a", "delete") is None


async def test_a_signal_whose_json_is_none_is_refused(shop: Shop) -> None:
    answer = await shop.post(
        f"{ENTITIES}/counter/a?op=add", content=b"{", headers={"content-type": "application/json"}
    )

    assert answer.status_code == 400
    assert answer.json()["Message"].startswith("Could not parse JSON content")


async def test_a_signal_needs_an_operation(shop: Shop) -> None:
    assert (await shop.post(f"{ENTITIES}/counter/a")).status_code == 400


async def test_a_list_shows_ids_and_times_and_states_where_they_are_asked_for(shop: Shop) -> None:
    await shop.entity("@counter@a", "5")

    (bare,) = (await shop.get(ENTITIES)).json()
    (full,) = (await shop.get(f"{ENTITIES}/Counter?fetchState=true")).json()

    assert list(bare) == ["entityId", "lastOperationTime", "state"]
    assert bare["entityId"] == {"name": "counter", "key": "a"}
    assert parse(bare["lastOperationTime"])
    assert (bare["state"], full["state"]) == (None, 5)


async def test_a_list_is_of_one_name_and_of_a_time(shop: Shop) -> None:
    await shop.entity("@counter@a", "5")
    await shop.entity("@counters@a", "5")
    (one,) = (await shop.get(f"{ENTITIES}/counter")).json()
    time = parse(one["lastOperationTime"])

    async def count(query: str) -> int:
        return len((await shop.get(f"{ENTITIES}?{query}")).json())

    assert await count("") == 2
    assert await count(f"lastOperationTimeFrom={to_text(later(time, 60))}") == 0
    assert await count(f"lastOperationTimeTo={to_text(later(time, -60))}") == 0
    assert await count(f"lastOperationTimeFrom={to_text(later(time, -60))}") == 2


async def test_pages_of_entities_follow_each_other(shop: Shop) -> None:
    for key in "abc":
        await shop.entity(f"@counter@{key}", "5")

    seen, token = [], ""
    for _ in range(5):
        answer = await shop.get(f"{ENTITIES}?top=2", headers={"x-ms-continuation-token": token})
        seen += [one["entityId"]["key"] for one in answer.json()]
        token = answer.headers["x-ms-continuation-token"]
        if not token:
            break

    assert sorted(seen) == ["a", "b", "c"]


@pytest.mark.parametrize("path", ["/entities/counter", "/entities/counter/"])
async def test_an_entity_may_have_an_empty_key(shop: Shop, path: str) -> None:
    assert (await shop.post(f"{FUNCTIONS}{path}?op=reset")).status_code == 202
    assert await shop.operated("@counter@", "reset") is None
