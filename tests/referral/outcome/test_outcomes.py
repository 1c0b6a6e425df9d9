import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from shared.dates import midnight, months_after
from tests.factories.partner_simulator import PartnerSimulator
from tests.factories.referral.catalogue import a_world
from tests.factories.referral.events import TODAY, annulled, determined, family_facts
from tests.factories.referral.world import World
from tests.factories.services import Running

KUR = "KUR_SUPERMIKRO"


async def delivered(referral: Running, bank: PartnerSimulator) -> tuple[World, str]:
    world = await a_world(referral, {"BANK_KUR": bank})
    await world.hear(*family_facts(world.family), determined(world.family))
    subject = await world.sent(KUR)
    await bank.answer(subject, answer_id="A-1", status="DISETUJUI", answered_on=str(TODAY))
    await bank.deliver(subject, delivery_id="D-1", amount_rp=5_000_000, delivered_on=str(TODAY))
    return world, subject


async def see(world: World, subject: str, month: int, **changes: Any) -> Any:
    body = {"month": month, "still_in_business": True, "omzet_rp": 11_000_000} | changes
    return await world.referral.post(f"/v1/rujukan-program/{subject}/outcome", body, as_=world.pendamping)


async def test_is_recorded_when_its_month_has_come_and_once(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await delivered(referral, bank)
        early = await see(world, subject, 3)
        assert (early.status_code, early.json()["title"]) == (409, "OutcomeTooEarly")
        await referral.set_clock(datetime.now(UTC) + timedelta(days=93))
        assert (await see(world, subject, 3)).status_code == 201
        again = await see(world, subject, 3, still_in_business=False)
        assert (again.status_code, again.json()["title"]) == (409, "OutcomeAlreadyRecorded")
        assert (await see(world, subject, 6)).json()["title"] == "OutcomeTooEarly"
        assert (await see(world, subject, 4)).status_code == 422
        told = await world.told("referral.outcome_recorded.v1")
        assert [(fact["month"], fact["still_in_business"]) for fact in told] == [(3, True)]
        read = await referral.get(f"/v1/rujukan-program/{subject}", as_=world.dinsos)
        assert [outcome["omzet_rp"] for outcome in read.json()["outcomes"]] == [11_000_000]


async def test_of_the_last_month_closes_the_offer_and_with_all_the_case(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await delivered(referral, bank)
        await referral.set_clock(datetime.now(UTC) + timedelta(days=735))
        assert (await see(world, subject, 24)).status_code == 201
        await referral.work()
        assert await world.state(KUR) == "TUTUP"
        cases = (await referral.get("/v1/rujukan", as_=world.dinsos)).json()["items"]
        assert [case["state"] for case in cases] == ["TERBUKA"]  # two offers in it still stand
        await referral.sql("UPDATE rujukan_program SET state = 'DICABUT' WHERE state = 'DRAF'")
        await referral.sql(
            "UPDATE platform.due SET done_at = NULL, lease_until = NULL WHERE kind = 'rujukan.close'"
        )
        await referral.work()
        cases = (await referral.get("/v1/rujukan?state=TUTUP", as_=world.dinsos)).json()["items"]
        assert len(cases) == 1
        assert (await see(world, subject, 12)).status_code == 201  # typed in late


async def due(world: World, token: str, query: str = "") -> list[tuple[int, str]]:
    answer = await world.referral.get(f"/v1/outcome-task{query}", as_=token)
    assert answer.status_code == 200, answer.text
    return [(item["month"], item["due_on"]) for item in answer.json()["items"]]


async def test_is_a_task_of_each_month_for_whoever_holds_the_family_that_day(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await delivered(referral, bank)
        days = {month: str(months_after(TODAY, month)) for month in (3, 6, 12, 24)}
        assert await due(world, world.pendamping) == []
        ahead = f"?due_by={days[24]}"
        assert await due(world, world.pendamping, ahead) == list(days.items())
        neighbour = referral.token("PENDAMPING", "pd-t", [world.family.area], pendamping_id=uuid4())
        assert await due(world, neighbour, ahead) == []
        assert await due(world, world.partner("PLUT"), ahead) == []
        own = await referral.get(f"/v1/outcome-task{ahead}", as_=world.partner("BANK_KUR"))
        assert len(own.json()["items"]) == 4
        assert str(world.family.kpm_id) not in own.text
        for month, months in ((3, 3), (6, 6), (12, 12), (24, 24)):
            await referral.set_clock(midnight(months_after(TODAY, months)) + timedelta(hours=9))
            assert await due(world, world.pendamping) == [(month, days[month])]
            assert (await see(world, subject, month)).status_code == 201
            assert (await see(world, subject, month)).json()["title"] == "OutcomeAlreadyRecorded"
            assert await due(world, world.pendamping) == []
        assert await world.state(KUR) == "TUTUP"


async def test_is_asked_for_no_more_when_the_aid_was_taken_back(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, _ = await delivered(referral, bank)
        await world.hear(annulled(world.family))
        assert await due(world, world.dinsos, f"?due_by={months_after(TODAY, 24)}") == []


async def test_of_aid_that_was_taken_back_is_refused_in_words(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await delivered(referral, bank)
        case = (await world.programs())[KUR]["rujukan_id"]
        await world.hear(annulled(world.family))
        await referral.set_clock(datetime.now(UTC) + timedelta(days=93))
        refused = await see(world, subject, 3)
        assert (refused.status_code, refused.json()["title"]) == (409, "AidTakenBack")
        assert str(TODAY) in refused.json()["detail"]
        body = {"month": 4, "cause": "USAHA_TUTUP", "reported_on": str(TODAY)}
        report = await referral.post(f"/v1/rujukan/{case}/relapse-report", body, as_=world.pendamping)
        assert (report.status_code, report.json()["title"]) == (409, "RujukanNotOpen")


RULE = {"months": [1, 2], "valid_from": str(TODAY), "basis": "Peraturan Menteri yang baru"}


async def test_has_months_that_the_ministry_sets_from_a_day_on(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        ministry = referral.token("KEMENSOS", "kemensos-1")
        made = await referral.post("/v1/outcome-rule", RULE, as_=ministry)
        assert (made.status_code, made.json()["version"]) == (201, 2), made.text
        world, subject = await delivered(referral, bank)
        days = {month: str(months_after(TODAY, month)) for month in (1, 2)}
        assert await due(world, world.pendamping, f"?due_by={days[2]}") == list(days.items())
        await referral.set_clock(datetime.now(UTC) + timedelta(days=100))
        other = await see(world, subject, 3)
        assert (other.status_code, other.json()["title"]) == (422, "OutcomeNotAsked")
        assert "1, 2" in other.json()["detail"]
        assert (await see(world, subject, 2)).status_code == 201
        assert await world.state(KUR) == "TUTUP"
        listed = await referral.get("/v1/outcome-rule", as_=world.dinsos)
        assert [(one["version"], one["months"], one["valid_to"]) for one in listed.json()["items"]] == [
            (1, [3, 6, 12, 24], str(TODAY)),
            (2, [1, 2], None),
        ]


async def test_of_a_rujukan_that_opened_before_a_new_rule_is_asked_as_the_former_says(
    referral: Running,
) -> None:
    async with PartnerSimulator() as bank:
        world = await a_world(referral, {"BANK_KUR": bank})
        await world.hear(*family_facts(world.family), determined(world.family))
        subject = await world.sent(KUR)
        tomorrow = TODAY + timedelta(days=1)
        made = await referral.post(
            "/v1/outcome-rule", RULE | {"valid_from": str(tomorrow)}, as_=world.kemensos
        )
        assert made.status_code == 201, made.text
        await referral.set_clock(midnight(tomorrow) + timedelta(hours=9))
        partner, path = world.partner("BANK_KUR"), f"/v1/rujukan-program/{subject}"
        answer = {"answer_id": "A-1", "status": "DISETUJUI", "answered_on": str(tomorrow)}
        assert (await referral.post(f"{path}/answer", answer, as_=partner)).status_code == 201
        given = {"delivery_id": "D-1", "amount_rp": 5_000_000, "delivered_on": str(tomorrow)}
        assert (await referral.post(f"{path}/delivery", given, as_=partner)).status_code == 201
        asked = await due(world, world.pendamping, f"?due_by={months_after(tomorrow, 24)}")
        assert [month for month, _ in asked] == [3, 6, 12, 24]


@pytest.mark.parametrize(
    ("change", "status", "title"),
    [
        ({"valid_from": str(TODAY - timedelta(days=1))}, 422, "DateInThePast"),
        ({"months": []}, 422, "Invalid"),
        ({"months": [6, 3]}, 422, "Invalid"),
        ({"months": [3, 3]}, 422, "Invalid"),
        ({"months": [61]}, 422, "Invalid"),
        ({"months": [0]}, 422, "Invalid"),
        ({"basis": ""}, 422, "Invalid"),
    ],
)
async def test_has_no_months_that_cannot_be(
    referral: Running, change: dict[str, Any], status: int, title: str
) -> None:
    ministry = referral.token("KEMENSOS", "kemensos-1")
    refused = await referral.post("/v1/outcome-rule", RULE | change, as_=ministry)
    assert (refused.status_code, refused.json()["title"]) == (status, title), refused.text


async def test_has_one_rule_a_day_set_by_the_ministry_alone(referral: Running) -> None:
    ministry = referral.token("KEMENSOS", "kemensos-1")
    ahead = RULE | {"valid_from": str(TODAY + timedelta(days=9))}
    office = referral.token("DINSOS_KABKOTA", "dinsos-kendal-1", ["33.24"])
    assert (await referral.post("/v1/outcome-rule", RULE, as_=office)).status_code == 403
    both = await asyncio.gather(
        *(referral.post("/v1/outcome-rule", ahead | {"months": [n]}, as_=ministry) for n in (1, 2))
    )
    assert sorted(one.status_code for one in both) == [201, 409]
    for taken in (ahead, RULE):
        again = await referral.post("/v1/outcome-rule", taken, as_=ministry)
        assert (again.status_code, again.json()["title"]) == (409, "VersionNotLatest")
    assert len(await referral.sql("SELECT 1 FROM outcome_rule")) == 2
    assert RULE["valid_from"] in again.json()["detail"]


async def test_that_nobody_recorded_does_not_keep_the_case_open_for_ever(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await delivered(referral, bank)
        for code in ("UMKM_PENDAMPINGAN", "KDMP"):
            await world.consent(code)
            back = (await world.programs())[code]["rujukan_program_id"]
            why = {"withdrawn_on": str(TODAY), "reason": "Keluarga tidak berminat"}
            path = f"/v1/rujukan-program/{back}/consent-withdrawal"
            assert (await referral.post(path, why, as_=world.pendamping)).status_code == 201
        last = months_after(TODAY, 24)
        await referral.set_clock(midnight(last + timedelta(days=89)))
        await referral.work()
        assert await world.state(KUR) == "DISALURKAN"
        await referral.set_clock(midnight(last + timedelta(days=90)) + timedelta(minutes=1))
        await referral.work()
        assert await world.state(KUR) == "TUTUP"
        assert await case_state(world) == "TERBUKA"
        await referral.set_clock(midnight(last + timedelta(days=180)) + timedelta(minutes=1))
        await referral.work()
        assert await case_state(world) == "TUTUP"
        assert (await see(world, subject, 24)).status_code == 201  # typed in late


async def case_state(world: World) -> str:
    return (await world.referral.get("/v1/rujukan", as_=world.dinsos)).json()["items"][0]["state"]


async def test_needs_a_delivery(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world = await a_world(referral, {"BANK_KUR": bank})
        await world.hear(*family_facts(world.family), determined(world.family))
        refused = await see(world, (await world.programs())[KUR]["rujukan_program_id"], 3)
        assert (refused.status_code, refused.json()["title"]) == (409, "NothingDelivered")


async def test_may_be_a_relapse_which_graduation_hears_of(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, _ = await delivered(referral, bank)
        case = (await world.programs())[KUR]["rujukan_id"]
        body = {"month": 4, "cause": "SAKIT", "reported_on": str(TODAY)}
        path = f"/v1/rujukan/{case}/relapse-report"
        assert (await referral.post(path, body, as_=world.partner("BANK_KUR"))).status_code == 201
        again = await referral.post(path, body, as_=world.pendamping)
        assert (again.status_code, again.json()["title"]) == (409, "RelapseAlreadyReported")
        other = await referral.post(path, body, as_=world.partner("PLUT"))
        assert other.status_code == 404
        words = await referral.post(path, body | {"cause": "Ibu Siti sakit keras"}, as_=world.pendamping)
        assert (words.status_code, words.json()["title"]) == (
            422,
            "Invalid",
        )  # words may name people, and travel
        (told,) = await world.told("referral.relapse_reported.v1")
        assert (told["graduasi_id"], told["month"], told["cause"]) == (
            str(world.family.graduasi_id),
            4,
            "SAKIT",
        )


async def test_waited_for_past_the_sla_shows_as_overdue(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world = await a_world(referral, {"BANK_KUR": bank})
        await world.hear(*family_facts(world.family), determined(world.family))
        subject = await world.sent(KUR)
        path = f"/v1/rujukan-program/{subject}"
        assert (await referral.get(path, as_=world.dinsos)).json()["overdue"] is False
        await referral.set_clock(datetime.now(UTC) + timedelta(days=16))
        assert (await referral.get(path, as_=world.dinsos)).json()["overdue"] is True
