"""Candidates of the policy in force, with reasons in words."""

from datetime import date
from typing import Any

import pytest

from shared.contracts import caseload
from shared.contracts.kinds import Bansos, DesilScope
from shared.database import uuid7
from tests.factories.graduation.case import CaseDriver, expect_ok, set_day
from tests.factories.graduation.events import DESA, KENDAL, Field, apply_events
from tests.factories.graduation.policy import Ministry
from tests.factories.services import Running

DAY = date(2026, 4, 6)


def desil_history(value: int, scope: DesilScope = DesilScope.NAS) -> list[caseload.Desil]:
    return [
        caseload.Desil(scope=scope, value=2, snapshot="2025-Q4"),
        caseload.Desil(scope=scope, value=value, snapshot="2026-Q1"),
    ]


async def start_case(service: Running, **facts: Any) -> CaseDriver:
    await set_day(service, DAY)
    return await CaseDriver.start(service, **facts)


async def list_candidates(driver: CaseDriver, by: str = "field", **asked: str) -> list[dict[str, Any]]:
    answer = await driver.service.get("/v1/candidate", params=asked, as_=driver.by[by])
    items: list[dict[str, Any]] = expect_ok(answer, 200)["items"]
    return items


def read_reason_codes(item: dict[str, Any]) -> list[str]:
    return [reason["code"] for reason in item["reasons"]]


async def test_candidate_has_reasons_in_words(graduation: Running) -> None:
    driver = await start_case(graduation)
    (candidate,) = await list_candidates(driver)
    assert (candidate["kpm_id"], candidate["proposed"], candidate["policy_version"]) == (
        str(driver.kpm_id),
        True,
        1,
    )
    assert [reason["en"] for reason in candidate["reasons"]] == [
        "Its national desil is 5; 5 or above makes a candidate.",
        "A business has run for 37 months; 6 or more make a candidate.",
        "The family has been in this bansos for 7 years; 5 or more make a candidate.",
    ]
    assert candidate["reasons"][1]["id"] == "Usaha berjalan 37 bulan; calon jika 6 bulan atau lebih."


async def test_candidates_follow_the_policy_in_force(graduation: Running) -> None:
    driver = await start_case(graduation, desil=desil_history(4))
    assert read_reason_codes((await list_candidates(driver))[0]) == ["USAHA", "PROGRAM_YEARS"]
    people = Ministry(graduation)
    none: dict[str, Any] = {"candidate_usaha_months": None, "candidate_program_years": None}
    await people.enact("2026-04-07", **none, candidate_desil_scope="NAS", candidate_desil_at_least=5)
    assert len(await list_candidates(driver)) == 1
    await set_day(graduation, date(2026, 4, 7))
    assert await list_candidates(driver) == []
    await people.enact("2026-04-08", **none, candidate_desil_scope="NAS", candidate_desil_at_least=4)
    await set_day(graduation, date(2026, 4, 8))
    assert read_reason_codes((await list_candidates(driver))[0]) == ["DESIL"]
    everything = {"candidate_usaha_months": 6, "candidate_program_years": 5, "candidate_reasons": 3}
    await people.enact("2026-04-09", **everything, candidate_desil_scope="NAS", candidate_desil_at_least=5)
    await set_day(graduation, date(2026, 4, 9))
    assert await list_candidates(driver) == []


async def test_candidates_use_the_policys_desil_scope(graduation: Running) -> None:
    driver = await start_case(graduation, desil=desil_history(9, DesilScope.KABKOTA))
    none: dict[str, Any] = {"candidate_usaha_months": None, "candidate_program_years": None}
    await Ministry(graduation).enact(
        "2026-04-07", **none, candidate_desil_scope="KABKOTA", candidate_desil_at_least=9
    )
    await set_day(graduation, date(2026, 4, 7))
    (candidate,) = await list_candidates(driver)
    assert candidate["reasons"][0]["id"] == "Desil kabupaten/kota keluarga 9; calon jika 9 ke atas."


async def test_family_with_a_natural_exit_soon_is_only_a_natural_candidate(graduation: Running) -> None:
    driver = await start_case(graduation, last_komponen_ends_on=date(2026, 7, 6))
    assert await list_candidates(driver) == []
    (candidate,) = await list_candidates(driver, exit_reason="ALAMIAH")
    assert (candidate["exit_reason"], candidate["last_komponen_ends_on"]) == ("ALAMIAH", "2026-07-06")
    assert candidate["reasons"][0]["en"] == "The family's last komponen ends on 2026-07-06: a natural exit."
    await set_day(graduation, date(2026, 4, 5))
    assert await list_candidates(driver, exit_reason="ALAMIAH") == []
    assert len(await list_candidates(driver)) == 1


async def test_exempt_candidate_has_the_reason(graduation: Running) -> None:
    driver = await start_case(graduation, members=1, able_productive=0, lansia=1, desil=desil_history(6))
    (candidate,) = await list_candidates(driver)
    assert candidate["proposed"] is False
    assert candidate["why_not"][0]["code"] == "EXEMPT"
    assert candidate["why_not"][0]["id"].startswith("Tidak diusulkan: keluarga memiliki 0 anggota produktif")


async def test_family_with_an_open_case_is_no_candidate_until_it_is_cancelled(graduation: Running) -> None:
    driver = await (await start_case(graduation)).open()
    assert await list_candidates(driver) == []
    body = {"ground": "DASAR_GUGUR", "reason": "Keluarga belum ingin."}
    expect_ok(await driver.post("cancellation", body, "field"))
    assert len(await list_candidates(driver)) == 1


async def test_ended_membership_is_no_candidate(
    graduation: Running,
) -> None:
    driver = await start_case(graduation)
    ended = caseload.KepesertaanEnded(
        kepesertaan_id=driver.kepesertaan_id,
        kpm_id=driver.kpm_id,
        kode_wilayah=DESA,
        bansos=Bansos.PKH,
        valid_from=date(2019, 1, 1),
        valid_to=DAY,
        exit_reason=caseload.ExitReason.PINDAH,
    )
    await apply_events(graduation, ended)
    assert await list_candidates(driver) == []


async def test_candidate_is_computed_in_any_order_of_events(graduation: Running) -> None:
    await set_day(graduation, DAY)
    field = await Field(graduation).start()
    kpm_id, kepesertaan_id = uuid7(), uuid7()
    where: dict[str, Any] = {"kpm_id": kpm_id, "kode_wilayah": DESA}
    driver = CaseDriver(field, kpm_id, kepesertaan_id)
    await apply_events(
        graduation,
        caseload.DampinganStarted(**field.build_dampingan(kpm_id)),
        caseload.KepesertaanStarted(
            **where, kepesertaan_id=kepesertaan_id, bansos=Bansos.PKH, valid_from=date(2026, 1, 1)
        ),
    )
    assert await list_candidates(driver) == []
    facts = {"members": 2, "able_productive": 1, "lansia": 0, "disabilitas": 0, "komponen": {}}
    await apply_events(graduation, caseload.KpmRegistered(**where, **facts, desil=[]))
    assert await list_candidates(driver) == []
    await apply_events(graduation, caseload.KpmUpdated(**where, **facts, desil=desil_history(7)))
    assert read_reason_codes((await list_candidates(driver))[0]) == ["DESIL"]


async def test_candidate_is_visible_to_its_pendamping_and_officials_of_its_area(graduation: Running) -> None:
    mine, other = await start_case(graduation), await start_case(graduation)
    assert {item["kpm_id"] for item in await list_candidates(mine)} == {str(mine.kpm_id)}
    assert {item["kpm_id"] for item in await list_candidates(mine, "approval")} == {
        str(mine.kpm_id),
        str(other.kpm_id),
    }
    elsewhere = graduation.token("DINSOS_KABKOTA", "dinsos-pemalang-1", ["33.27"])
    assert expect_ok(await graduation.get("/v1/candidate", as_=elsewhere), 200)["items"] == []
    for area, count in ((KENDAL, 2), ("33", 2), (DESA, 2), ("33.24.09", 2), ("33.24.08", 0), ("34", 0)):
        assert len(await list_candidates(mine, "approval", kode_wilayah=area)) == count, area
    assert len(await list_candidates(mine, "approval", bansos="PBI")) == 0
    village = await graduation.get("/v1/candidate", as_=mine.by["musyawarah"])
    assert village.status_code == 403


async def test_list_is_paged_best_off_first(graduation: Running) -> None:
    await set_day(graduation, DAY)
    field = await Field(graduation).start()
    desil_by_kpm = {}
    for value in (3, 9, 6, 5, 8):
        kpm_id, _ = await field.family(desil=desil_history(value))
        desil_by_kpm[str(kpm_id)] = value
    seen, path = [], "/v1/candidate?limit=2"
    while path:
        page = expect_ok(await graduation.get(path, as_=field.token), 200)
        seen += [desil_by_kpm[item["kpm_id"]] for item in page["items"]]
        path = page["next"]
    assert seen == [9, 8, 6, 5, 3]


@pytest.mark.parametrize(
    ("reason", "title"), [("MENINGGAL", "CandidateRuleMissing"), ("MUSYAWARAH", "PolicyMissing")]
)
async def test_reason_without_a_candidate_rule_is_refused(
    graduation: Running, reason: str, title: str
) -> None:
    driver = await start_case(graduation)
    answer = await graduation.get(f"/v1/candidate?exit_reason={reason}", as_=driver.by["field"])
    assert (answer.status_code, answer.json()["title"]) == (409, title)


async def test_unchanged_candidate_is_not_written(graduation: Running) -> None:
    """A row that conflicts would be locked and written to the WAL at each refresh."""
    driver = await start_case(graduation, desil=desil_history(6))
    asked = "SELECT ctid::text, xmin::text, xmax::text, rank_nas FROM replica_kpm.candidate"
    (before,) = await graduation.sql(asked)
    assert before["rank_nas"] == 5
    facts: dict[str, Any] = {"kpm_id": driver.kpm_id, "kode_wilayah": DESA, "komponen": {}}
    facts |= {"members": 4, "able_productive": 2, "lansia": 0, "disabilitas": 0}
    await apply_events(graduation, caseload.KpmUpdated(**facts, desil=desil_history(6)))
    assert await graduation.sql(asked) == [before]
    await apply_events(graduation, caseload.KpmUpdated(**facts, desil=desil_history(8)))
    assert (await graduation.sql(asked))[0]["rank_nas"] == 3
