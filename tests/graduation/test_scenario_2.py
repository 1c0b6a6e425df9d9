"""docs/domain.md#scenarios, scenario 2, as far as graduation goes."""

from datetime import date

from tests.factories.graduation.case import OFFERS, CaseDriver, expect_ok, set_day, work_until
from tests.factories.services import Running

SK_ON = "2026-05-18"


async def determine_case(service: Running) -> CaseDriver:
    """Move the case of scenario 2 to its SK, each stage on another day."""
    await set_day(service, date(2026, 4, 6))
    driver = await CaseDriver.start(service)
    await driver.open()
    expect_ok(await driver.assess())
    await set_day(service, date(2026, 4, 10))
    expect_ok(await driver.sign("2026-04-09"))
    expect_ok(await driver.propose())
    await set_day(service, date(2026, 4, 20))
    expect_ok(await driver.verify())
    await set_day(service, date(2026, 5, 4))
    expect_ok(await driver.deliberate("2026-05-02"))
    await set_day(service, date(2026, 5, 12))
    expect_ok(await driver.approve())
    await set_day(service, date(2026, 5, 18))
    expect_ok(await driver.determine(SK_ON, "123/3.4/BS.01/5/2026"))
    return driver


async def test_assessment_is_siap_with_a_sentence_per_criterion(graduation: Running) -> None:
    await set_day(graduation, date(2026, 4, 6))
    driver = await CaseDriver.start(graduation)
    await driver.open()
    asesmen = expect_ok(await driver.assess())
    assert (asesmen["result"], asesmen["score_percent"]) == ("SIAP", 100)
    assert asesmen["bersedia"] is True
    criteria = {item["code"]: item for item in asesmen["explanation"]}
    assert len(criteria) == 19
    assert criteria["DESIL_NAS"]["value"] == 5
    assert criteria["DESIL_NAS_RISE"]["value"] == 2
    assert criteria["USAHA_AGE_MONTHS"]["value"] == 37
    assert criteria["P2K2_PERCENT"]["passed"] is None
    assert criteria["INCOME_PER_CAPITA_RP"]["en"] == (
        "Income per person a month, in rupiah: 1,250,000; at least 900,000 asked: met (20 points)."
    )
    assert (
        "1.250.000; diminta paling sedikit 900.000: terpenuhi (20 poin)"
        in criteria["INCOME_PER_CAPITA_RP"]["id"]
    )


async def test_term_and_tahap_follow_the_calendar(graduation: Running) -> None:
    driver = await determine_case(graduation)
    shown = expect_ok(await graduation.get(f"/v1/graduasi/{driver.graduasi_id}", as_=driver.by["field"]), 200)
    decision = shown["penetapan"]
    assert shown["state"] == "MASA_SANGGAH"
    assert decision["term_ends_on"] == "2026-06-17"
    assert (decision["effective_tahap"], decision["effective_on"]) == ("2026-3", "2026-07-01")
    assert decision["last_payable_tahap"] == "2026-2"
    assert decision["certificate_no"] is None
    assert shown["pernyataan"]["offers_sha256"] == OFFERS


async def test_each_stage_has_a_different_person(graduation: Running) -> None:
    driver = await determine_case(graduation)
    shown = expect_ok(
        await graduation.get(f"/v1/graduasi/{driver.graduasi_id}", as_=driver.by["approval"]), 200
    )
    people = {act["stage"]: act["pendamping_id"] or act["sub"] for act in shown["stages"]}
    assert list(people) == ["USUL", "VERIFIKASI", "MUSYAWARAH", "PERSETUJUAN", "PENETAPAN"]
    assert len(set(people.values())) == 5
    assert people["USUL"] == str(driver.field.pendamping_id)


async def test_determination_emits_one_credit_for_the_author(graduation: Running) -> None:
    driver = await determine_case(graduation)
    events = {
        one["type"]: one["data"]
        for one in await graduation.read_envelopes()
        if one["type"].startswith("graduation.")
    }
    assert list(events) == [
        "graduation.kpm_assessed.v1",
        "graduation.graduasi_proposed.v1",
        "graduation.graduasi_determined.v1",
        "graduation.credit_granted.v1",
    ]
    fact, credit = events["graduation.graduasi_determined.v1"], events["graduation.credit_granted.v1"]
    assert fact["opens_rujukan"] is True
    assert fact["statement_offers_sha256"] == OFFERS
    assert (fact["effective_tahap"], fact["effective_on"], fact["term_ends_on"]) == (
        "2026-3",
        "2026-07-01",
        "2026-06-17",
    )
    assert credit["penugasan_id"] == str(driver.field.penugasan_id)
    assert (credit["year"], credit["rule_version"]) == (2026, 1)


async def test_exit_takes_effect_on_the_day_after_the_term(graduation: Running) -> None:
    driver = await determine_case(graduation)
    await set_day(graduation, date(2026, 6, 17), hour=16)
    await graduation.work()
    assert await driver.read_state() == "MASA_SANGGAH"
    await set_day(graduation, date(2026, 6, 17), hour=18)
    await graduation.work()
    assert await driver.read_state() == "EFEKTIF"


async def test_effect_emits_kpm_graduated_once_with_the_certificate(graduation: Running) -> None:
    driver = await determine_case(graduation)
    await set_day(graduation, date(2026, 6, 18))
    await graduation.work()
    await graduation.work()
    events = [
        one["data"]
        for one in await graduation.read_envelopes()
        if one["type"] == "graduation.kpm_graduated.v1"
    ]
    assert len(events) == 1
    fact = events[0]
    assert (fact["effective_on"], fact["effective_tahap"], fact["last_payable_tahap"]) == (
        "2026-07-01",
        "2026-3",
        "2026-2",
    )
    shown = expect_ok(
        await graduation.get(f"/v1/certificate/{fact['certificate_no']}", as_=driver.by["sk"]), 200
    )
    assert (shown["stands"], shown["status"], shown["issued_on"]) == (True, "STANDS", "2026-06-18")


async def test_monitoring_has_six_monthly_tasks_from_the_tahap_start(graduation: Running) -> None:
    driver = await determine_case(graduation)
    await work_until(graduation, date(2026, 6, 30))
    assert await driver.read_state() == "EFEKTIF"
    await set_day(graduation, date(2026, 7, 1))
    await graduation.work()
    assert await driver.read_state() == "PEMANTAUAN"
    page = expect_ok(
        await graduation.get(f"/v1/monitoring?graduasi_id={driver.graduasi_id}", as_=driver.by["field"]), 200
    )
    assert [task["month"] for task in page["items"]] == [1, 2, 3, 4, 5, 6]
    assert [task["due_on"] for task in page["items"]] == [
        f"2026-{month:02}-01" if month < 13 else "2027-01-01" for month in range(8, 14)
    ]


async def test_numbers_count_one_determined_and_one_effective(graduation: Running) -> None:
    driver = await determine_case(graduation)
    await set_day(graduation, date(2026, 7, 1))
    await graduation.work()
    of = {"pendamping_ids": [str(driver.field.pendamping_id)]}
    counts = expect_ok(await graduation.post("/v1/numbers", of, as_=driver.by["sk"]), 200)
    once = {"determined": 1, "annulled": 0, "effective": 1, "credited": 1}
    assert counts == {
        "service": "graduation",
        "by_exit_reason": {"SEJAHTERA_MANDIRI": once},
        "totals": once,
    }
