"""Return, refusal, postponement and cancellation of cases, and natural exits."""

from datetime import date

import pytest

from tests.factories.graduation.case import CaseDriver, expect_ok, set_day
from tests.factories.graduation.events import apply_events
from tests.factories.graduation.family import family_facts
from tests.factories.graduation.objection import annul_graduasi
from tests.factories.graduation.worklist import read_waiting
from tests.factories.services import Running

WHY = {"reason": "Keluarga perlu ditemui lagi."}


async def test_a_returned_case_is_proposed_again(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("DIMUSYAWARAHKAN")
    assert expect_ok(await driver.post("return", WHY, "approval"))["state"] == "DIKEMBALIKAN"
    assert expect_ok(await driver.propose())["state"] == "DIUSULKAN"
    rows = await graduation.sql("SELECT count(*) FROM usul WHERE graduasi_id = $1", driver.graduasi_id)
    assert rows[0][0] == 2


async def test_returned_case_with_a_new_assessment_needs_a_new_statement(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("DIUSULKAN")
    expect_ok(await driver.post("return", WHY, "verification"))
    expect_ok(await driver.assess())
    assert (await driver.propose()).json()["title"] == "IllegalTransition"
    expect_ok(await driver.sign("2026-05-18"))
    assert expect_ok(await driver.propose())["state"] == "DIUSULKAN"


async def test_case_is_returned_for_an_assessment_with_a_letter(graduation: Running) -> None:
    """The letter is looked up while the case is still proposed."""
    driver = await (await CaseDriver.start(graduation)).advance_to("DIUSULKAN")
    letter = await graduation.put_file(b"surat pengembalian", as_=driver.by["verification"])
    body = {**WHY, "new_assessment": True, "evidence_sha256": letter}
    assert expect_ok(await driver.post("return", body, "verification"))["state"] == "DIKEMBALIKAN"


async def test_refused_case_emits_its_ground_and_another_case_may_open(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("DIUSULKAN")
    body = {"ground": "BUKTI_LEMAH", "reason": "Foto rumah bukan rumah keluarga ini."}
    assert expect_ok(await driver.post("refusal", body, "approval"))["state"] == "DITOLAK"
    events = [
        one["data"]
        for one in await graduation.read_envelopes()
        if one["type"] == "graduation.graduasi_closed.v1"
    ]
    assert [(fact["closed_as"], fact["reason"]) for fact in events] == [("DITOLAK", "BUKTI_LEMAH")]
    first = driver.graduasi_id
    await driver.open()
    assert driver.graduasi_id != first


async def test_resumed_case_returns_to_its_state(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("DIVERIFIKASI_KETIM")
    expect_ok(await driver.post("postponement", WHY, "verification"))
    assert (await driver.deliberate("2026-05-18")).json()["title"] == "IllegalTransition"
    assert expect_ok(await driver.post("resumption", WHY, "verification"))["state"] == "DIVERIFIKASI_KETIM"


@pytest.mark.parametrize(("state", "noun"), [("SIAP", "sign"), ("DIVERIFIKASI_KETIM", "deliberate")])
async def test_paper_dated_before_a_postponement_is_accepted_after_it(
    graduation: Running, state: str, noun: str
) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to(state)
    take = {"sign": driver.sign, "deliberate": driver.deliberate}[noun]
    await set_day(graduation, date(2026, 5, 20))
    expect_ok(await driver.post("postponement", WHY, "approval"))
    await set_day(graduation, date(2026, 5, 25))
    expect_ok(await driver.post("resumption", WHY, "approval"))
    early = await take("2026-05-17")
    assert (early.status_code, early.json()["title"]) == (422, "DateTooEarly")
    assert "2026-05-18" in early.json()["detail"]  # the day of what it stands on, not of the resumption
    expect_ok(await take("2026-05-19"))


@pytest.mark.parametrize(
    ("noun", "more", "state"),
    [("return", {}, "DIKEMBALIKAN"), ("refusal", {"ground": "DATA_TIDAK_SESUAI"}, "DITOLAK")],
)
async def test_case_postponed_under_review_is_returned_or_refused(
    graduation: Running, noun: str, more: dict[str, str], state: str
) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("DISETUJUI_DINSOS")
    expect_ok(await driver.post("postponement", WHY, "approval"))
    assert expect_ok(await driver.post(noun, {**WHY, **more}, "approval"))["state"] == state


@pytest.mark.parametrize("before", ["SIAP", "MASA_SANGGAH"])
async def test_case_postponed_outside_the_review_is_not_returned(graduation: Running, before: str) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to(before)
    expect_ok(await driver.post("postponement", WHY, "approval"))
    answer = await driver.post("return", WHY, "approval")
    assert (answer.status_code, answer.json()["title"]) == (409, "IllegalTransition")


@pytest.mark.parametrize("announced_on", ["2026-05-18", "2026-06-01"])
async def test_case_postponed_after_its_sk_is_annulled(graduation: Running, announced_on: str) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("DISETUJUI_DINSOS")
    expect_ok(await driver.determine("2026-05-18", announced_on=announced_on))
    expect_ok(await driver.post("postponement", WHY, "approval"))
    expect_ok(await annul_graduasi(driver))
    assert await driver.read_state() == "DIPULIHKAN"


async def test_exempt_family_is_assessed_again(graduation: Running) -> None:
    await set_day(graduation, date(2026, 5, 18))
    driver = await (await CaseDriver.start(graduation, able_productive=0)).open()
    assert expect_ok(await driver.assess())["result"] == "DIKECUALIKAN"
    facts = expect_ok(await driver.assess())
    assert (facts["result"], await driver.read_state()) == ("DIKECUALIKAN", "DIKECUALIKAN")
    assert await read_waiting(graduation, driver.by["field"]) == [driver.graduasi_id]
    await apply_events(graduation, family_facts(driver.kpm_id, able_productive=2))
    facts = expect_ok(await driver.assess())
    assert (facts["result"], await driver.read_state()) == ("SIAP", "SIAP")


async def test_term_that_ends_during_a_postponement_leads_to_a_later_tahap(
    graduation: Running,
) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH")
    expect_ok(await driver.post("postponement", WHY, "approval"))
    await set_day(graduation, date(2026, 6, 25))
    await graduation.work()
    assert await driver.read_state() == "DITUNDA"
    expect_ok(await driver.post("resumption", WHY, "approval"))
    await graduation.work()
    assert await driver.read_state() == "EFEKTIF"
    shown = expect_ok(await graduation.get(f"/v1/graduasi/{driver.graduasi_id}", as_=driver.by["sk"]), 200)
    assert shown["penetapan"]["effective_tahap"] == "2026-4"


async def test_a_family_that_withdraws_before_the_sk_cancels_its_case(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("DISETUJUI_DINSOS")
    body = {"ground": "KELUARGA_MENARIK_DIRI", "reason": "Keluarga menarik pernyataannya."}
    assert expect_ok(await driver.post("cancellation", body, "field"))["state"] == "DIBATALKAN"
    answer = await driver.determine("2026-05-18")
    assert (answer.status_code, answer.json()["title"]) == (409, "CasesNotApproved")


async def test_natural_exit_needs_no_assessment_and_grants_no_credit(graduation: Running) -> None:
    await set_day(graduation, date(2026, 7, 6))
    driver = await CaseDriver.start(graduation, last_komponen_ends_on=date(2026, 6, 30))
    await driver.open("ALAMIAH")
    expect_ok(await driver.propose())
    expect_ok(await driver.verify())
    assert (await driver.deliberate("2026-07-06")).json()["title"] == "MusyawarahNotRequired"
    expect_ok(await driver.approve())
    expect_ok(await driver.determine("2026-07-06"))
    events = {
        one["type"]: one["data"]
        for one in await graduation.read_envelopes()
        if one["type"].startswith("graduation.")
    }
    assert "graduation.credit_granted.v1" not in events
    assert events["graduation.graduasi_determined.v1"]["opens_rujukan"] is True
    assert await graduation.sql("SELECT 1 FROM credit") == []
    people = await graduation.sql("SELECT stage, person FROM stage_act ORDER BY stage_act_id")
    assert [row["stage"] for row in people] == ["USUL", "VERIFIKASI", "PERSETUJUAN", "PENETAPAN"]
    assert len({row["person"] for row in people}) == 4


async def test_a_natural_exit_waits_for_the_end_of_the_last_komponen(graduation: Running) -> None:
    await set_day(graduation, date(2026, 6, 29))
    driver = await (await CaseDriver.start(graduation, last_komponen_ends_on=date(2026, 6, 30))).open(
        "ALAMIAH"
    )
    answer = await driver.propose()
    assert (answer.status_code, answer.json()["title"]) == (409, "KomponenNotEnded")


async def test_approval_before_a_required_musyawarah_is_refused(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("DIVERIFIKASI_KETIM")
    answer = await driver.approve()
    assert (answer.status_code, answer.json()["title"]) == (409, "MusyawarahMissing")


async def test_the_policy_in_force_is_read_with_its_instrument(graduation: Running) -> None:
    await set_day(graduation, date(2026, 5, 18))
    kemensos = graduation.token("KEMENSOS", "kemensos-1")
    policy = expect_ok(await graduation.get("/v1/policy/SEJAHTERA_MANDIRI", as_=kemensos), 200)
    assert (policy["version"], policy["counts"], policy["sanggah_length"], policy["monitoring_months"]) == (
        1,
        True,
        30,
        6,
    )
    assert [i["code"] for i in policy["instrument"]["indicators"]][-1] == "BERSEDIA"
    listed = expect_ok(await graduation.get("/v1/policy", as_=kemensos), 200)
    assert {(p["exit_reason"], p["counts"], p["opens_rujukan"]) for p in listed["items"]} == {
        ("SEJAHTERA_MANDIRI", True, True),
        ("SEJAHTERA_PPSE", True, True),
        ("ALAMIAH", False, True),
        ("MENINGGAL", False, False),
        ("PINDAH", False, False),
        ("DATA_GANDA", False, False),
        ("TIDAK_DITEMUKAN", False, False),
    }
    assert (await graduation.get("/v1/policy/MUSYAWARAH", as_=kemensos)).status_code == 404
