"""Targets by days in service, credits as graduation told them, load and visits as caseload told them."""

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
    credit,
    crossed,
    dampingan,
    determined,
    hear,
    reverse,
    scorecard,
    visit,
)
from tests.factories.services import Running


async def test_from_credits_less_those_taken_back(registry: Running) -> None:
    person, held = await commands.placed(registry)
    granted = [credit(person, held) for _ in range(7)]
    await hear(registry, *granted, reverse(granted[3]), times=3)
    shown = await scorecard(registry, person)
    assert (shown["granted"], shown["reversed"], shown["net"], shown["target"]) == (7, 1, 6, 10)
    assert shown["by_exit_reason"] == [
        {"exit_reason": "SEJAHTERA_MANDIRI", "granted": 7, "reversed": 1, "net": 6}
    ]
    assert shown["penugasan"][0]["net"] == 6
    assert (await scorecard(registry, person, 2025))["granted"] == 0


async def test_with_load_and_visits_as_caseload_told(registry: Running) -> None:
    await registry.set_clock(commands.START)
    person, held = await commands.placed(registry)
    facts = [dampingan(person, held, valid_from=date(2026, 1, 1)) for _ in range(3)]
    watched = DampinganChanged(**facts[0].model_dump() | {"purpose": DampinganPurpose.PEMANTAUAN})
    ahead = dampingan(person, held, valid_from=date(2026, 4, 1))
    visits = [visit(person, held, date(2026, 2, day)) for day in (1, 2)] + [
        visit(person, held, date(2025, 12, 31))
    ]
    above, below = (crossed(person, held, count, side) for count, side in ((462, "ABOVE"), (342, "BELOW")))
    await hear(registry, *facts, watched, ahead, *visits, above)
    shown = await scorecard(registry, person)
    assert (shown["load_now"], shown["visits"]) == (2, 2)
    assert shown["penugasan"][0]["limit_side"] == "ABOVE"
    assert shown["load"] == {"weighing": 2, "warned": True, "limit": 450}
    await hear(registry, below)
    shown = await scorecard(registry, person)
    assert shown["load"] == {"weighing": 2, "warned": False, "limit": 450}
    passed = [(one["on"], one["count"], one["limit"], one["side"]) for one in shown["limit_crossings"]]
    assert passed == [("2026-03-01", 462, 450, "ABOVE"), ("2026-03-01", 342, 450, "BELOW")]


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
async def test_to_a_target_by_days_in_service_rounded_half_up(
    registry: Running, valid_from: str, valid_to: str | None, days: int, target: int
) -> None:
    person = await commands.serving(registry)
    commands.made(await commands.penugasan(registry, person, valid_from=valid_from, valid_to=valid_to))
    shown = await scorecard(registry, person)
    assert (shown["by_kind"][0]["days_in_service"], shown["target"]) == (days, target)
    assert f"10 families x {days} days in service ÷ 365" in shown["by_kind"][0]["explanation"]["en"]


async def test_to_days_of_one_kind_added_before_they_are_rounded(registry: Running) -> None:
    person = await commands.serving(registry)
    for begin, end in (("2026-01-01", "2026-01-16"), ("2026-02-01", "2026-02-16")):
        commands.made(await commands.penugasan(registry, person, valid_from=begin, valid_to=end))
    (kind,) = (await scorecard(registry, person))["by_kind"]
    assert (kind["days_in_service"], kind["target"]) == (30, 1)


@pytest.mark.parametrize(
    ("counted", "days", "target"),
    [(["AKTIF"], 253, 7), (["AKTIF", "CUTI"], 345, 9), (["CUTI", "AKTIF", "NONAKTIF"], 365, 10)],
)
async def test_to_days_in_the_statuses_that_the_target_counts(
    registry: Running, counted: list[str], days: int, target: int
) -> None:
    """Leave from March to May, and twenty days of suspension; two statuses from one day are the later one."""
    person = await commands.serving(registry)
    commands.made(await commands.penugasan(registry, person))
    for name, from_on in (
        ("CUTI", "2026-03-01"),
        ("AKTIF", "2026-06-01"),
        ("CUTI", "2026-07-01"),
        ("AKTIF", "2026-07-01"),
        ("NONAKTIF", "2026-10-01"),
        ("AKTIF", "2026-10-21"),
    ):
        commands.made(await commands.status(registry, person, name, from_on=from_on))
    body = {
        "year": 2026,
        "kind": "PKH_PENDAMPING",
        "per_person": 10,
        "counted": counted,
        "basis": "Kerangka kerja",
    }
    commands.made(await registry.post("/v1/target", body, as_=commands.ministry(registry)))
    shown = await scorecard(registry, person)
    assert (shown["penugasan"][0]["days_in_service"], shown["target"]) == (days, target)
    assert (
        f"A day counts in the status {', '.join(sorted(counted))}."
        in shown["by_kind"][0]["explanation"]["en"]
    )
    (nation,) = commands.made(await registry.get("/v1/target?year=2026", as_=commands.ministry(registry)))[
        "items"
    ]
    assert (nation["person_days"], nation["sum"], nation["counted"]) == (days, target, sorted(counted))


async def test_to_no_day_of_a_candidate(registry: Running) -> None:
    person = await commands.pendamping(registry, from_on="2025-01-01")
    commands.made(await commands.penugasan(registry, person))
    shown = await scorecard(registry, person)
    assert (shown["by_kind"][0]["days_in_service"], shown["target"]) == (0, 0)


@pytest.mark.parametrize("counted", [[], ["PENSIUN"], ["aktif"]])
async def test_and_no_target_counts_days_after_an_end(registry: Running, counted: list[str]) -> None:
    body = {"year": 2026, "kind": "PKH_PENDAMPING", "per_person": 10, "counted": counted, "basis": "Kerangka"}
    assert (await registry.post("/v1/target", body, as_=commands.ministry(registry))).status_code == 422
    with pytest.raises(asyncpg.CheckViolationError, match="ck_target_counted_known"):
        await registry.sql("UPDATE target SET counted = $1", counted)


@pytest.mark.parametrize("year", [2024, 2026])
async def test_to_a_whole_year_of_any_length(registry: Running, year: int) -> None:
    person = await commands.serving(registry)
    commands.made(await commands.penugasan(registry, person, valid_from="2020-01-01"))
    body = {"year": year, "kind": "PKH_PENDAMPING", "per_person": 11, "basis": "Kerangka kerja"}
    commands.made(await registry.post("/v1/target", body, as_=commands.ministry(registry)))
    shown = await scorecard(registry, person, year)
    assert (shown["by_kind"][0]["days_in_service"], shown["target"]) == (366 if year == 2024 else 365, 11)


@pytest.mark.parametrize("numerator", range(30))
def test_with_halves_rounded_up(numerator: int) -> None:
    exact = Fraction(numerator, 10)
    assert round_half_up(numerator, 10) == int(exact + Fraction(1, 2))


async def test_to_no_target_where_the_framework_sets_none(registry: Running) -> None:
    person = await commands.serving(registry)
    commands.made(await commands.penugasan(registry, person, kind="TAGANA", employer_status="RELAWAN"))
    shown = await scorecard(registry, person)
    assert shown["target"] is None
    assert shown["by_kind"] == [
        {
            "kind": "TAGANA",
            "days_in_service": 365,
            "target": 0,
            "target_number": None,
            "explanation": None,
            "net": 0,
        }
    ]


async def test_to_the_target_that_was_set_last_and_the_earlier_is_kept(registry: Running) -> None:
    person, _ = await commands.placed(registry)
    body = {"year": 2026, "kind": "PKH_PENDAMPING", "per_person": 12, "basis": "SE 1/2026"}
    ministry = commands.ministry(registry)
    first = commands.made(await registry.post("/v1/target", body, as_=ministry))
    same = commands.made(await registry.post("/v1/target", body, as_=ministry))
    assert first == same
    assert first["number"] == 2
    shown = await scorecard(registry, person)
    assert (shown["target"], shown["by_kind"][0]["target_number"]) == (12, 2)
    kept = await registry.sql("SELECT per_person FROM target WHERE year = 2026 ORDER BY number")
    assert [row["per_person"] for row in kept] == [10, 12]


async def test_to_a_national_sum_that_shows_its_rounding(registry: Running) -> None:
    first, second = await commands.serving(registry), await commands.serving(registry, "3324070101909002")
    commands.made(await commands.penugasan(registry, first))
    commands.made(await commands.penugasan(registry, second, valid_from="2026-07-01"))
    listed = commands.made(await registry.get("/v1/target?year=2026", as_=commands.ministry(registry)))
    (shown,) = listed["items"]
    assert (listed["year"], listed["sum"]) == (2026, 15)
    assert (shown["per_person"], shown["people"], shown["sum"]) == (10, 2, 15)
    assert shown["rounding_difference"] == round(15 - (10 + 10 * 184 / 365), 2) == -0.04
    assert (shown["person_days"], shown["days_of_year"], shown["exact"]) == (549, 365, 15.04)
    assert shown["explanation"]["en"] == (
        "2 people served 549 days together. 10 families x 549 days ÷ 365 days of 2026 = 15.04;"
        " rounded half up per person, the sum is 15 (rounding -0.04). A day counts in the status AKTIF."
    )
    assert shown["explanation"]["id"].startswith("2 orang bertugas 549 hari seluruhnya.")


async def test_of_oneself_and_for_offices_of_the_area(registry: Running) -> None:
    person, _ = await commands.placed(registry)
    path = f"/v1/pendamping/{person['pendamping_id']}/scorecard?year=2026"
    for token, status in [
        (registry.token("PENDAMPING", areas=["33.24"], pendamping_id=person["pendamping_id"]), 200),
        (registry.token("PENDAMPING", areas=["*"], pendamping_id=str(uuid7())), 404),
        (registry.token("DINSOS_KABKOTA", areas=["33.24"]), 200),
        (registry.token("DINSOS_KABKOTA", areas=["35.03"]), 404),
        (registry.token("OPERATOR_DESA", areas=["33.24"]), 403),
    ]:
        assert (await registry.get(path, as_=token)).status_code == status


async def test_to_the_numbers_that_the_services_compare(registry: Running) -> None:
    person, held = await commands.placed(registry)
    other, elsewhere = await commands.placed(registry, "3324070101909002", "35.03.01")
    granted = [credit(person, held) for _ in range(2)]
    far = credit(other, elsewhere, "SEJAHTERA_PPSE", kode_wilayah="35.03.01.2001")
    await hear(registry, *granted, reverse(granted[0]), far)
    asked = {"pendamping_ids": [person["pendamping_id"]]}
    one = commands.made(await registry.post("/v1/numbers", asked, as_=commands.ministry(registry)))
    assert one == {
        "service": "registry",
        "by_exit_reason": {"SEJAHTERA_MANDIRI": {"granted": 2, "reversed": 1, "net": 1}},
        "totals": {"granted": 2, "reversed": 1, "net": 1},
    }
    everybody = commands.made(await registry.post("/v1/numbers", {}, as_=commands.ministry(registry)))
    assert everybody["totals"] == {"granted": 3, "reversed": 1, "net": 2}
    area = registry.token("DINSOS_KABKOTA", areas=["35.03"])
    assert commands.made(await registry.post("/v1/numbers", {}, as_=area))["totals"]["net"] == 1


async def test_to_the_numbers_of_the_families_that_are_named(registry: Running) -> None:
    person, held = await commands.placed(registry)
    cases = [determined(person) for _ in range(3)]
    granted = [credit(person, held, graduasi_id=case.graduasi_id) for case in cases]
    await hear(registry, *cases, *granted, reverse(granted[1]), times=2)
    for families, wanted in (
        ([cases[0].kpm_id], (1, 0, 1)),
        ([case.kpm_id for case in cases[:2]], (2, 1, 1)),
        ([uuid7()], (0, 0, 0)),
        ([], (0, 0, 0)),
    ):
        asked = {"kpm_ids": [str(one) for one in families], "pendamping_ids": [person["pendamping_id"]]}
        shown = commands.made(await registry.post("/v1/numbers", asked, as_=commands.ministry(registry)))
        assert tuple(shown["totals"].values()) == wanted


async def test_even_if_a_reason_is_unknown_to_this_release_or_a_credit_names_nobody(
    registry: Running,
) -> None:
    person, held = await commands.placed(registry)
    await hear(registry, credit(person, held, "A_LATER_REASON"), credit({"pendamping_id": uuid7()}, held))
    shown = await scorecard(registry, person)
    assert shown["by_exit_reason"][0]["exit_reason"] == "UNKNOWN"
