"""Lists of things that change: what changed since an instant, what lies between two days."""

from datetime import datetime, timedelta
from typing import Any

import asyncpg

from shared.http.openapi import routes_of
from tests.factories.services import Running

ADDED = (
    "INSERT INTO platform.job (job_id, kind, actor_sub, actor, created_at)"
    " VALUES (uuidv7(), $1, 'kemensos-1', '{}', $2) RETURNING job_id"
)
CHANGED = "UPDATE platform.job SET done = done + 1 WHERE kind = $1"
MORNING = datetime.fromisoformat("2026-03-02T00:30:00+07:00")
MINE = "019a0000-0000-7000-8000-0000000000aa"
LONG_AGO = "2020-01-01T00:00:00Z"
UNTRACKED = (
    "SELECT attrelid::regclass::text FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid AND relkind = 'r'"
    " WHERE attname = 'updated_at' AND NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = attrelid AND tgname = 'updated')"
)


async def read_page(service: Running, address: str) -> dict[str, Any]:
    answer = await service.get(address, as_=service.token("KEMENSOS"))
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


async def walk(service: Running, since: str) -> tuple[list[str], str]:
    """Return the kinds of the jobs that changed, and where to go on."""
    page = await read_page(service, f"/v1/jobs?limit=1&updated_since={since}")
    kinds = [job["kind"] for job in page["items"]]
    while page["next"]:
        following = await read_page(service, page["next"])
        assert following["next_updated_since"] == page["next_updated_since"]
        page, kinds = following, [*kinds, *(job["kind"] for job in following["items"])]
    return kinds, page["next_updated_since"]


async def test_changes_come_in_their_order_and_later_ones_in_the_next_walk(registry: Running) -> None:
    for kind in ("a", "b", "c"):
        await registry.sql(ADDED, kind, MORNING)
    await registry.sql(CHANGED, "a")
    assert (await walk(registry, LONG_AGO))[0] == ["b", "c", "a"]
    first = await read_page(registry, f"/v1/jobs?limit=1&updated_since={LONG_AGO}")
    await registry.sql(CHANGED, "c")
    second = await read_page(registry, first["next"])
    # The walk ends with the changes before it began; the next one begins two minutes earlier.
    assert ([job["kind"] for job in second["items"]], second["next"]) == (["a"], None)
    assert (await walk(registry, second["next_updated_since"]))[0] == ["b", "a", "c"]


async def test_change_that_is_committed_after_a_walk_is_in_the_next_one(registry: Running) -> None:
    for kind in ("a", "b"):
        await registry.sql(ADDED, kind, MORNING)
    await registry.sql("UPDATE platform.job SET done = 0")
    late = await asyncpg.connect(registry.cluster.address(registry.database_name))
    try:
        transaction = late.transaction()
        await transaction.start()
        await late.execute(ADDED.partition(" RETURNING")[0], "late", MORNING)
        await registry.sql(CHANGED, "a")
        kinds, following = await walk(registry, LONG_AGO)
        assert kinds == ["b", "a"]
        await transaction.commit()
    finally:
        await late.close()
    assert "late" in (await walk(registry, following))[0]


async def test_no_transaction_is_longer_than_the_overlap_of_walks(registry: Running) -> None:
    for database in (registry.database, registry.worker):
        async with database.engine.connect() as connection:
            limit = await connection.exec_driver_sql("SHOW transaction_timeout")
            assert limit.scalar_one() == "2min"
    page = await read_page(registry, f"/v1/jobs?updated_since={LONG_AGO}")
    (now,) = await registry.sql("SELECT clock_timestamp() AS now")
    overlap = now["now"] - datetime.fromisoformat(page["next_updated_since"])
    assert timedelta(minutes=2) <= overlap < timedelta(minutes=3)
    assert (await read_page(registry, "/v1/jobs"))["next_updated_since"] is None


async def test_days_are_those_of_jakarta_and_both_included(registry: Running) -> None:
    for kind, day in (("before", -1), ("first", 0), ("last", 1), ("after", 2)):
        await registry.sql(ADDED, kind, MORNING + timedelta(days=day))
    page = await read_page(registry, "/v1/jobs?from=2026-03-02&until=2026-03-03")
    assert [job["kind"] for job in page["items"]] == ["last", "first"]


async def count_lists_of_changes(service: Running, token: str) -> int:
    """Read each list with `updated_since`, and count those that the token may read."""
    count = 0
    for route in routes_of(service.app):
        names = {field.alias for sub in route.dependant.dependencies for field in sub.query_params}
        if "updated_since" in names:
            days = "&from=2026-01-01&until=2026-12-31" if "from" in names else ""
            answer = await service.get(f"{route.path}?updated_since={LONG_AGO}{days}", as_=token)
            assert answer.status_code in {200, 403}, f"{route.path}: {answer.text}"
            count += answer.status_code == 200
    return count


async def test_every_list_of_changes_reads_a_table_with_a_trigger(
    registry: Running, caseload: Running, graduation: Running, referral: Running
) -> None:
    for service, count in ((registry, 4), (caseload, 13), (graduation, 8), (referral, 6)):
        assert await service.sql(UNTRACKED) == []
        assert await count_lists_of_changes(service, service.token("KEMENSOS")) == count
        pendamping = service.token("PENDAMPING", areas=["33.24"], pendamping_id=MINE)
        partner = service.token("PARTNER", partner_id=MINE)
        for token in (pendamping, partner, service.token("KETUA_TIM_KABKOTA", areas=["33.24"])):
            await count_lists_of_changes(service, token)
