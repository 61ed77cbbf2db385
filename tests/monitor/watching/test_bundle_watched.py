"""A bundle: read once, and like a hub in every other way."""

from pathlib import Path

from durahub_migrate.monitor.hub import Health
from durahub_migrate.watching.opening import open_monitor
from tests.bundle.bundles import an_instance, written
from tests.monitor.watching.orders import AT_ONCE, rows_of, whole


async def test_the_instances_of_a_bundle_are_told(tmp_path: Path) -> None:
    folder = tmp_path / "monday"
    written(
        folder, [an_instance("order-7"), an_instance("child", parent="order-7", status="Failed")]
    )
    async with open_monitor([f"bundle:{folder}"], AT_ONCE) as monitor:
        (hub,) = monitor.hubs()
        rows = rows_of(await whole(hub))
        await hub.refresh()
        standing = hub.standing()
        detail = await hub.detail("order-7")
        history = await hub.history("child")
        top = await hub.family("child")

        assert hub.ref.key == "monday@bundle"
        assert standing.health is Health.WATCHED
        assert standing.counts == {"Completed": 1, "Failed": 1}
        assert standing.can == {"history", "entities"}
        assert rows["child"].parent_id == "order-7"
        assert detail is not None
        assert (detail.input, detail.output) == ('"in"', '"out"')
        assert len(history.events) == 8
        assert top.instance_id == "order-7"


async def test_what_is_no_bundle_says_so(tmp_path: Path) -> None:
    async with open_monitor([f"bundle:{tmp_path}"], AT_ONCE) as monitor:
        (hub,) = monitor.hubs()
        await hub.refresh()
        standing = hub.standing()

    assert standing.health is Health.UNREACHABLE
    assert "DH404" in (standing.problem or "")
