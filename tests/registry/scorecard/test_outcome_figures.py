"""Outcome figures of a scorecard, for events in any order and repeated delivery."""

import random
from datetime import date
from typing import Any

import asyncpg
import pytest

from shared.events import Event
from tests.factories.registry import commands, events
from tests.factories.registry.events import build_graduasi_determined, deliver_events, read_scorecard
from tests.factories.registry.rujukan import Offer, build_rujukan_opened
from tests.factories.services import Running, open_scope

FUNNEL = ("opened", "sent", "answered", "accepted", "delivered")


async def test_p2k2_sessions_and_attendance_are_counted_in_the_year(registry: Running) -> None:
    pendamping, penugasan = await commands.register_placed_pendamping(registry)
    assert (await read_scorecard(registry, pendamping))["p2k2_attendance"] is None
    await deliver_events(
        registry,
        events.build_p2k2_held(pendamping, penugasan, date(2026, 1, 10), 20, 18),
        events.build_p2k2_held(pendamping, penugasan, date(2026, 2, 10), 20, 15),
        events.build_p2k2_held(pendamping, penugasan, date(2025, 12, 31), 20, 0),
        events.build_p2k2_held(pendamping, penugasan, date(2027, 1, 1), 20, 0),
        times=2,
    )
    scorecard = await read_scorecard(registry, pendamping)
    assert (scorecard["p2k2_held"], scorecard["p2k2_attendance"]) == (2, 0.825)
    (placement,) = scorecard["penugasan"]
    assert (placement["p2k2_invited"], placement["p2k2_attended"]) == (40, 33)


async def test_determined_effective_and_annulled_graduations_are_counted_by_reason(registry: Running) -> None:
    pendamping, _ = await commands.register_placed_pendamping(registry)
    counted = [build_graduasi_determined(pendamping) for _ in range(3)]
    counted.append(build_graduasi_determined(pendamping, "ALAMIAH"))
    not_counted = [
        build_graduasi_determined(None, "PINDAH"),
        build_graduasi_determined(pendamping, sk_on=date(2025, 12, 31)),
    ]
    await deliver_events(
        registry,
        *counted,
        *not_counted,
        *(events.build_kpm_graduated(case) for case in [*counted, *not_counted]),
        events.build_graduasi_annulled(counted[0], was_effective=True),
    )
    assert (await read_scorecard(registry, pendamping))["graduasi"] == [
        {"exit_reason": "ALAMIAH", "determined": 1, "effective": 1, "annulled": 0},
        {"exit_reason": "SEJAHTERA_MANDIRI", "determined": 3, "effective": 2, "annulled": 1},
    ]
    assert (await read_scorecard(registry, pendamping, 2025))["graduasi"][0]["determined"] == 1


async def test_family_with_two_cases_counts_once_in_the_steps_of_referral(registry: Running) -> None:
    pendamping, _ = await commands.register_placed_pendamping(registry)
    first = build_graduasi_determined(pendamping)
    second = build_graduasi_determined(pendamping, kpm_id=first.kpm_id, bansos="SEMBAKO")
    rujukan = [build_rujukan_opened(case) for case in (first, second)]
    offers = [Offer(opened) for opened in rujukan]
    await deliver_events(
        registry,
        *(first, second, *rujukan),
        *(offer.build_sent() for offer in offers),
        offers[1].build_answered("DISETUJUI"),
    )
    scorecard = await read_scorecard(registry, pendamping)
    assert [scorecard["funnel"][step] for step in FUNNEL] == [1, 1, 1, 1, 0]
    assert scorecard["offers"]["sent"] == 2


async def test_families_and_offers_are_counted_by_step_of_referral(registry: Running) -> None:
    pendamping, _ = await commands.register_placed_pendamping(registry)
    cases = [build_graduasi_determined(pendamping) for _ in range(5)]
    rujukan = [build_rujukan_opened(case) for case in cases]
    delivered, second_of_family, refused, waiting, withdrawn = (
        Offer(opened) for opened in (rujukan[0], rujukan[0], *rujukan[1:4])
    )
    await deliver_events(
        registry,
        *cases,
        *rujukan,
        *(offer.build_sent() for offer in (delivered, second_of_family, refused, waiting)),
        *(
            delivered.build_answered("DIPROSES"),
            delivered.build_answered("DISETUJUI"),
            delivered.build_delivered(),
        ),
        second_of_family.build_answered("DISETUJUI"),
        refused.build_answered("DITOLAK", "SLIK_BURUK"),
        waiting.build_answered("DAFTAR_TUNGGU"),
        withdrawn.build_withdrawn(),
    )
    scorecard = await read_scorecard(registry, pendamping)
    assert [scorecard["funnel"][step] for step in FUNNEL] == [5, 3, 3, 1, 1]
    assert scorecard["offers"] == {
        "sent": 4,
        "answered": 4,
        "accepted": 2,
        "delivered": 1,
        "refused": 1,
        "refused_by_reason": {"SLIK_BURUK": 1},
        "withdrawn": 1,
    }


async def test_a_voided_delivery_is_counted_as_accepted_only(registry: Running) -> None:
    pendamping, _ = await commands.register_placed_pendamping(registry)
    case = build_graduasi_determined(pendamping)
    offer = Offer(rujukan := build_rujukan_opened(case))
    approved = offer.build_answered("DISETUJUI")
    await deliver_events(registry, case, rujukan, approved, offer.build_delivered())
    assert (await read_scorecard(registry, pendamping))["offers"]["delivered"] == 1
    await deliver_events(registry, offer.build_delivery_voided())
    scorecard = await read_scorecard(registry, pendamping)
    assert [scorecard["funnel"][step] for step in FUNNEL] == [1, 1, 1, 1, 0]
    assert (scorecard["offers"]["accepted"], scorecard["offers"]["delivered"]) == (1, 0)


async def test_an_annulled_graduation_has_no_step_of_referral(registry: Running) -> None:
    pendamping, _ = await commands.register_placed_pendamping(registry)
    case = build_graduasi_determined(pendamping)
    rujukan = build_rujukan_opened(case)
    await deliver_events(
        registry, case, rujukan, Offer(rujukan).build_sent(), events.build_graduasi_annulled(case)
    )
    scorecard = await read_scorecard(registry, pendamping)
    assert (scorecard["funnel"]["opened"], scorecard["offers"]["sent"]) == (0, 0)


async def test_unknown_reasons_and_answers_of_a_later_release_are_counted(registry: Running) -> None:
    pendamping, _ = await commands.register_placed_pendamping(registry)
    case = build_graduasi_determined(pendamping, "A_LATER_REASON")
    rujukan = build_rujukan_opened(case)
    unknown_reason = Offer(rujukan).build_answered("DITOLAK", "LATER")
    unknown_answer = Offer(rujukan).build_answered("LATER")
    await deliver_events(registry, case, rujukan, unknown_reason, unknown_answer)
    scorecard = await read_scorecard(registry, pendamping)
    assert scorecard["graduasi"][0]["exit_reason"] == "UNKNOWN"
    assert scorecard["offers"]["refused_by_reason"] == {"UNKNOWN": 1}
    assert scorecard["funnel"]["answered"] == 1


@pytest.mark.parametrize("seed", range(4))
async def test_figures_do_not_depend_on_the_order_of_topics_or_on_repeated_delivery(
    registry: Running, seed: int
) -> None:
    await registry.set_clock(commands.START)
    pendamping, penugasan = await commands.register_placed_pendamping(registry)
    rng = random.Random(seed)
    # Events of one family stay in order. Families, visits and sessions are interleaved as by a broker.
    queues = [build_graduate_events(pendamping, penugasan, number) for number in range(6)]
    queues += [
        [events.build_kunjungan_recorded(pendamping, penugasan, date(2026, 2, 1))],
        [events.build_p2k2_held(pendamping, penugasan, date(2026, 2, 2), 9, 6)],
    ]
    while queues:
        batch = []
        for _ in range(rng.randint(3, 20)):
            batch += [rng.choice(queues).pop(0)] if queues else []
            queues = [queue for queue in queues if queue]
        await deliver_events(registry, *batch, rng=rng)
    await deliver_events(registry, times=2, rng=rng)
    scorecard = await read_scorecard(registry, pendamping)
    assert (scorecard["granted"], scorecard["reversed"], scorecard["net"]) == (6, 2, 4)
    assert (scorecard["load_now"], scorecard["visits"]) == (6, 1)
    assert (scorecard["p2k2_held"], scorecard["p2k2_attendance"]) == (1, 0.6667)
    assert scorecard["graduasi"] == [
        {"exit_reason": "SEJAHTERA_MANDIRI", "determined": 6, "effective": 4, "annulled": 2}
    ]
    assert scorecard["survival"] == [{"month": 1, "seen": 4, "still_out": 4}]
    assert [scorecard["funnel"][step] for step in FUNNEL] == [4, 4, 4, 4, 0]


def build_graduate_events(pendamping: dict[str, Any], penugasan: dict[str, Any], number: int) -> list[Event]:
    """Return the events of three services about one graduate. Every third graduation is annulled."""
    case = build_graduasi_determined(pendamping)
    rujukan = build_rujukan_opened(case)
    granted = events.build_credit_granted(pendamping, penugasan, graduasi_id=case.graduasi_id)
    offer = Offer(rujukan)
    first_events = [
        events.build_dampingan_started(
            pendamping, penugasan, valid_from=date(2026, 1, 1), kpm_id=case.kpm_id
        ),
        *(case, granted, rujukan, offer.build_sent(), offer.build_answered("DISETUJUI")),
    ]
    if number % 3 == 0:
        return [
            *first_events,
            events.build_graduasi_annulled(case),
            events.build_credit_reversed(granted),
            offer.build_withdrawn(),
        ]
    return [*first_events, events.build_kpm_graduated(case), events.build_monitoring_recorded(case, 1)]


async def test_all_readers_of_a_scorecard_see_the_same_figures(registry: Running) -> None:
    """Row security shows all rows of a pendamping placed in the actor's area.

    This includes rows of families outside the area.
    """
    pendamping, penugasan = await commands.register_placed_pendamping(registry)
    case = build_graduasi_determined(pendamping, kode_wilayah="35.03.01.2001")
    session = events.build_p2k2_held(pendamping, penugasan, date(2026, 1, 10), 20, 10)
    session = session.model_copy(update={"kode_wilayah": "35.03.01"})
    credit = events.build_credit_granted(pendamping, penugasan, kode_wilayah="35.03.01.2001")
    await deliver_events(registry, case, session, credit)
    expected = await read_scorecard(registry, pendamping)
    assert (expected["granted"], expected["p2k2_held"], expected["graduasi"][0]["determined"]) == (1, 1, 1)
    own = registry.token("PENDAMPING", areas=["33.24.10"], pendamping_id=pendamping["pendamping_id"])
    dinsos = registry.token("DINSOS_KABKOTA", areas=["33.24"])
    for token in (own, dinsos):
        assert await read_scorecard(registry, pendamping, as_=token) == expected


SECURED_TABLES = (
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
WITHOUT_PENDAMPING = ("replica_coverage", "coverage_figure")
"""Tables with an area but without a pendamping."""


async def test_the_database_hides_rows_of_other_areas(registry: Running) -> None:
    pendamping, penugasan = await commands.register_placed_pendamping(registry)
    family = events.build_kpm_registered()
    await deliver_events(
        registry,
        *(family, events.build_kepesertaan_started(family)),
        events.build_dampingan_started(pendamping, penugasan, valid_from=date(2026, 1, 1)),
        events.build_p2k2_held(pendamping, penugasan, date(2026, 1, 10), 20, 10),
        events.build_kunjungan_recorded(pendamping, penugasan, date(2026, 1, 11)),
        build_graduasi_determined(pendamping),
        events.build_credit_granted(pendamping, penugasan),
    )
    accepted = await registry.post("/v1/coverage-count", as_=commands.ministry_token(registry))
    assert accepted.status_code == 202
    await registry.work()
    unknown_id = "0198a0de-0000-7000-8000-000000000001"
    connection = await asyncpg.connect(registry.settings.database_url)
    try:
        for table in SECURED_TABLES:
            for area, pendamping_id, rows in (
                ("*", "", 1),
                ("33.24", "", 1),
                ("35.03", "", 0),
                ("", "", 0),
                ("35.03", unknown_id, 0),
                ("", pendamping["pendamping_id"], 0 if table.startswith(WITHOUT_PENDAMPING) else 1),
            ):
                count = await _count_visible(connection, table, area, pendamping_id)
                assert count == rows, (table, area, pendamping_id)
            assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 0, table
    finally:
        await connection.close()


async def _count_visible(connection: asyncpg.Connection, table: str, area: str, pendamping_id: str) -> int:
    async with connection.transaction():
        scope = "OWN_FAMILIES" if pendamping_id else "AREA"
        await open_scope(connection, areas=area, scope=scope, pendamping=pendamping_id)
        return await connection.fetchval(f"SELECT count(*) FROM {table}")


# A file may have been used in another area: these are searched over the country, and each list names its areas.
async def test_every_table_with_an_area_or_a_family_has_row_security(registry: Running) -> None:
    rows = await registry.sql(
        "SELECT DISTINCT n.nspname, c.relname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
        " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE a.attname IN ('kode_wilayah', 'kpm_id') AND c.relkind = 'r'"
        " AND NOT (c.relrowsecurity AND c.relforcerowsecurity)"
        # The look-ups of the audit trail check the scope (tests/platform/test_api_role_rights.py).
        " AND c.relname NOT LIKE 'audit\\_entry%'"
        # A use names a family in referral only, where it has a policy.
        " AND c.relname <> 'file_use'"
    )
    assert {tuple(row) for row in rows} == set()
