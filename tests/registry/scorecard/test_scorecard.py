"""Scorecards: targets by days in service, net credits, load and visits."""

from datetime import date
from fractions import Fraction

import asyncpg
import pytest

from services.registry.framework.queries import round_half_up
from shared.contracts.caseload import DampinganChanged
from shared.contracts.kinds import DampinganPurpose
from shared.database import uuid7
from tests.factories.registry import commands
from tests.factories.registry.events import (
    build_credit_granted,
    build_credit_reversed,
    build_dampingan_started,
    build_kunjungan_recorded,
    build_limit_crossed,
    deliver_events,
    read_scorecard,
)
from tests.factories.services import Running


async def test_net_credits_are_granted_credits_less_reversed_ones(registry: Running) -> None:
    pendamping, penugasan = await commands.register_placed_pendamping(registry)
    granted = [build_credit_granted(pendamping, penugasan) for _ in range(7)]
    await deliver_events(registry, *granted, build_credit_reversed(granted[3]), times=3)
    scorecard = await read_scorecard(registry, pendamping)
    assert (scorecard["granted"], scorecard["reversed"], scorecard["net"], scorecard["target"]) == (
        7,
        1,
        6,
        10,
    )
    assert scorecard["by_exit_reason"] == [
        {"exit_reason": "SEJAHTERA_MANDIRI", "granted": 7, "reversed": 1, "net": 6}
    ]
    assert (scorecard["penugasan"][0]["net"], scorecard["by_kind"][0]["net"]) == (6, 6)
    assert (await read_scorecard(registry, pendamping, 2025))["granted"] == 0


async def test_credit_at_two_positions_counts_once(registry: Running) -> None:
    pendamping, penugasan = await commands.register_placed_pendamping(registry)
    granted = build_credit_granted(pendamping, penugasan)
    for events, counts in (
        ((granted,), (1, 0, 1)),
        ((granted, granted), (1, 0, 1)),
        ((build_credit_reversed(granted), build_credit_reversed(granted)), (1, 1, 0)),
    ):
        await deliver_events(registry, *events)
        scorecard = await read_scorecard(registry, pendamping)
        numbers = await registry.post("/v1/numbers", {}, as_=commands.ministry_token(registry))
        for totals in (scorecard, commands.expect_ok(numbers)["totals"]):
            assert (totals["granted"], totals["reversed"], totals["net"]) == counts
        assert scorecard["penugasan"][0]["net"] == scorecard["by_kind"][0]["net"] == counts[2]


async def test_load_visits_and_limit_crossings_are_those_of_caseload(registry: Running) -> None:
    await registry.set_clock(commands.START)
    pendamping, penugasan = await commands.register_placed_pendamping(registry)
    started = [build_dampingan_started(pendamping, penugasan, valid_from=date(2026, 1, 1)) for _ in range(3)]
    monitored = DampinganChanged(**started[0].model_dump() | {"purpose": DampinganPurpose.PEMANTAUAN})
    from_april = build_dampingan_started(pendamping, penugasan, valid_from=date(2026, 4, 1))
    visits = [
        build_kunjungan_recorded(pendamping, penugasan, day)
        for day in (date(2026, 2, 1), date(2026, 2, 2), date(2025, 12, 31))
    ]
    above = build_limit_crossed(pendamping, penugasan, 462, "ABOVE")
    below = build_limit_crossed(pendamping, penugasan, 342, "BELOW")
    await deliver_events(registry, *started, monitored, from_april, *visits, above)
    scorecard = await read_scorecard(registry, pendamping)
    assert (scorecard["load_now"], scorecard["visits"]) == (2, 2)
    assert scorecard["penugasan"][0]["limit_side"] == "ABOVE"
    assert scorecard["load"] == {"weighing": 2, "warned": True, "limit": 450}
    await deliver_events(registry, below)
    scorecard = await read_scorecard(registry, pendamping)
    assert scorecard["load"] == {"weighing": 2, "warned": False, "limit": 450}
    crossings = [(row["on"], row["count"], row["limit"], row["side"]) for row in scorecard["limit_crossings"]]
    assert crossings == [("2026-03-01", 462, 450, "ABOVE"), ("2026-03-01", 342, 450, "BELOW")]


@pytest.mark.parametrize(
    ("valid_from", "valid_to", "days", "target"),
    [
        ("2025-10-03", None, 365, 10),
        ("2026-07-01", None, 184, 5),
        ("2026-01-01", "2026-01-19", 18, 0),
        ("2026-01-01", "2026-01-20", 19, 1),
        ("2027-01-01", None, 0, 0),
    ],
)
async def test_the_target_is_pro_rata_by_days_in_service_and_rounded_half_up(
    registry: Running, valid_from: str, valid_to: str | None, days: int, target: int
) -> None:
    pendamping = await commands.register_active_pendamping(registry)
    commands.expect_ok(
        await commands.start_penugasan(registry, pendamping, valid_from=valid_from, valid_to=valid_to)
    )
    scorecard = await read_scorecard(registry, pendamping)
    (kind,) = scorecard["by_kind"]
    assert (kind["days_in_service"], scorecard["target"]) == (days, target)
    assert f"10 families x {days} days in service ÷ 365" in kind["explanation"]["en"]


async def test_days_of_one_kind_are_added_up_before_rounding(registry: Running) -> None:
    pendamping = await commands.register_active_pendamping(registry)
    for begin, end in (("2026-01-01", "2026-01-16"), ("2026-02-01", "2026-02-16")):
        commands.expect_ok(
            await commands.start_penugasan(registry, pendamping, valid_from=begin, valid_to=end)
        )
    (kind,) = (await read_scorecard(registry, pendamping))["by_kind"]
    assert (kind["days_in_service"], kind["target"]) == (30, 1)


@pytest.mark.parametrize(
    ("counted", "days", "target"),
    [(["AKTIF"], 253, 7), (["AKTIF", "CUTI"], 345, 9), (["CUTI", "AKTIF", "NONAKTIF"], 365, 10)],
)
async def test_only_days_in_the_counted_statuses_are_days_in_service(
    registry: Running, counted: list[str], days: int, target: int
) -> None:
    """The pendamping is on leave from March to May and NONAKTIF for twenty days.

    Of two statuses from the same day the later one applies.
    """
    pendamping = await commands.register_active_pendamping(registry)
    commands.expect_ok(await commands.start_penugasan(registry, pendamping))
    for status, from_on in (
        ("CUTI", "2026-03-01"),
        ("AKTIF", "2026-06-01"),
        ("CUTI", "2026-07-01"),
        ("AKTIF", "2026-07-01"),
        ("NONAKTIF", "2026-10-01"),
        ("AKTIF", "2026-10-21"),
    ):
        commands.expect_ok(await commands.change_status(registry, pendamping, status, from_on=from_on))
    body = {
        "year": 2026,
        "kind": "PKH_PENDAMPING",
        "per_person": 10,
        "counted": counted,
        "basis": "Kerangka kerja",
    }
    ministry = commands.ministry_token(registry)
    commands.expect_ok(await registry.post("/v1/target", body, as_=ministry))
    scorecard = await read_scorecard(registry, pendamping)
    assert (scorecard["penugasan"][0]["days_in_service"], scorecard["target"]) == (days, target)
    sentence = f"A day counts in the status {', '.join(sorted(counted))}."
    assert sentence in scorecard["by_kind"][0]["explanation"]["en"]
    (national,) = commands.expect_ok(await registry.get("/v1/target?year=2026", as_=ministry))["items"]
    assert (national["person_days"], national["sum"], national["counted"]) == (days, target, sorted(counted))


async def test_a_final_status_that_was_taken_back_changes_no_days_in_service(registry: Running) -> None:
    await registry.set_clock(commands.START)
    pendamping = await commands.register_active_pendamping(registry)
    commands.expect_ok(await commands.start_penugasan(registry, pendamping))
    for status, from_on in (
        ("CUTI", "2026-10-01"),
        ("AKTIF", "2026-10-21"),
        ("PENSIUN", "2026-06-01"),
        ("AKTIF", "2026-06-01"),
    ):
        commands.expect_ok(await commands.change_status(registry, pendamping, status, from_on=from_on))
    scorecard = await read_scorecard(registry, pendamping)
    assert scorecard["penugasan"][0]["days_in_service"] == 365 - 20


async def test_days_as_calon_are_not_days_in_service(registry: Running) -> None:
    pendamping = await commands.register_pendamping(registry, from_on="2025-01-01")
    commands.expect_ok(await commands.start_penugasan(registry, pendamping))
    scorecard = await read_scorecard(registry, pendamping)
    assert (scorecard["by_kind"][0]["days_in_service"], scorecard["target"]) == (0, 0)


@pytest.mark.parametrize("counted", [[], ["PENSIUN"], ["aktif"]])
async def test_a_target_that_counts_a_final_status_is_refused(registry: Running, counted: list[str]) -> None:
    body = {"year": 2026, "kind": "PKH_PENDAMPING", "per_person": 10, "counted": counted, "basis": "Kerangka"}
    answer = await registry.post("/v1/target", body, as_=commands.ministry_token(registry))
    assert answer.status_code == 422
    with pytest.raises(asyncpg.CheckViolationError, match="ck_target_counted_known"):
        await registry.sql("UPDATE target SET counted = $1", counted)


@pytest.mark.parametrize("year", [2024, 2026])
async def test_a_full_year_gives_the_full_target_also_in_a_leap_year(registry: Running, year: int) -> None:
    pendamping = await commands.register_active_pendamping(registry)
    commands.expect_ok(await commands.start_penugasan(registry, pendamping, valid_from="2020-01-01"))
    body = {"year": year, "kind": "PKH_PENDAMPING", "per_person": 11, "basis": "Kerangka kerja"}
    commands.expect_ok(await registry.post("/v1/target", body, as_=commands.ministry_token(registry)))
    scorecard = await read_scorecard(registry, pendamping, year)
    assert (scorecard["by_kind"][0]["days_in_service"], scorecard["target"]) == (
        366 if year == 2024 else 365,
        11,
    )


@pytest.mark.parametrize("numerator", range(30))
def test_halves_are_rounded_up(numerator: int) -> None:
    exact = Fraction(numerator, 10)
    assert round_half_up(numerator, 10) == int(exact + Fraction(1, 2))


async def test_a_kind_without_a_target_has_no_target_number_and_explanation(registry: Running) -> None:
    pendamping = await commands.register_active_pendamping(registry)
    commands.expect_ok(
        await commands.start_penugasan(registry, pendamping, kind="TAGANA", employer_status="RELAWAN")
    )
    scorecard = await read_scorecard(registry, pendamping)
    assert scorecard["target"] is None
    assert scorecard["by_kind"] == [
        {
            "kind": "TAGANA",
            "days_in_service": 365,
            "target": 0,
            "target_number": None,
            "explanation": None,
            "net": 0,
        }
    ]


async def test_the_target_that_was_set_last_applies_and_the_earlier_one_is_stored(registry: Running) -> None:
    pendamping, _ = await commands.register_placed_pendamping(registry)
    body = {"year": 2026, "kind": "PKH_PENDAMPING", "per_person": 12, "basis": "SE 1/2026"}
    ministry = commands.ministry_token(registry)
    first = commands.expect_ok(await registry.post("/v1/target", body, as_=ministry))
    repeated = commands.expect_ok(await registry.post("/v1/target", body, as_=ministry))
    assert first == repeated
    assert first["number"] == 2
    scorecard = await read_scorecard(registry, pendamping)
    assert (scorecard["target"], scorecard["by_kind"][0]["target_number"]) == (12, 2)
    rows = await registry.sql("SELECT per_person FROM target WHERE year = 2026 ORDER BY number")
    assert [row["per_person"] for row in rows] == [10, 12]


async def test_the_national_sum_shows_its_rounding_difference(registry: Running) -> None:
    full_year = await commands.register_active_pendamping(registry)
    half_year = await commands.register_active_pendamping(registry, "3324070101909002")
    commands.expect_ok(await commands.start_penugasan(registry, full_year))
    commands.expect_ok(await commands.start_penugasan(registry, half_year, valid_from="2026-07-01"))
    answer = await registry.get("/v1/target?year=2026", as_=commands.ministry_token(registry))
    targets = commands.expect_ok(answer)
    (national,) = targets["items"]
    assert (targets["year"], targets["sum"]) == (2026, 15)
    assert (national["per_person"], national["people"], national["sum"]) == (10, 2, 15)
    assert national["rounding_difference"] == round(15 - (10 + 10 * 184 / 365), 2) == -0.04
    assert (national["person_days"], national["days_of_year"], national["exact"]) == (549, 365, 15.04)
    assert national["explanation"]["en"] == (
        "2 people served 549 days together. 10 families x 549 days ÷ 365 days of 2026 = 15.04;"
        " rounded half up per person, the sum is 15 (rounding -0.04). A day counts in the status AKTIF."
    )
    assert national["explanation"]["id"].startswith("2 orang bertugas 549 hari seluruhnya.")


async def test_a_scorecard_is_read_by_the_pendamping_and_offices_of_its_area(registry: Running) -> None:
    pendamping, _ = await commands.register_placed_pendamping(registry)
    path = f"/v1/pendamping/{pendamping['pendamping_id']}/scorecard?year=2026"
    for token, status in [
        (registry.token("PENDAMPING", areas=["33.24"], pendamping_id=pendamping["pendamping_id"]), 200),
        (registry.token("PENDAMPING", areas=["*"], pendamping_id=str(uuid7())), 404),
        (registry.token("DINSOS_KABKOTA", areas=["33.24"]), 200),
        (registry.token("DINSOS_KABKOTA", areas=["35.03"]), 404),
        (registry.token("OPERATOR_DESA", areas=["33.24"]), 403),
    ]:
        assert (await registry.get(path, as_=token)).status_code == status


async def test_a_credit_with_an_unknown_reason_or_pendamping_is_replicated(registry: Running) -> None:
    pendamping, penugasan = await commands.register_placed_pendamping(registry)
    unknown_reason = build_credit_granted(pendamping, penugasan, "A_LATER_REASON")
    unknown_pendamping = build_credit_granted({"pendamping_id": uuid7()}, penugasan)
    await deliver_events(registry, unknown_reason, unknown_pendamping)
    scorecard = await read_scorecard(registry, pendamping)
    assert scorecard["by_exit_reason"][0]["exit_reason"] == "UNKNOWN"
