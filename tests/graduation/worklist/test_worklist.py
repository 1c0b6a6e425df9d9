"""Lists of cases, tasks and sanggah that wait for the caller, and the cohort."""

from datetime import date
from typing import Any

from shared.contracts import caseload, referral
from shared.contracts.caseload_activity import VoidReason
from shared.contracts.kinds import DampinganPurpose
from shared.contracts.rujukan_kinds import BenefitKind, RujukanProgramState
from shared.database import uuid7
from tests.factories.graduation.case import CaseDriver, expect_ok, set_day
from tests.factories.graduation.events import DESA, KENDAL, Field, apply_events
from tests.factories.graduation.monitoring import (
    complete_monitoring,
    create_monitored_case,
    end_dampingan,
    read_tasks,
    record_monitoring,
)
from tests.factories.graduation.objection import decide_sanggah, decider_token, lodge_sanggah
from tests.factories.graduation.worklist import read_waiting
from tests.factories.services import Running


async def test_case_waits_for_each_role_in_turn(graduation: Running) -> None:
    driver = await CaseDriver.start(graduation)
    turns = {
        "TERIDENTIFIKASI": "field",
        "SIAP": "field",
        "PERNYATAAN_DITANDATANGANI": "field",
        "DIUSULKAN": "verification",
        "DIVERIFIKASI_KETIM": "musyawarah",
        "DIMUSYAWARAHKAN": "approval",
        "DISETUJUI_DINSOS": "sk",
        "MASA_SANGGAH": "",
    }
    await set_day(graduation, date(2026, 5, 18))
    steps: list[Any] = [
        driver.open,
        driver.assess,
        lambda: driver.sign("2026-05-18"),
        driver.propose,
        driver.verify,
    ]
    steps += [lambda: driver.deliberate("2026-05-18"), driver.approve, lambda: driver.determine("2026-05-18")]
    for (state, role), step in zip(turns.items(), steps, strict=True):
        await step()
        assert await driver.read_state() == state
        waiting_ids = {by: await read_waiting(graduation, token) for by, token in driver.by.items()}
        assert waiting_ids == {by: [driver.graduasi_id] if by == role else [] for by in driver.by}, state


async def test_case_without_musyawarah_waits_for_dinsos_after_verification(graduation: Running) -> None:
    driver = await CaseDriver.start(graduation, last_komponen_ends_on=date(2026, 4, 30))
    await set_day(graduation, date(2026, 5, 18))
    await driver.open("ALAMIAH")
    expect_ok(await driver.propose())
    expect_ok(await driver.verify())
    assert await read_waiting(graduation, driver.by["approval"]) == [driver.graduasi_id]
    assert await read_waiting(graduation, driver.by["musyawarah"]) == []


async def test_postponed_case_waits_for_all_who_may_resume_it(
    graduation: Running,
) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("DIVERIFIKASI_KETIM")
    why = {"reason": "Data keluarga diperiksa silang."}
    expect_ok(await driver.post("postponement", why, "approval"))
    resuming = {"verification": True, "approval": True, "sk": True, "musyawarah": False, "field": False}
    for by, may in resuming.items():
        assert await read_waiting(graduation, driver.by[by]) == ([driver.graduasi_id] if may else []), by
        if not may:
            assert (await driver.post("resumption", why, by)).status_code == 403
    elsewhere = graduation.token("DINSOS_KABKOTA", "dinsos-batang-1", ["33.25"])
    assert await read_waiting(graduation, elsewhere) == []
    expect_ok(
        await driver.post("resumption", why, "verification")
    )  # who verified it: to resume is an act in no stage
    assert await read_waiting(graduation, driver.by["approval"]) == []
    assert await read_waiting(graduation, driver.by["musyawarah"]) == [driver.graduasi_id]


async def test_postponed_case_is_ordered_by_its_age(graduation: Running) -> None:
    older, newer = [await CaseDriver.start(graduation) for _ in range(2)]
    await newer.advance_to("DISETUJUI_DINSOS", "2026-05-20")
    await older.advance_to("DIUSULKAN", "2026-05-18")
    expect_ok(await older.post("postponement", {"reason": "Data diperiksa."}, "verification"))
    assert await read_waiting(graduation, older.by["sk"]) == [older.graduasi_id, newer.graduasi_id]
    path = "/v1/graduasi?waiting=me&state=DITUNDA"
    assert await read_waiting(graduation, older.by["sk"], path) == [older.graduasi_id]


async def test_list_excludes_own_acts_and_other_areas(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("DIUSULKAN")
    same = graduation.token("KETUA_TIM_KABKOTA", "x", [KENDAL], pendamping_id=driver.field.pendamping_id)
    elsewhere = graduation.token("KETUA_TIM_KABKOTA", "ketua-tim-batang-1", ["33.25"])
    assert await read_waiting(graduation, driver.by["verification"]) == [driver.graduasi_id]
    for token in (same, elsewhere):
        assert await read_waiting(graduation, token) == []


async def test_cases_are_listed_by_area(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).open()
    for area, listed in ((KENDAL, [driver.graduasi_id]), (DESA, [driver.graduasi_id]), ("33.25", [])):
        answer = await graduation.get(f"/v1/graduasi?kode_wilayah={area}", as_=driver.by["sk"])
        assert [one["graduasi_id"] for one in expect_ok(answer, 200)["items"]] == listed


async def test_list_is_paged_by_waiting_time(graduation: Running) -> None:
    drivers = [await CaseDriver.start(graduation) for _ in range(3)]
    for driver, day in zip(drivers, ("2026-05-20", "2026-05-18", "2026-05-19"), strict=True):
        await driver.advance_to("DIUSULKAN", day)
    token = drivers[0].by["verification"]
    waiting_ids: list[str] = []
    path: str | None = "/v1/graduasi?waiting=me&limit=1"
    while path:
        page = expect_ok(await graduation.get(path, as_=token), 200)
        waiting_ids += [one["graduasi_id"] for one in page["items"]]
        path = page["next"]
    assert waiting_ids == [drivers[1].graduasi_id, drivers[2].graduasi_id, drivers[0].graduasi_id]


async def test_sanggah_waits_for_those_who_may_decide_it(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH")
    sanggah_id = expect_ok(await lodge_sanggah(driver, date(2026, 5, 18)))["sanggah_id"]
    path = "/v1/sanggah?waiting=me"
    assert await read_waiting(graduation, decider_token(graduation), path) == [sanggah_id]
    for by in ("approval", "sk"):
        assert await read_waiting(graduation, driver.by[by], path) == []
    expect_ok(await decide_sanggah(driver, sanggah_id, "DITOLAK"))
    assert await read_waiting(graduation, decider_token(graduation), path) == []


async def test_tasks_wait_for_the_pendamping_after_a_hand_over(graduation: Running) -> None:
    driver, tasks = await create_monitored_case(graduation)
    path = "/v1/monitoring?mine=true&due_by=2026-09-30"
    assert await read_waiting(graduation, driver.by["field"], path) == [task["task_id"] for task in tasks[:2]]
    successor = await Field(graduation).start()
    assert await read_waiting(graduation, successor.token, path) == []
    rows = await graduation.sql("SELECT dampingan_id FROM replica_kpm.dampingan")
    watching = {"purpose": DampinganPurpose.PEMANTAUAN}
    ended = driver.field.build_dampingan(
        driver.kpm_id, dampingan_id=rows[0][0], valid_to=date(2026, 7, 1), **watching
    )
    begun = successor.build_dampingan(driver.kpm_id, valid_from=date(2026, 7, 1), **watching)
    await apply_events(graduation, caseload.DampinganEnded(**ended), caseload.DampinganStarted(**begun))
    assert await read_waiting(graduation, driver.by["field"], path) == []
    assert len(await read_waiting(graduation, successor.token, path)) == 2
    assert len(await read_waiting(graduation, driver.by["approval"], path)) == 2


async def test_follow_up_of_an_unaccompanied_family_waits_for_the_area(graduation: Running) -> None:
    driver = await complete_monitoring(graduation)
    neighbour, elsewhere = await Field(graduation).start(), await Field(graduation, "33.24.10").start()
    path = "/v1/monitoring?mine=true&due_by=2027-12-31"
    task = (await read_tasks(driver, "LANJUTAN"))[0]["task_id"]
    assert await read_waiting(graduation, driver.by["field"], path) == [task]
    assert await read_waiting(graduation, neighbour.token, path) == []
    await end_dampingan(driver)
    assert await read_waiting(graduation, neighbour.token, path) == [task]
    assert await read_waiting(graduation, elsewhere.token, path) == []


def build_offer_fields(driver: CaseDriver, **more: Any) -> dict[str, Any]:
    return {
        "rujukan_id": uuid7(),
        "rujukan_program_id": uuid7(),
        "graduasi_id": driver.graduasi_id,
        "kpm_id": driver.kpm_id,
        "kode_wilayah": DESA,
        "partner_id": uuid7(),
        "program_code": "KUR_SUPERMIKRO",
        "benefit_kinds": [BenefitKind.MODAL],
        "status": RujukanProgramState.TERKIRIM,
        **more,
    }


async def test_cohort_counts_the_results_of_a_year(graduation: Running) -> None:
    driver = await complete_monitoring(graduation)
    task = (await read_tasks(driver, "LANJUTAN"))[0]
    await set_day(graduation, date(2027, 7, 1))
    expect_ok(await record_monitoring(driver, task, still_out=False, cause="BENCANA"))
    one = build_offer_fields(driver)
    program = {**one, "status": RujukanProgramState.DISETUJUI}
    paid = {**one, "status": RujukanProgramState.DISALURKAN, "amount_rp": 5_000_000}
    await apply_events(
        graduation,
        referral.RujukanSent(**one, sent_on=date(2026, 6, 1)),
        referral.RujukanAnswered(**program, answered_on=date(2026, 6, 9)),
        referral.RujukanDelivered(**paid, delivered_on=date(2026, 6, 20)),
        referral.RujukanSent(**build_offer_fields(driver), sent_on=date(2026, 6, 1)),
    )
    shown = expect_ok(
        await graduation.get(f"/v1/cohort?year=2026&kode_wilayah={KENDAL}", as_=driver.by["approval"]), 200
    )
    (item,) = shown["items"]
    survival = {one["month"]: (one["reached"], one["seen"], one["still_out"]) for one in item.pop("survival")}
    assert item == {
        "exit_reason": "SEJAHTERA_MANDIRI",
        "determined": 1,
        "annulled": 0,
        "effective": 1,
        "sent": 1,
        "accepted": 1,
        "delivered": 1,
        "amount_rp": 5_000_000,
    }
    assert survival == {6: (1, 1, 1), 12: (1, 1, 0), 24: (0, 0, 0)}
    void = {"voided_on": date(2026, 6, 21), "reason": VoidReason.SALAH_KELUARGA}
    await apply_events(graduation, referral.RujukanDeliveryVoided(**program, **void))
    (item,) = expect_ok(await graduation.get("/v1/cohort?year=2026", as_=driver.by["approval"]), 200)["items"]
    assert (item["accepted"], item["delivered"], item["amount_rp"]) == (1, 0, 0)
    for query in ("year=2025", "year=2026&kode_wilayah=33.24.10", "year=2026&kode_wilayah=33.2"):
        answer = await graduation.get(f"/v1/cohort?{query}", as_=driver.by["approval"])
        assert answer.status_code == 422 or answer.json()["items"] == []
    batang = graduation.token("DINSOS_KABKOTA", "dinsos-batang-1", ["33.25"])
    assert expect_ok(await graduation.get("/v1/cohort?year=2026", as_=batang), 200)["items"] == []
