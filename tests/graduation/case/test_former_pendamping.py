"""Nobody decides on a family that they accompanied within the months of the separation rule."""

from datetime import date

import pytest

from tests.factories.graduation.accompaniment import accompany_until
from tests.factories.graduation.accounts import DAY, ROLES, create_case_before, take_step, token
from tests.factories.graduation.case import CaseDriver, expect_ok
from tests.factories.graduation.changed_facts import determine_all, run_bulk, taken_to
from tests.factories.graduation.credit import hand_over_family
from tests.factories.graduation.events import KENDAL
from tests.factories.graduation.monitoring import create_monitored_case, record_monitoring
from tests.factories.graduation.objection import annul_graduasi, decide_sanggah, lodge_sanggah
from tests.factories.graduation.worklist import read_waiting
from tests.factories.services import Running, expect_refusal

REFUSAL = ("FamilyAccompaniedLately", 403)


@pytest.mark.parametrize("by", ROLES)
@pytest.mark.parametrize("valid_to", [date(2024, 5, 19), date(2026, 5, 18), None])
async def test_former_pendamping_acts_in_no_stage(
    graduation: Running, by: str, valid_to: date | None
) -> None:
    driver = await create_case_before(graduation, by)
    former = await accompany_until(driver, valid_to)
    driver.by[by] = token(graduation, by, "now-official", former)
    assert await read_waiting(graduation, driver.by[by]) == []
    expect_refusal(await take_step(driver, by), *REFUSAL)
    assert await graduation.sql("SELECT 1 FROM stage_act WHERE sub = 'now-official'") == []


@pytest.mark.parametrize("by", ROLES)
@pytest.mark.parametrize(
    ("valid_from", "valid_to"),
    [
        (date(2022, 1, 1), date(2024, 5, 18)),  # 24 months to the day
        (date(2026, 5, 1), date(2026, 5, 1)),  # never began
        (date(2026, 5, 19), None),  # begins tomorrow
    ],
)
async def test_who_accompanied_long_ago_or_never_decides(
    graduation: Running, by: str, valid_from: date, valid_to: date | None
) -> None:
    driver = await create_case_before(graduation, by)
    former = await accompany_until(driver, valid_to, valid_from)
    driver.by[by] = token(graduation, by, "now-official", former)
    assert await read_waiting(graduation, driver.by[by]) == [driver.graduasi_id]
    expect_ok(await take_step(driver, by))


async def test_account_without_its_pendamping_id_is_recognized_by_its_proposals(graduation: Running) -> None:
    first = await (await CaseDriver.start(graduation)).advance_to("SIAP")
    (row,) = await graduation.sql("SELECT sub FROM stage_act")
    driver = CaseDriver(first.field, *await first.field.family())
    await hand_over_family(driver, DAY)
    await driver.advance_to("DIUSULKAN")
    driver.by["verification"] = token(graduation, "verification", row["sub"], None)
    assert await read_waiting(graduation, driver.by["verification"]) == []
    expect_refusal(await driver.verify(), *REFUSAL)
    driver.by["verification"] = token(graduation, "verification", "another", None)
    assert await read_waiting(graduation, driver.by["verification"]) == [driver.graduasi_id]
    expect_ok(await driver.verify())


async def test_who_opened_and_proposed_a_case_reads_nothing_after_the_hand_over(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("DIUSULKAN")
    former, path = driver.by["field"], f"/v1/graduasi/{driver.graduasi_id}"
    asesmen = (await graduation.get(path, as_=former)).json()["asesmen"]["asesmen_id"]
    await hand_over_family(driver, DAY)
    for read in (path, f"{path}/history", f"/v1/asesmen/{asesmen}"):
        expect_refusal(await graduation.get(read, as_=former), "NotFound", 404)
        assert (await graduation.get(read, as_=driver.by["field"])).is_success
    assert (await graduation.get("/v1/graduasi", as_=former)).json()["items"] == []
    # Row security hides it as well.
    async with graduation.database.engine.connect() as connection:
        driver_connection = (await connection.get_raw_connection()).driver_connection
        assert driver_connection is not None
        async with driver_connection.transaction():
            scope = ("OWN_FAMILIES", KENDAL, str(driver.field.pendamping_id))
            await driver_connection.execute("SELECT platform.open_scope($1, $2, $3, '', '', NULL)", *scope)
            assert await driver_connection.fetchval("SELECT count(*) FROM graduasi") == 0


@pytest.mark.parametrize("noun", ["return", "refusal"])
async def test_former_pendamping_neither_returns_nor_refuses(graduation: Running, noun: str) -> None:
    driver = await create_case_before(graduation, "verification")
    former = await accompany_until(driver, DAY)
    driver.by["verification"] = token(graduation, "verification", "now-official", former)
    more = {"ground": "LAINNYA"} if noun == "refusal" else {}
    answer = await driver.post(noun, {"reason": "Berkas kurang.", **more}, "verification")
    expect_refusal(answer, *REFUSAL)
    assert (
        "pejabat lain"
        in (
            await driver.post(
                noun, {"reason": "Berkas kurang.", **more}, "verification", headers={"Accept-Language": "id"}
            )
        ).json()["detail"]
    )


@pytest.mark.parametrize("outcome", ["DITERIMA", "DITOLAK"])
async def test_former_pendamping_decides_no_objection(graduation: Running, outcome: str) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH")
    sanggah_id = expect_ok(await lodge_sanggah(driver, DAY))["sanggah_id"]
    former = await accompany_until(driver, date(2025, 8, 31))
    official = graduation.token("DINSOS_KABKOTA", "now-dinsos", [KENDAL], pendamping_id=former)
    expect_refusal(await decide_sanggah(driver, sanggah_id, outcome, official), *REFUSAL)
    assert await driver.read_state() == "DISANGGAH"
    expect_ok(await decide_sanggah(driver, sanggah_id, outcome))


async def test_former_pendamping_annuls_nothing(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH")
    former = await accompany_until(driver, date(2025, 8, 31))
    official = graduation.token("KEMENSOS", "now-kemensos", pendamping_id=former)
    expect_refusal(await annul_graduasi(driver, official), *REFUSAL)


async def test_who_recorded_the_monitoring_decides_nothing(graduation: Running) -> None:
    driver, tasks = await create_monitored_case(graduation)
    expect_ok(await record_monitoring(driver, tasks[0]))
    sanggah_id = expect_ok(await lodge_sanggah(driver, date(2026, 6, 17)))["sanggah_id"]
    # His dampingan is long over, and only the result of the monitoring is recent.
    await graduation.sql(
        "UPDATE replica_kpm.dampingan SET valid_to = '2024-01-01', valid_from = '2023-01-01'"
    )
    official = graduation.token(
        "DINSOS_KABKOTA", "now-dinsos", [KENDAL], pendamping_id=driver.field.pendamping_id
    )
    await graduation.sql("UPDATE monitoring_task SET visited_on = '2024-07-01' WHERE visited_on IS NOT NULL")
    await graduation.sql("DELETE FROM stage_act WHERE stage = 'USUL'")
    expect_refusal(await decide_sanggah(driver, sanggah_id, "DITOLAK", official), *REFUSAL)
    await graduation.sql("UPDATE monitoring_task SET visited_on = '2024-06-30' WHERE visited_on IS NOT NULL")
    expect_ok(await decide_sanggah(driver, sanggah_id, "DITOLAK", official))


async def test_sk_by_a_former_pendamping_is_refused_as_a_whole(graduation: Running) -> None:
    own, other = [await taken_to(graduation, "DISETUJUI_DINSOS") for _ in range(2)]
    former = await accompany_until(own, DAY)
    own.by["sk"] = token(graduation, "sk", "now-kemensos", former)
    refusal = await determine_all([own, other], 403)
    assert refusal["title"] == "FamilyAccompaniedLately"
    assert {await own.read_state(), await other.read_state()} == {"DISETUJUI_DINSOS"}


async def test_file_of_an_sk_names_the_line_of_the_accompanied_family(graduation: Running) -> None:
    own, other = [await taken_to(graduation, "DISETUJUI_DINSOS") for _ in range(2)]
    former = await accompany_until(own, DAY)
    own.by["sk"] = token(graduation, "sk", "now-kemensos", former)
    job = await run_bulk([own, other])
    assert (job["done"], job["refused"]) == (1, 1)
    errors = expect_ok(await graduation.get(f"/v1/jobs/{job['job_id']}/errors", as_=own.by["sk"]), 200)[
        "items"
    ]
    assert [(one["row"], one["code"]) for one in errors] == [(1, "FamilyAccompaniedLately")]
    assert (await own.read_state(), await other.read_state()) == ("DISETUJUI_DINSOS", "MASA_SANGGAH")
