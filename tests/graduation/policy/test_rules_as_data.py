"""Months in the program, cumulative memberships and exemptions are rows of a policy."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.graduation.assessment.rules.facts import collect_facts
from services.graduation.policy.models.instrument import FACT_TYPES, ExemptIf, ExemptMember, Instrument
from services.graduation.policy.rules import find_exemption
from services.graduation.replicas.models import Kpm
from shared.contracts import caseload
from shared.contracts.kinds import Bansos, ExitReason
from shared.database import uuid7
from tests.factories.graduation.case import CaseDriver, expect_ok, set_day
from tests.factories.graduation.events import DESA, apply_events
from tests.factories.graduation.family import family_facts
from tests.factories.graduation.policy import INDICATOR, Ministry
from tests.factories.services import Running

DAY = date(2026, 4, 6)
ONLY_MEMBERSHIP: dict[str, Any] = {
    "candidate_desil_scope": None,
    "candidate_desil_at_least": None,
    "candidate_usaha_months": None,
    "candidate_program_years": None,
}


async def start_case(service: Running, **facts: Any) -> CaseDriver:
    await set_day(service, DAY)
    return await CaseDriver.start(service, **facts)


async def list_candidates(driver: CaseDriver, **asked: Any) -> list[dict[str, Any]]:
    answer = await driver.service.get("/v1/candidate", params=asked, as_=driver.by["field"])
    items: list[dict[str, Any]] = expect_ok(answer, 200)["items"]
    return items


async def instrument(people: Ministry, **terms: Any) -> dict[str, Any]:
    """Return the instrument in force with other terms, as a draft."""
    current = (await people.read_policy())["instrument"]
    indicators = [{name: one[name] for name in INDICATOR} for one in current["indicators"]]
    return {
        "threshold_percent": 70,
        "exempt_below_able": 1,
        "source": "Juknis 2027",
        "indicators": indicators,
    } | terms


async def join_again(driver: CaseDriver, first: date, left: date, again: date) -> None:
    """Replace the family's membership by two with a gap between them."""
    where: dict[str, Any] = {"kpm_id": driver.kpm_id, "kode_wilayah": DESA, "bansos": Bansos.PKH}
    await apply_events(
        driver.service,
        caseload.KepesertaanEnded(
            **where,
            kepesertaan_id=driver.kepesertaan_id,
            valid_from=first,
            valid_to=left,
            exit_reason=ExitReason.SEJAHTERA_MANDIRI,
        ),
    )
    driver.kepesertaan_id = uuid7()
    started = caseload.KepesertaanStarted(**where, kepesertaan_id=driver.kepesertaan_id, valid_from=again)
    await apply_events(driver.service, started)


@pytest.mark.parametrize(("months", "count"), [(60, 1), (87, 1), (88, 0)])
async def test_months_in_the_program_make_a_candidate(graduation: Running, months: int, count: int) -> None:
    driver = await start_case(graduation)
    policy = {**ONLY_MEMBERSHIP, "candidate_program_months": months}
    await Ministry(graduation).enact(str(DAY), **policy)
    candidates = await list_candidates(driver)
    assert len(candidates) == count
    for one in candidates:
        (reason,) = one["reasons"]
        assert reason["code"] == "PROGRAM_MONTHS"
        assert (
            reason["en"]
            == f"The family has been in this bansos for 87 months; {months} or more make a candidate."
        )


@pytest.mark.parametrize(("counted", "count"), [("CURRENT", 0), ("ALL", 1)])
async def test_policy_decides_whether_earlier_memberships_count(
    graduation: Running, counted: str, count: int
) -> None:
    driver = await start_case(graduation)
    await join_again(driver, date(2019, 1, 1), date(2022, 1, 1), date(2024, 1, 1))
    policy = {**ONLY_MEMBERSHIP, "candidate_program_months": 60, "counted_memberships": counted}
    await Ministry(graduation).enact(str(DAY), **policy)
    assert [len(one["reasons"]) for one in await list_candidates(driver)] == [1] * count


@pytest.mark.parametrize(("counted", "months"), [("CURRENT", 27), ("ALL", 63)])
async def test_assessment_counts_months_in_the_program(
    graduation: Running, counted: str, months: int
) -> None:
    driver = await start_case(graduation)
    await join_again(driver, date(2019, 1, 1), date(2022, 1, 1), date(2024, 1, 1))
    await Ministry(graduation).enact(str(DAY), counted_memberships=counted)
    await driver.open()
    facts = expect_ok(await driver.assess())["facts"]
    assert (facts["PROGRAM_MONTHS"], facts["PROGRAM_YEARS"]) == (months, months // 12)


@pytest.mark.parametrize(
    ("first", "left", "again", "complete"),
    [
        (date(2019, 3, 1), date(2020, 3, 1), date(2022, 3, 1), date(2026, 3, 1)),  # 366 days are 12 months
        (date(2021, 2, 1), date(2022, 2, 1), date(2025, 1, 15), date(2029, 1, 15)),  # 29 February in the gap
        (date(2020, 1, 31), date(2021, 3, 1), date(2022, 6, 2), date(2026, 5, 1)),  # 13 months and a day
    ],
)
async def test_sixty_months_over_two_memberships_are_complete_on_their_day(
    graduation: Running, first: date, left: date, again: date, complete: date
) -> None:
    driver = await start_case(graduation)
    await join_again(driver, first, left, again)
    await set_day(graduation, date(2026, 1, 5))
    policy = {**ONLY_MEMBERSHIP, "candidate_program_months": 60, "counted_memberships": "ALL"}
    await Ministry(graduation).enact("2026-01-05", **policy)
    await set_day(graduation, complete - timedelta(days=1))
    assert await list_candidates(driver) == []
    await set_day(graduation, complete)
    (candidate,) = await list_candidates(driver)
    assert "for 60 months" in candidate["reasons"][0]["en"]
    await driver.open()
    assert expect_ok(await driver.assess())["facts"]["PROGRAM_MONTHS"] == 60


async def test_months_in_the_program_are_a_criterion(graduation: Running) -> None:
    driver, people = await start_case(graduation), Ministry(graduation)
    terms = await instrument(people)
    months = next(one for one in terms["indicators"] if one["code"] == "PROGRAM_YEARS")
    months |= {"code": "PROGRAM_MONTHS", "rule": "AT_LEAST", "passes_at": 60, "weight": 5}
    await people.enact(str(DAY), instrument=terms, instrument_version=None)
    await driver.open()
    criteria = {one["code"]: one for one in expect_ok(await driver.assess())["explanation"]}
    assert (criteria["PROGRAM_MONTHS"]["value"], criteria["PROGRAM_MONTHS"]["passed"]) == (87, True)


@pytest.mark.parametrize("other", [{"code": "PROGRAM_DAYS"}, {"value_type": "BOOL"}])
async def test_criterion_on_an_unknown_fact_is_refused(graduation: Running, other: dict[str, str]) -> None:
    """Its weight would be left out of every assessment in silence."""
    await set_day(graduation, DAY)
    people = Ministry(graduation)
    terms = await instrument(people)
    next(one for one in terms["indicators"] if one["code"] == "PROGRAM_YEARS").update(other)
    answer = await people.draft(instrument=terms, instrument_version=None)
    assert (answer.status_code, "PROGRAM_MONTHS" in answer.text) == (422, True)


def test_every_fact_of_a_criterion_is_collected() -> None:
    kpm = Kpm(**family_facts(uuid7()).model_dump(include=set(Kpm.model_fields)))
    facts = collect_facts(kpm, [], DAY, DAY)
    assert {name for name in facts if name.isupper()} == FACT_TYPES.keys()


async def test_years_and_months_together_are_refused(graduation: Running) -> None:
    await set_day(graduation, DAY)
    both = {"candidate_program_years": 5, "candidate_program_months": 60}
    answer = await Ministry(graduation).draft(**both)
    assert answer.status_code == 422
    assert "years or in months" in answer.text


@pytest.mark.parametrize(
    ("below", "members", "exempt_if", "able", "lansia", "disabilitas", "grounds"),
    [
        (1, [], "ANY", 0, 0, 0, 1),
        (1, [], "ANY", 1, 2, 2, 0),
        (0, [], "ANY", 0, 0, 0, 0),
        (0, ["LANSIA", "DISABILITAS_BERAT"], "ANY", 2, 0, 1, 1),
        (0, ["LANSIA"], "ANY", 2, 0, 1, 0),
        (1, ["LANSIA"], "ANY", 0, 1, 0, 2),
        (1, ["LANSIA"], "ANY", 2, 1, 0, 1),
        (1, ["LANSIA"], "ALL", 2, 1, 0, 0),
        (1, ["LANSIA"], "ALL", 0, 0, 1, 0),
        (1, ["LANSIA"], "ALL", 0, 1, 0, 2),
    ],
)
def test_exemption_follows_the_instrument(
    below: int, members: list[str], exempt_if: str, able: int, lansia: int, disabilitas: int, grounds: int
) -> None:
    terms = Instrument(
        exempt_below_able=below,
        exempt_with=[ExemptMember(one) for one in members],
        exempt_if=ExemptIf(exempt_if),
    )
    assert len(find_exemption(terms, able, lansia, disabilitas)) == grounds


async def test_instrument_may_exempt_a_family_with_an_elderly_member(graduation: Running) -> None:
    driver, people = await start_case(graduation, lansia=1), Ministry(graduation)
    assert (await list_candidates(driver))[0]["proposed"] is True
    terms = await instrument(people, exempt_below_able=0, exempt_with=["LANSIA", "DISABILITAS_BERAT"])
    await people.enact(str(DAY), instrument=terms, instrument_version=None)
    (candidate,) = await list_candidates(driver)
    assert candidate["proposed"] is False
    assert [one["en"] for one in candidate["why_not"]] == ["Not proposed: the family has 1 elderly member."]
    await driver.open()
    asesmen = expect_ok(await driver.assess())
    assert asesmen["result"] == "DIKECUALIKAN"
    assert [one["id"] for one in asesmen["explanation"]] == [
        "Keluarga memiliki 1 anggota lansia: dikecualikan dari graduasi."
    ]


async def test_exemption_by_all_grounds_needs_both(graduation: Running) -> None:
    await set_day(graduation, DAY)
    people = Ministry(graduation)
    for one in ({"exempt_with": []}, {"exempt_with": ["LANSIA"], "exempt_below_able": 0}):
        terms = await instrument(people, exempt_if="ALL", **one)
        answer = await people.draft(instrument=terms, instrument_version=None)
        assert (answer.status_code, "exempt_below_able" in answer.text) == (422, True)


async def test_candidates_are_listed_by_an_older_policy_version(graduation: Running) -> None:
    driver = await start_case(graduation)
    await Ministry(graduation).enact(str(DAY), candidate_usaha_months=120, candidate_reasons=3)
    assert await list_candidates(driver) == []
    (candidate,) = await list_candidates(driver, policy_version=1)
    assert (candidate["policy_version"], len(candidate["reasons"])) == (1, 3)
    unknown = await graduation.get("/v1/candidate?policy_version=9", as_=driver.by["field"])
    assert (unknown.status_code, unknown.json()["title"]) == (404, "NotFound")
