"""The cases of a family that moves are decided and monitored in its new area."""

from datetime import date
from typing import Any

from shared.contracts import caseload
from shared.contracts.kinds import DampinganPurpose
from tests.factories.graduation.case import CaseDriver, expect_ok, read_emitted_events, set_day, work_until
from tests.factories.graduation.events import Field, apply_events
from tests.factories.graduation.exit_proposal import build_exit_proposed
from tests.factories.graduation.monitoring import create_monitored_case, record_monitoring
from tests.factories.graduation.objection import annul_graduasi, build_tahap, decide_sanggah, lodge_sanggah
from tests.factories.graduation.worklist import read_waiting
from tests.factories.services import Running

THERE, OFFICE_THERE = "33.25.06.2004", "33.25"
FACTS: dict[str, Any] = {"members": 4, "able_productive": 2, "lansia": 0, "disabilitas": 0, "komponen": {}}


async def move_family(
    driver: CaseDriver, on: date, purpose: DampinganPurpose = DampinganPurpose.PENDAMPINGAN
) -> Field:
    """Move the family to another kabupaten, and start a dampingan by a pendamping there."""
    there = await Field(driver.service, THERE).start()
    dampingan = await driver.service.sql(
        "SELECT * FROM replica_kpm.dampingan WHERE kpm_id = $1", driver.kpm_id
    )
    lost = {"dampingan_id": dampingan[0]["dampingan_id"], "valid_to": on, "purpose": purpose}
    where: dict[str, Any] = {"kpm_id": driver.kpm_id, "kode_wilayah": THERE}
    await apply_events(
        driver.service,
        caseload.KpmUpdated(**where, **FACTS, desil=[]),
        caseload.DampinganEnded(**driver.field.build_dampingan(driver.kpm_id, **lost) | where),
        caseload.DampinganStarted(**there.build_dampingan(driver.kpm_id, valid_from=on, purpose=purpose)),
    )
    driver.by["field"] = there.token
    return there


def officials_of_new_area(service: Running) -> dict[str, str]:
    """Return the tokens of the officials of the area to which the family moves."""
    return {
        "verification": service.token("KETUA_TIM_KABKOTA", "ketua-tim-batang-1", [OFFICE_THERE]),
        "musyawarah": service.token("OPERATOR_DESA", "operator-desa-batang", [THERE]),
        "approval": service.token("DINSOS_KABKOTA", "dinsos-batang-1", [OFFICE_THERE]),
    }


async def test_offices_of_the_new_area_decide_the_case(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("DIUSULKAN")
    before = {by: driver.by[by] for by in ("verification", "approval")}
    there = officials_of_new_area(graduation)
    assert await read_waiting(graduation, there["verification"]) == []
    await move_family(driver, date(2026, 5, 18))
    assert await read_waiting(graduation, before["verification"]) == []
    assert await read_waiting(graduation, there["verification"]) == [driver.graduasi_id]
    refused = await driver.verify()
    assert (refused.status_code, refused.json()["title"]) == (403, "CaseElsewhere")
    assert THERE in refused.json()["detail"]
    driver.by |= there
    expect_ok(await driver.verify())
    expect_ok(await driver.deliberate("2026-05-18"))
    expect_ok(await driver.approve())
    expect_ok(await driver.determine("2026-05-18"))
    path = f"/v1/graduasi/{driver.graduasi_id}"
    shown = expect_ok(await graduation.get(path, as_=there["approval"]), 200)
    assert [one["stage"] for one in shown["stages"]][-4:] == [
        "VERIFIKASI",
        "MUSYAWARAH",
        "PERSETUJUAN",
        "PENETAPAN",
    ]
    assert shown["asesmen"]["result"] == "SIAP"  # what was written where it lived before
    areas = await graduation.sql("SELECT DISTINCT kode_wilayah FROM stage_act WHERE stage = 'USUL'")
    assert [row[0] for row in areas] == [driver.field.area]  # an act stays where it was done
    ((_, fact),) = await read_emitted_events(graduation, "graduasi_determined")
    assert fact["kode_wilayah"] == THERE
    cohort = "/v1/cohort?year=2026"
    assert expect_ok(await graduation.get(cohort, as_=there["approval"]), 200)["items"][0]["determined"] == 1
    assert expect_ok(await graduation.get(cohort, as_=before["approval"]), 200)["items"] == []
    read = expect_ok(
        await graduation.get(path, as_=before["approval"]), 200
    )  # who opened it may read what became of it
    assert (read["state"], read["kode_wilayah"]) == ("MASA_SANGGAH", THERE)
    assert [one["stage"] for one in read["stages"]] == ["USUL", "USUL", "USUL"]


async def test_new_pendamping_assesses_the_family(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("TERIDENTIFIKASI")
    first = driver.by["field"]
    await move_family(driver, date(2026, 5, 18))
    assert await read_waiting(graduation, driver.by["field"]) == [driver.graduasi_id]
    assert await read_waiting(graduation, first) == []
    expect_ok(await driver.assess())
    expect_ok(await driver.sign("2026-05-18"))
    expect_ok(await driver.propose())


async def test_new_pendamping_records_the_monitoring(graduation: Running) -> None:
    driver, tasks = await create_monitored_case(graduation)
    await set_day(graduation, date(2026, 8, 2))
    expect_ok(await record_monitoring(driver, tasks[0]))
    first, path = driver.by["field"], f"/v1/monitoring?graduasi_id={driver.graduasi_id}&open_only=true"
    await move_family(driver, date(2026, 8, 2), DampinganPurpose.PEMANTAUAN)
    assert len(await read_waiting(graduation, driver.by["field"], path)) == 5
    assert await read_waiting(graduation, first, path) == []
    assert (await read_waiting(graduation, officials_of_new_area(graduation)["approval"], path)) != []
    await set_day(graduation, date(2026, 9, 2))
    expect_ok(await record_monitoring(driver, tasks[1]))
    areas = await graduation.sql("SELECT month, kode_wilayah FROM monitoring_task ORDER BY month")
    assert [row["kode_wilayah"] for row in areas] == [driver.field.area] + [THERE] * 5
    assert {row[0] for row in await graduation.sql("SELECT kode_wilayah FROM penetapan")} == {
        driver.field.area
    }


async def test_result_of_a_visit_before_the_move_is_entered_by_its_author(graduation: Running) -> None:
    driver, tasks = await create_monitored_case(graduation)
    author = driver.by["field"]
    await set_day(graduation, date(2026, 7, 10))
    await move_family(driver, date(2026, 7, 5), DampinganPurpose.PEMANTAUAN)
    driver.by["field"] = author
    refused = await record_monitoring(driver, tasks[0], visited_on="2026-07-05")
    assert refused.status_code in {403, 404}
    made = expect_ok(await record_monitoring(driver, tasks[0], visited_on="2026-07-04"))
    assert (made["visited_on"], made["recorded_on"]) == ("2026-07-04", "2026-07-10")


async def test_sanggah_is_decided_in_the_new_area_and_reverses_the_credit(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH")
    sanggah_id = expect_ok(await lodge_sanggah(driver, date(2026, 5, 18)))["sanggah_id"]
    await move_family(driver, date(2026, 5, 18))
    there = officials_of_new_area(graduation)
    path = "/v1/sanggah?waiting=me"
    judge_before = graduation.token("DINSOS_KABKOTA", "dinsos-kendal-9", ["33.24"])
    assert await read_waiting(graduation, judge_before, path) == []
    assert await read_waiting(graduation, there["approval"], path) == [sanggah_id]
    expect_ok(await decide_sanggah(driver, sanggah_id, "DITERIMA", as_=there["approval"]))
    assert await driver.read_state() == "DIPULIHKAN"
    ((_, given), (_, reversed_)) = await read_emitted_events(graduation, "credit_granted", "credit_reversed")
    assert given["credit_id"] == reversed_["credit_id"]
    assert given["kode_wilayah"] == reversed_["kode_wilayah"] == driver.field.area


async def test_exit_is_annulled_in_the_new_area(graduation: Running) -> None:
    driver, _ = await create_monitored_case(graduation)
    await move_family(driver, date(2026, 7, 1), DampinganPurpose.PEMANTAUAN)
    before, after = (graduation.token("KEMENSOS", "kemensos-7", [area]) for area in ("33.24", "33.25"))
    assert (await annul_graduasi(driver, as_=before)).json()["title"] == "CaseElsewhere"
    expect_ok(await annul_graduasi(driver, as_=after, back_pay=build_tahap("2026-3")))
    assert len(await read_emitted_events(graduation, "credit_reversed")) == 1


async def test_cohort_counts_the_family_in_the_area_of_its_penetapan(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH")
    await move_family(driver, date(2026, 5, 18))
    await work_until(graduation, date(2026, 7, 1))
    await set_day(graduation, date(2027, 1, 1))
    items = expect_ok(
        await graduation.get(f"/v1/monitoring?graduasi_id={driver.graduasi_id}", as_=driver.by["field"]), 200
    )
    for task in items["items"]:
        expect_ok(await record_monitoring(driver, task))
    cohort = "/v1/cohort?year=2026"
    (item,) = expect_ok(await graduation.get(cohort, as_=driver.by["approval"]), 200)["items"]
    assert (item["determined"], item["effective"]) == (1, 1)
    assert item["survival"][0] == {"month": 6, "reached": 1, "seen": 1, "still_out": 1}
    assert (
        expect_ok(await graduation.get(cohort, as_=officials_of_new_area(graduation)["approval"]), 200)[
            "items"
        ]
        == []
    )
    numbers = [
        expect_ok(await graduation.post("/v1/numbers", {"kpm_ids": [str(driver.kpm_id)]}, as_=token), 200)[
            "by_exit_reason"
        ]
        for token in (driver.by["approval"], officials_of_new_area(graduation)["approval"])
    ]
    assert [bool(one) for one in numbers] == [
        False,
        True,
    ]  # a case is counted in one place, that it is in now
    everywhere = expect_ok(await graduation.get(cohort, as_=driver.by["sk"]), 200)["items"]
    assert [one["effective"] for one in everywhere] == [1]


async def test_case_that_ended_without_an_exit_is_not_moved(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("DIUSULKAN")
    body = {"ground": "BUKTI_LEMAH", "reason": "Foto rumah bukan rumah keluarga ini."}
    expect_ok(await driver.post("refusal", body, "approval"))
    await move_family(driver, date(2026, 5, 18))
    assert (await graduation.sql("SELECT kode_wilayah FROM graduasi"))[0][0] == driver.field.area
    assert expect_ok(
        await graduation.get(f"/v1/graduasi/{driver.graduasi_id}", as_=driver.by["approval"]), 200
    )


async def test_waiting_exit_proposal_moves_with_the_case(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("DIUSULKAN")
    await apply_events(graduation, build_exit_proposed(driver, "TIDAK_DITEMUKAN"))
    await move_family(driver, date(2026, 5, 18))
    there = officials_of_new_area(graduation)
    body = {"ground": "DASAR_GUGUR", "reason": "Keluarga tidak ditemukan."}
    expect_ok(
        await driver.service.post(
            f"/v1/graduasi/{driver.graduasi_id}/cancellation", body, as_=there["approval"]
        )
    )
    (short,) = await read_waiting(graduation, there["verification"])
    assert short != driver.graduasi_id


async def test_repeated_event_moves_the_case_once(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("DIUSULKAN")
    await move_family(driver, date(2026, 5, 18))
    version = (await graduation.sql("SELECT version FROM graduasi"))[0][0]
    again = caseload.KpmUpdated(kpm_id=driver.kpm_id, kode_wilayah=THERE, **FACTS, desil=[])
    await apply_events(graduation, again)
    assert (await graduation.sql("SELECT version FROM graduasi"))[0][0] == version
