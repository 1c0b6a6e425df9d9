"""Sessions, survival, referral: each figure of a scorecard through the events that make it, in any order and often."""

import random
from datetime import date
from typing import Any

import asyncpg
import pytest

from shared.events import Event
from tests.factories.registry import commands, events
from tests.factories.registry.events import Offer, determined, hear, scorecard
from tests.factories.services import Running, open_scope

FUNNEL = ("opened", "sent", "answered", "accepted", "delivered")


async def test_p2k2_held_with_the_share_of_those_invited_that_came(registry: Running) -> None:
    person, held = await commands.placed(registry)
    assert (await scorecard(registry, person))["p2k2_attendance"] is None
    await hear(
        registry,
        events.session(person, held, date(2026, 1, 10), 20, 18),
        events.session(person, held, date(2026, 2, 10), 20, 15),
        events.session(person, held, date(2025, 12, 31), 20, 0),
        events.session(person, held, date(2027, 1, 1), 20, 0),
        times=2,
    )
    shown = await scorecard(registry, person)
    assert (shown["p2k2_held"], shown["p2k2_attendance"]) == (2, 0.825)
    assert (shown["penugasan"][0]["p2k2_invited"], shown["penugasan"][0]["p2k2_attended"]) == (40, 33)


async def test_determined_effective_and_annulled_by_reason(registry: Running) -> None:
    person, _ = await commands.placed(registry)
    mine = [determined(person) for _ in range(3)] + [determined(person, "ALAMIAH")]
    away = [determined(None, "PINDAH"), determined(person, sk_on=date(2025, 12, 31))]
    await hear(
        registry,
        *mine,
        *away,
        *(events.graduated(case) for case in [*mine, *away]),
        events.annulled(mine[0], was_effective=True),
    )
    assert (await scorecard(registry, person))["graduasi"] == [
        {"exit_reason": "ALAMIAH", "determined": 1, "effective": 1, "annulled": 0},
        {"exit_reason": "SEJAHTERA_MANDIRI", "determined": 3, "effective": 2, "annulled": 1},
    ]
    assert (await scorecard(registry, person, 2025))["graduasi"][0]["determined"] == 1


async def test_survival_by_month_of_those_not_undone(registry: Running) -> None:
    person, _ = await commands.placed(registry)
    first, second, undone, other = (determined(person) for _ in range(4))
    elsewhere = other.model_copy(update={"pendamping_id": None})
    await hear(
        registry,
        *(first, second, undone, elsewhere),
        *(events.seen(case, 1) for case in (first, second, undone, elsewhere)),
        events.seen(first, 2),
        events.seen(second, 2, still_out=False),
        events.relapsed(second, 2),
        events.annulled(undone),
        times=2,
    )
    shown = await scorecard(registry, person)
    assert shown["survival"] == {"1": {"seen": 2, "still_out": 2}, "2": {"seen": 2, "still_out": 1}}
    assert shown["relapsed"] == 1


async def test_a_month_that_is_seen_again_counts_once_as_last_seen(registry: Running) -> None:
    person, _ = await commands.placed(registry)
    case = determined(person)
    await hear(registry, case, events.seen(case, 3, still_out=False), events.seen(case, 3))
    assert (await scorecard(registry, person))["survival"] == {"3": {"seen": 1, "still_out": 1}}


async def test_the_way_of_families_through_referral(registry: Running) -> None:
    person, _ = await commands.placed(registry)
    cases = [determined(person) for _ in range(5)]
    ways = [events.opened(case) for case in cases]
    taken, second, refused, waiting, gone = (Offer(way) for way in (ways[0], ways[0], *ways[1:4]))
    await hear(
        registry,
        *cases,
        *ways,
        *(offer.sent() for offer in (taken, second, refused, waiting)),
        *(taken.answered("DIPROSES"), taken.answered("DISETUJUI"), taken.delivered()),
        second.answered("DISETUJUI"),
        refused.answered("DITOLAK", "SLIK_BURUK"),
        waiting.answered("DAFTAR_TUNGGU"),
        gone.withdrawn(),
    )
    shown = await scorecard(registry, person)
    assert [shown["funnel"][word] for word in FUNNEL] == [5, 3, 3, 1, 1]
    assert shown["offers"] == {
        "sent": 4,
        "answered": 4,
        "accepted": 2,
        "delivered": 1,
        "refused": 1,
        "refused_by_reason": {"SLIK_BURUK": 1},
        "withdrawn": 1,
    }


async def test_no_way_of_a_family_whose_sk_was_undone(registry: Running) -> None:
    person, _ = await commands.placed(registry)
    case = determined(person)
    way = events.opened(case)
    await hear(registry, case, way, Offer(way).sent(), events.annulled(case))
    shown = await scorecard(registry, person)
    assert (shown["funnel"]["opened"], shown["offers"]["sent"]) == (0, 0)


async def test_even_reasons_and_answers_that_this_release_does_not_know(registry: Running) -> None:
    person, _ = await commands.placed(registry)
    case = determined(person, "A_LATER_REASON")
    way = events.opened(case)
    await hear(registry, case, way, Offer(way).answered("DITOLAK", "LATER"), Offer(way).answered("LATER"))
    shown = await scorecard(registry, person)
    assert shown["graduasi"][0]["exit_reason"] == "UNKNOWN"
    assert shown["offers"]["refused_by_reason"] == {"UNKNOWN": 1}
    assert shown["funnel"]["answered"] == 1


@pytest.mark.parametrize("seed", range(4))
async def test_the_same_whichever_topic_is_heard_first_and_however_often(
    registry: Running, seed: int
) -> None:
    await registry.set_clock(commands.START)
    person, held = await commands.placed(registry)
    chance = random.Random(seed)
    # Each family's facts keep their order; families, credits and sessions are mixed as a broker may mix them.
    threads = [family_facts(person, held, number) for number in range(6)]
    threads += [
        [events.visit(person, held, date(2026, 2, 1))],
        [events.session(person, held, date(2026, 2, 2), 9, 6)],
    ]
    while threads:
        some = []
        for _ in range(chance.randint(3, 20)):
            some += [chance.choice(threads).pop(0)] if threads else []
            threads = [left for left in threads if left]
        await hear(registry, *some, chance=chance)
    await hear(registry, times=2, chance=chance)
    shown = await scorecard(registry, person)
    assert (shown["granted"], shown["reversed"], shown["net"]) == (6, 2, 4)
    assert (shown["load_now"], shown["visits"], shown["p2k2_held"], shown["p2k2_attendance"]) == (
        6,
        1,
        1,
        0.6667,
    )
    assert shown["graduasi"] == [
        {"exit_reason": "SEJAHTERA_MANDIRI", "determined": 6, "effective": 4, "annulled": 2}
    ]
    assert shown["survival"] == {"1": {"seen": 4, "still_out": 4}}
    assert [shown["funnel"][word] for word in FUNNEL] == [4, 4, 4, 4, 0]


def family_facts(person: dict[str, Any], held: dict[str, Any], number: int) -> list[Event]:
    """Everything told of one graduate, by three services; every third one's SK is undone."""
    case = determined(person)
    way, granted = events.opened(case), events.credit(person, held, graduasi_id=case.graduasi_id)
    offer = Offer(way)
    facts = [
        events.dampingan(person, held, valid_from=date(2026, 1, 1), kpm_id=case.kpm_id),
        *(case, granted, way, offer.sent(), offer.answered("DISETUJUI")),
    ]
    if number % 3 == 0:
        return [*facts, events.annulled(case), events.reverse(granted), offer.withdrawn()]
    return [*facts, events.graduated(case), events.seen(case, 1)]


async def test_the_same_figure_for_everybody_who_may_read_it(registry: Running) -> None:
    """Row security shows what belongs to a pendamping placed in the caller's area, wherever the families live."""
    person, held = await commands.placed(registry)
    case = determined(person, kode_wilayah="35.03.01.2001")
    far = events.session(person, held, date(2026, 1, 10), 20, 10).model_copy(
        update={"kode_wilayah": "35.03.01"}
    )
    await hear(registry, case, far, events.credit(person, held, kode_wilayah="35.03.01.2001"))
    whole = await scorecard(registry, person)
    assert (whole["granted"], whole["p2k2_held"], whole["graduasi"][0]["determined"]) == (1, 1, 1)
    mine = registry.token("PENDAMPING", areas=["33.24.10"], pendamping_id=person["pendamping_id"])
    dinsos = registry.token("DINSOS_KABKOTA", areas=["33.24"])
    for reader in (mine, dinsos):
        assert await scorecard(registry, person, as_=reader) == whole


SECURED = (
    "wilayah_tugas",
    "replica_credit.credit",
    "replica_load.dampingan",
    "replica_load.kunjungan",
    "replica_load.p2k2",
    "replica_graduasi.graduasi",
    "replica_coverage.kpm",
    "replica_coverage.kepesertaan",
    "coverage_figure",
)
NOBODYS = ("replica_coverage", "coverage_figure")
"""Rows of an area that are about no pendamping."""


async def test_rows_of_other_areas_are_hidden_by_the_database_itself(registry: Running) -> None:
    person, held = await commands.placed(registry)
    family = events.family()
    await hear(
        registry,
        *(family, events.member(family), events.dampingan(person, held, valid_from=date(2026, 1, 1))),
        *(
            events.session(person, held, date(2026, 1, 10), 20, 10),
            events.visit(person, held, date(2026, 1, 11)),
            determined(person),
            events.credit(person, held),
        ),
    )
    assert (await registry.post("/v1/coverage-count", as_=commands.ministry(registry))).status_code == 202
    await registry.work()
    nobody = "0198a0de-0000-7000-8000-000000000001"
    connection = await asyncpg.connect(registry.settings.database_url)
    try:
        for table in SECURED:
            for area, pendamping, rows in (
                ("*", "", 1),
                ("33.24", "", 1),
                ("35.03", "", 0),
                ("", "", 0),
                ("35.03", nobody, 0),
                ("", person["pendamping_id"], 0 if table.startswith(NOBODYS) else 1),
            ):
                count = await _count(connection, table, area, pendamping)
                assert count == rows, (table, area, pendamping)
            assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 0, table
    finally:
        await connection.close()


async def _count(connection: asyncpg.Connection, table: str, area: str, pendamping: str) -> int:
    async with connection.transaction():
        scope = "OWN_FAMILIES" if pendamping else "AREA"
        await open_scope(connection, areas=area, scope=scope, pendamping=pendamping)
        return await connection.fetchval(f"SELECT count(*) FROM {table}")


async def test_every_table_with_an_area_or_a_family_has_row_security(registry: Running) -> None:
    rows = await registry.sql(
        "SELECT DISTINCT n.nspname, c.relname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
        " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE a.attname IN ('kode_wilayah', 'kpm_id') AND c.relkind = 'r'"
        " AND NOT (c.relrowsecurity AND c.relforcerowsecurity)"
    )
    assert [tuple(row) for row in rows] == []
