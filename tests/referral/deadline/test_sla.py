"""SLA of a partner: reminder, escalation, expiry (docs/case-lifecycle.md#deadlines-of-offers)."""

from datetime import timedelta

from deploy.demo.partner_simulator import PartnerSimulator
from tests.factories.cluster import START
from tests.factories.referral.catalogue import create_world
from tests.factories.referral.deadline import KUR, advance_days, read_escalations, send_answer, send_rujukan
from tests.factories.referral.events import TODAY, build_family_facts, build_graduasi_determined
from tests.factories.referral.notice_schema import without_head
from tests.factories.services import Running


async def test_reminder_is_sent_once_before_the_sla_ends(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await send_rujukan(referral, bank)
        await advance_days(world, 10)
        assert bank.notices == []
        await advance_days(world, 11)
        assert [without_head(notice, "sla_due_on") for notice in bank.notices] == [
            {
                "notice": "PENGINGAT",
                "rujukan_program_id": subject,
                "sla_due_on": str(TODAY + timedelta(days=14)),
            }
        ]
        assert bank.received[-1].signed
        await advance_days(world, 12)
        await world.retry_now()
        assert len(bank.notices) == 1
        assert await read_escalations(world) == []


async def test_reminder_is_in_the_inbox_too(referral: Running) -> None:
    async with PartnerSimulator(pulls=True) as bank:
        world, _ = await send_rujukan(referral, bank)
        await advance_days(world, 11)
        assert [item["notice"] for item in await bank.pull()] == ["PENGINGAT"]


async def test_passed_sla_is_escalated_and_acknowledged(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await send_rujukan(referral, bank)
        await advance_days(world, 14)
        assert await read_escalations(world) == []
        await advance_days(world, 15)
        (raised,) = await read_escalations(world)
        assert (raised["rujukan_program_id"], raised["program_code"]) == (subject, KUR)
        assert raised["raised_on"] == str(TODAY + timedelta(days=15))
        assert (await referral.get("/v1/escalation", as_=world.kemensos)).json()["items"] == [raised]
        elsewhere = referral.token("DINSOS_KABKOTA", "dinsos-lain", ["33.25"])
        assert (await referral.get("/v1/escalation", as_=elsewhere)).json()["items"] == []
        assert (await referral.get("/v1/escalation", as_=world.partner("BANK_KUR"))).status_code == 403
        path, note = f"/v1/escalation/{raised['escalation_id']}/acknowledgement", {"note": "Bank dihubungi"}
        assert (await referral.post(path, note, as_=elsewhere)).status_code == 404
        taken = await referral.post(path, note, as_=world.dinsos)
        assert (taken.status_code, taken.json()["acknowledged_by"]) == (201, "dinsos-kendal-1")
        again = await referral.post(path, note, as_=world.kemensos)
        assert (again.status_code, again.json()["title"]) == (409, "EscalationAcknowledged")
        assert await read_escalations(world) == []
        assert len(await read_escalations(world, "/v1/escalation?open_only=false")) == 1
        path, why = f"{path}-withdrawal", {"reason": "Salah eskalasi"}
        assert (await referral.post(path, why, as_=elsewhere)).status_code == 404
        opened = await referral.post(path, why, as_=world.dinsos)
        assert (opened.status_code, opened.json()["acknowledged_on"]) == (201, None)
        (waiting,) = await read_escalations(world)
        (former,) = waiting["withdrawn"]
        assert (former["note"], former["acknowledged_by"]) == ("Bank dihubungi", "dinsos-kendal-1")
        again = await referral.post(path, why, as_=world.dinsos)
        assert (again.status_code, again.json()["title"]) == (409, "AcknowledgementMissing")


async def test_answer_prevents_or_settles_the_escalation(
    referral: Running,
) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await send_rujukan(referral, bank)
        await advance_days(world, 15)
        assert len(await read_escalations(world)) == 1
        await send_answer(world, subject, 1, "PERLU_DATA")
        (settled,) = await read_escalations(world, "/v1/escalation?open_only=false")
        assert settled["settled_on"] == str(TODAY + timedelta(days=15))
        assert await read_escalations(world) == []
        await advance_days(world, 40)
        assert await read_escalations(world) == []  # it is the family's turn, not the partner's


async def test_sla_restarts_when_the_requested_data_is_given(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await send_rujukan(referral, bank)
        await send_answer(world, subject, 1, "PERLU_DATA")
        await advance_days(world, 30)
        await send_answer(world, subject, 2, "DIPROSES")
        program = (await world.read_programs())[KUR]
        assert program["sla_due_on"] == str(TODAY + timedelta(days=44))
        await advance_days(world, 44)
        assert await read_escalations(world) == []
        await advance_days(world, 45)
        assert [item["sla_due_on"] for item in await read_escalations(world)] == [program["sla_due_on"]]


async def test_expired_offer_is_notified_to_the_partner(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await send_rujukan(referral, bank)
        await advance_days(world, 103)
        assert await world.read_state(KUR) == "TERKIRIM"
        await advance_days(world, 104)  # 14 days of SLA, and 90 after it
        assert await world.read_state(KUR) == "KEDALUWARSA"
        assert without_head(bank.notices[-1]) == {
            "notice": "KEDALUWARSA",
            "rujukan_program_id": subject,
            "expired_on": str(TODAY + timedelta(days=104)),
        }
        assert bank.rujukan == {}
        (event,) = await world.read_emitted_data("referral.rujukan_expired.v1")
        assert (event["status"], event["rujukan_program_id"]) == ("KEDALUWARSA", subject)
        assert await referral.sql("SELECT 1 FROM identity") == []
        assert await read_escalations(world) == []
        late = await bank.answer(subject, answer_id="A-9", status="DISETUJUI", answered_on=str(TODAY))
        assert (late.status_code, late.json()["state"]) == (201, "DISETUJUI")


async def test_approved_offer_does_not_expire(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await send_rujukan(referral, bank)
        await send_answer(world, subject, 1, "DISETUJUI")
        await advance_days(world, 2000)
        assert await world.read_state(KUR) == "DISETUJUI"
        assert [notice["notice"] for notice in bank.notices] == ["PENGINGAT_PENYALURAN"]


async def test_sla_term_applies_to_one_program_from_a_day_on(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world = await create_world(referral, {"BANK_KUR": bank})
        term = {
            "program_code": KUR,
            "remind_before_days": 13,
            "escalate_after_days": 2,
            "expire_after_days": 5,
            "close_after_days": 30,
            "deliver_within_days": 20,
            "valid_from": str(TODAY),
            "basis": "Perjanjian kerja sama 2026",
        }
        made = await referral.post("/v1/sla-term", term, as_=world.kemensos)
        assert made.status_code == 201, made.text
        taken = await referral.post("/v1/sla-term", term, as_=world.kemensos)
        assert (taken.status_code, taken.json()["title"]) == (409, "VersionNotLatest")
        back = term | {"program_code": "KDMP", "valid_from": str(TODAY - timedelta(days=1))}
        refused = await referral.post("/v1/sla-term", back, as_=world.kemensos)
        assert (refused.status_code, refused.json()["title"]) == (422, "DateInThePast")
        unknown = await referral.post(
            "/v1/sla-term", term | {"program_code": "TIDAK_ADA"}, as_=world.kemensos
        )
        assert (unknown.status_code, unknown.json()["title"]) == (422, "ProgramUnknown")
        assert (await referral.post("/v1/sla-term", term, as_=world.dinsos)).status_code == 403
        listed = (await referral.get("/v1/sla-term", as_=world.dinsos)).json()["items"]
        assert [item["program_code"] for item in listed] == [None, KUR]
        await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
        await world.send_rujukan(KUR)
        await advance_days(world, 1)
        assert [notice["notice"] for notice in bank.notices] == ["PENGINGAT"]
        await advance_days(world, 19)
        assert await world.read_state(KUR) == "KEDALUWARSA"


async def test_offer_past_its_sla_is_overdue(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world = await create_world(referral, {"BANK_KUR": bank})
        await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
        subject = await world.send_rujukan(KUR)
        path = f"/v1/rujukan-program/{subject}"
        assert (await referral.get(path, as_=world.dinsos)).json()["overdue"] is False
        await referral.set_clock(START + timedelta(days=16))
        assert (await referral.get(path, as_=world.dinsos)).json()["overdue"] is True
