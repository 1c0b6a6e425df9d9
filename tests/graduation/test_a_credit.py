"""chain.md 4: a penetapan counts once, to the author of the assessment, in the year of the SK, at the area then."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.contracts import caseload
from tests.graduation.given import Field, Road, at, ok, tell
from tests.graduation.test_a_sanggah import decide, lodge, told
from tests.graduation.test_an_annulment import annul, tahap
from tests.kit import Cluster, Running, running

AREA_THEN = "33.24.10.2001"


async def handed_over(road: Road, on: date) -> Field:
    """Another pendamping takes the family; the old one's dampingan ends the same day."""
    successor = await Field(road.service).begin()
    rows = await road.service.sql(
        "SELECT dampingan_id FROM replica_kpm.dampingan WHERE kpm_id = $1 AND valid_to IS NULL", road.kpm_id
    )
    ended = road.field.dampingan(road.kpm_id, dampingan_id=rows[0][0], valid_to=on)
    begun = successor.dampingan(road.kpm_id, valid_from=on)
    await tell(road.service, caseload.DampinganEnded(**ended), caseload.DampinganStarted(**begun))
    road.by["field"] = successor.token
    return successor


async def credited(service: Running) -> dict[str, Any]:
    ((_, fact),) = await told(service, "credit_granted")
    return fact


async def test_is_the_author_of_the_assessments_also_after_a_hand_over(graduation: Running) -> None:
    road = await (await Road.begin(graduation)).to("PERNYATAAN_DITANDATANGANI")
    await handed_over(road, date(2026, 5, 18))
    for step in (road.propose, road.verify, lambda: road.deliberate("2026-05-18"), road.approve):
        ok(await step())
    ok(await road.determine("2026-05-18"))
    fact = await credited(graduation)
    assert fact["penugasan_id"] == str(road.field.penugasan_id)
    assert (fact["rule_version"], fact["year"]) == (1, 2026)


async def test_is_the_proposers_under_a_rule_that_says_so(graduation: Running) -> None:
    await graduation.sql("UPDATE credit_rule SET credited = 'PROPOSER'")
    road = await (await Road.begin(graduation)).to("PERNYATAAN_DITANDATANGANI")
    successor = await handed_over(road, date(2026, 5, 18))
    for step in (road.propose, road.verify, lambda: road.deliberate("2026-05-18"), road.approve):
        ok(await step())
    ok(await road.determine("2026-05-18"))
    assert (await credited(graduation))["penugasan_id"] == str(successor.penugasan_id)


@pytest.mark.parametrize(("area_of", "area"), [("FAMILY_AT_SK", AREA_THEN), ("CASE_OPENED", "33.24.09.2013")])
async def test_is_given_at_the_area_that_the_rule_names(graduation: Running, area_of: str, area: str) -> None:
    await graduation.sql("UPDATE credit_rule SET area_of = $1", area_of)
    road = await (await Road.begin(graduation)).to("DISETUJUI_DINSOS")
    await graduation.sql("UPDATE replica_kpm.kpm SET kode_wilayah = $1", AREA_THEN)
    ok(await road.determine("2026-05-18"))
    assert (await credited(graduation))["kode_wilayah"] == area


async def test_is_of_the_year_of_the_sk(graduation: Running) -> None:
    road = await (await Road.begin(graduation)).to("DISETUJUI_DINSOS", "2026-12-30")
    await at(graduation, date(2027, 1, 4))
    ok(await road.determine("2026-12-30"))
    assert (await credited(graduation))["year"] == 2026


async def test_stays_under_a_rule_that_reverses_nothing(graduation: Running) -> None:
    road = await (await Road.begin(graduation)).to("MASA_SANGGAH")
    await graduation.sql("UPDATE credit_rule SET reversed_by_annulment = false")
    ok(await annul(road))
    assert await told(graduation, "credit_reversed") == []


async def test_is_not_given_where_the_policy_does_not_count(graduation: Running) -> None:
    road = await Road.begin(graduation, last_komponen_ends_on=date(2026, 4, 30))
    await at(graduation, date(2026, 5, 18))
    await road.open("ALAMIAH")
    for step in (road.propose, road.verify, road.approve, lambda: road.determine("2026-05-18")):
        ok(await step())
    assert await told(graduation, "credit_granted") == []
    ok(await annul(road))
    assert await told(graduation, "credit_reversed") == []


ACTS = ("hand_over", "sk", "sanggah_DITOLAK", "sanggah_DITERIMA", "annulment", "days")


async def take(road: Road, act: str, today: date) -> None:
    """Try one act; what is not possible in this order is refused by the service, and nothing happens."""
    if act == "hand_over":
        await handed_over(road, today)
    elif act == "sk":
        await road.determine(today.isoformat())
    elif act == "annulment":
        await with_back_pay(lambda paid: annul(road, back_pay=paid))
    elif act.startswith("sanggah"):
        lodged = await lodge(road, today, f"surat {today} {act}".encode())
        if lodged.status_code == 201:
            sanggah_id, outcome = lodged.json()["sanggah_id"], act.removeprefix("sanggah_")
            ok(await with_back_pay(lambda paid: decide(road, sanggah_id, outcome, back_pay=paid)))
    await road.service.work()


async def with_back_pay(
    ask: Callable[[list[dict[str, Any]]], Awaitable[httpx.Response]],
) -> httpx.Response:
    """Ask without a tahap; where the service names those that are concerned, ask again with these."""
    answer = await ask([])
    if answer.status_code != 422:
        return answer
    return await ask(tahap(*answer.json()["detail"].rstrip(".").split(": ")[1].split(", ")))


@pytest.mark.timeout(300)
@settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(plan=st.lists(st.tuples(st.integers(0, 1), st.sampled_from(ACTS)), min_size=4, max_size=9))
def test_counts_once_or_not_at_all_in_whatever_order(cluster: Cluster, plan: list[tuple[int, str]]) -> None:
    asyncio.run(played(cluster, plan))


async def played(cluster: Cluster, plan: list[tuple[int, str]]) -> None:
    async with running(cluster, "graduation") as service:
        roads = [await (await Road.begin(service)).to("DISETUJUI_DINSOS") for _ in range(2)]
        today = date(2026, 5, 18)
        for number, act in plan:
            today += timedelta(days=40 if act == "days" else 1)
            await at(service, today)
            await take(roads[number], act, today)
        await each_counts_once_or_not_at_all(service)


async def each_counts_once_or_not_at_all(service: Running) -> None:
    granted = Counter(fact["graduasi_id"] for _, fact in await told(service, "credit_granted"))
    taken = Counter(fact["graduasi_id"] for _, fact in await told(service, "credit_reversed"))
    states = {
        str(row["graduasi_id"]): (row["state"], row["determined"])
        for row in await service.sql(
            "SELECT g.graduasi_id, g.state, p.graduasi_id IS NOT NULL AS determined"
            " FROM graduasi g LEFT JOIN penetapan p USING (graduasi_id)"
        )
    }
    for graduasi_id, (state, determined) in states.items():
        assert granted[graduasi_id] == int(determined)
        assert taken[graduasi_id] == int(state == "DIPULIHKAN")
    net = await service.sql("SELECT count(*) FILTER (WHERE reversed_on IS NULL) FROM credit")
    assert granted.total() - taken.total() == net[0][0]
