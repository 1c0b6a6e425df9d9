"""Two people correct the number, date and scan of an SK (docs/case-lifecycle.md#wrong-sk)."""

from datetime import date
from typing import Any

import asyncpg
import httpx
import pytest

from tests.factories.approval import approve
from tests.factories.graduation.case import CaseDriver, expect_ok, read_emitted_events, set_day, work_until
from tests.factories.graduation.credit import start_other_membership
from tests.factories.graduation.objection import annul_graduasi
from tests.factories.services import Running, expect_refusal

RIGHT = {"sk_no": "77/SK/2026", "sk_on": "2026-05-20"}


async def determine_late(service: Running, sk_on: str = "2026-06-10") -> CaseDriver:
    """Return a case that was approved on 2026-05-18 and determined on 2026-06-10."""
    driver = await (await CaseDriver.start(service)).advance_to("DISETUJUI_DINSOS")
    await set_day(service, date(2026, 6, 10))
    expect_ok(await driver.determine(sk_on, "77/SK/2025"))
    return driver


async def read_sk(driver: CaseDriver) -> dict[str, Any]:
    listed = await driver.service.get("/v1/sk", as_=driver.by["sk"])
    sk_id = expect_ok(listed, 200)["items"][0]["sk_id"]
    return dict(expect_ok(await driver.service.get(f"/v1/sk/{sk_id}", as_=driver.by["sk"]), 200))


async def request_correction(driver: CaseDriver, by: str = "", **other: Any) -> httpx.Response:
    service, sk = driver.service, await read_sk(driver)
    scan = await service.put_file(b"scan of the right SK", as_=driver.by["sk"])
    body = RIGHT | {"reason": "Salah ketik.", "evidence_sha256": scan} | other
    return await service.post(f"/v1/sk/{sk['sk_id']}/correction", body, as_=by or driver.by["sk"])


async def correct_sk(driver: CaseDriver, **other: Any) -> None:
    expect_ok(await approve(driver.service, await request_correction(driver, **other)))
    await driver.service.work()


async def read_credit(driver: CaseDriver) -> tuple[str, int]:
    path = f"/v1/graduasi/{driver.graduasi_id}"
    credit = expect_ok(await driver.service.get(path, as_=driver.by["sk"]), 200)["credit"]
    return credit["state"], credit["year"]


async def test_corrected_sk_is_shown_with_what_it_had_and_sent_again(graduation: Running) -> None:
    driver = await determine_late(graduation)
    before = await read_sk(driver)
    requested = await request_correction(driver)
    assert (await read_sk(driver))["sk_no"] == "77/SK/2025"
    expect_ok(await approve(graduation, requested))
    await graduation.work()
    after = await read_sk(driver)
    assert (after["sk_no"], after["sk_on"]) == ("77/SK/2026", "2026-05-20")
    [was] = after["corrections"]
    assert (was["sk_no"], was["sk_on"], was["corrected_by"]) == ("77/SK/2025", "2026-06-10", "kemensos-9")
    names = ("announced_on", "term_ends_on", "effective_tahap", "graduasi_id")
    assert [after["penetapan"][0][name] for name in names] == [before["penetapan"][0][name] for name in names]
    first, again = [fact for _, fact in await read_emitted_events(graduation, "graduasi_determined")]
    assert again == first | {"sk_no": "77/SK/2026", "sk_on": "2026-05-20"}
    assert await driver.read_state() == "MASA_SANGGAH"


async def test_corrected_date_moves_the_credit_to_its_year(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("DISETUJUI_DINSOS", "2026-12-20")
    await set_day(graduation, date(2027, 1, 10))
    expect_ok(await driver.determine("2027-01-04", "77/SK/2025"))
    assert await read_credit(driver) == ("GRANTED", 2027)
    await correct_sk(driver, sk_on="2026-12-28")
    assert await read_credit(driver) == ("GRANTED", 2026)
    events = await read_emitted_events(graduation, "credit_granted", "credit_reversed")
    assert [(kind, fact["year"]) for kind, fact in events] == [
        ("credit_granted", 2027),
        ("credit_reversed", 2027),
        ("credit_granted", 2026),
    ]
    cohorts = [
        expect_ok(await graduation.get(f"/v1/cohort?year={year}", as_=driver.by["sk"]), 200)["items"]
        for year in (2026, 2027)
    ]
    assert [len(items) for items in cohorts] == [1, 0]


async def test_corrected_date_decides_which_sk_of_the_family_counts(graduation: Running) -> None:
    pkh = await (await CaseDriver.start(graduation)).advance_to("DISETUJUI_DINSOS")
    sembako = await (await start_other_membership(pkh)).advance_to("DISETUJUI_DINSOS")
    await set_day(graduation, date(2026, 6, 10))
    expect_ok(await pkh.determine("2026-05-25"))
    expect_ok(await sembako.determine("2026-06-10", "77/SK/2025"))
    assert [(await read_credit(one))[0] for one in (pkh, sembako)] == ["GRANTED", "FAMILY_COUNTED"]
    sk_id = (await graduation.sql("SELECT sk_id::text FROM sk WHERE sk_no = '77/SK/2025'"))[0]["sk_id"]
    scan = await graduation.put_file(b"scan", as_=pkh.by["sk"])
    body = RIGHT | {"reason": "Salah tanggal.", "evidence_sha256": scan}
    requested = await graduation.post(f"/v1/sk/{sk_id}/correction", body, as_=pkh.by["sk"])
    expect_ok(await approve(graduation, requested))
    await graduation.work()
    assert [(await read_credit(one))[0] for one in (pkh, sembako)] == ["FAMILY_COUNTED", "GRANTED"]


async def test_annulled_and_effective_cases_of_a_corrected_sk_stay_as_they_are(graduation: Running) -> None:
    driver = await determine_late(graduation)
    expect_ok(await annul_graduasi(driver))
    await correct_sk(driver)
    assert await driver.read_state() == "DIPULIHKAN"
    assert (await read_credit(driver))[0] == "REVERSED"


async def test_correction_of_an_effective_exit_moves_nothing(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH")
    await work_until(graduation, date(2026, 7, 2))
    await correct_sk(driver, sk_on="2026-05-18")
    assert await driver.read_state() == "PEMANTAUAN"
    kinds = ("kpm_graduated", "credit_reversed", "graduasi_determined")
    assert [kind for kind, _ in await read_emitted_events(graduation, *kinds)] == [
        "graduasi_determined",
        "kpm_graduated",
        "graduasi_determined",
    ]


@pytest.mark.parametrize(
    ("wrong", "title"),
    [
        ({"sk_on": "2026-05-17"}, "SkBeforeApproval"),
        ({"sk_on": "2026-06-11"}, "DateInTheFuture"),
        ({"sk_no": "88 / sk-2026"}, "SkNumberTaken"),
    ],
)
async def test_correction_follows_the_rules_of_an_sk(
    graduation: Running, wrong: dict[str, Any], title: str
) -> None:
    driver = await determine_late(graduation)
    other = await (await CaseDriver.start(graduation)).advance_to("DISETUJUI_DINSOS", "2026-06-10")
    expect_ok(await other.determine("2026-06-10", "88/SK-2026"))
    answer = await request_correction_of(driver, "77/SK/2025", **wrong)
    assert (answer.status_code // 100, answer.json()["title"]) == (4, title)
    expect_ok(await request_correction_of(driver, "77/SK/2025", sk_no="77/ SK/2025"), 202)


async def request_correction_of(driver: CaseDriver, number: str, **other: Any) -> httpx.Response:
    rows = await driver.service.sql("SELECT sk_id::text FROM sk WHERE sk_no = $1", number)
    scan = await driver.service.put_file(b"scan", as_=driver.by["sk"])
    body = RIGHT | {"reason": "Salah.", "evidence_sha256": scan} | other
    return await driver.service.post(f"/v1/sk/{rows[0]['sk_id']}/correction", body, as_=driver.by["sk"])


async def test_correction_needs_two_people_of_kemensos(graduation: Running) -> None:
    driver = await determine_late(graduation)
    expect_refusal(await request_correction(driver, driver.by["approval"]), "NotAllowed", 403)
    regional = graduation.token("KEMENSOS", "kemensos-5", ["33"])
    expect_refusal(await request_correction(driver, regional), "NotFound", 404)
    requested = await request_correction(driver)
    expect_refusal(await approve(graduation, requested, driver.by["sk"]), "DecidedByLodger", 409)
    expect_refusal(await request_correction(driver), "ApprovalAlreadyRequested", 409)


async def test_sk_whose_job_has_added_no_case_is_not_corrected(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("DISETUJUI_DINSOS")
    sha256 = await graduation.put_file(driver.graduasi_id.encode(), as_=driver.by["sk"])
    body = {"sk_no": "77/SK/2025", "sk_on": "2026-05-18", "sha256": sha256}
    expect_ok(await graduation.post("/v1/sk/bulk", body, as_=driver.by["sk"]), 202)
    right = {"sk_on": "2026-05-18"}
    refused = await request_correction_of(driver, "77/SK/2025", **right)
    expect_refusal(refused, "SkWithoutCase", 409)
    await graduation.work()
    expect_ok(await request_correction_of(driver, "77/SK/2025", **right), 202)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE sk_correction SET sk_no = 'x'",
        "UPDATE sk SET announced_on = sk_on",
        "UPDATE sk SET cases = 0",
        "DELETE FROM sk",
    ],
)
async def test_service_role_changes_only_what_is_corrected(graduation: Running, statement: str) -> None:
    connection = await asyncpg.connect(graduation.settings.database_url)
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    finally:
        await connection.close()


@pytest.mark.parametrize("resumed_on", [date(2026, 6, 5), date(2026, 6, 20)])
async def test_wrong_day_of_announcement_is_moved_by_a_postponement(
    graduation: Running, resumed_on: date
) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("DISETUJUI_DINSOS")
    expect_ok(await driver.determine("2026-05-18", announced_on="2026-06-10"))
    why = {"reason": "Tanggal pengumuman keliru."}
    expect_ok(await driver.post("postponement", why, "approval"))
    await set_day(graduation, resumed_on)
    expect_ok(await driver.post("resumption", why, "approval"))
    rows = await graduation.sql("SELECT announced_on FROM penetapan")
    assert rows[0]["announced_on"] == max(resumed_on, date(2026, 6, 10))
