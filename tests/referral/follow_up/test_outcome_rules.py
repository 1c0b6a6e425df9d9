"""The ministry sets the months at which outcomes are asked."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from deploy.demo.partner_simulator import PartnerSimulator
from shared.dates import midnight, months_after
from tests.factories.cluster import START
from tests.factories.referral.catalogue import create_world
from tests.factories.referral.events import TODAY, build_family_facts, build_graduasi_determined
from tests.factories.referral.outcomes import KUR, deliver_kur, read_due_outcomes, record_outcome
from tests.factories.services import Running

RULE = {"months": [1, 2], "valid_from": str(TODAY), "basis": "Peraturan Menteri yang baru"}


async def test_ministry_sets_outcome_months_from_a_day_on(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        ministry = referral.token("KEMENSOS", "kemensos-1")
        made = await referral.post("/v1/outcome-rule", RULE, as_=ministry)
        assert (made.status_code, made.json()["version"]) == (201, 2), made.text
        world, subject = await deliver_kur(referral, bank)
        days = {month: str(months_after(TODAY, month)) for month in (1, 2)}
        assert await read_due_outcomes(world, world.pendamping, f"?due_by={days[2]}") == list(days.items())
        await referral.set_clock(START + timedelta(days=100))
        other = await record_outcome(world, subject, 3)
        assert (other.status_code, other.json()["title"]) == (422, "OutcomeNotAsked")
        assert "1, 2" in other.json()["detail"]
        assert (await record_outcome(world, subject, 2)).status_code == 201
        assert await world.read_state(KUR) == "TUTUP"
        listed = await referral.get("/v1/outcome-rule", as_=world.dinsos)
        assert [(one["version"], one["months"], one["valid_to"]) for one in listed.json()["items"]] == [
            (1, [3, 6, 12, 24], str(TODAY)),
            (2, [1, 2], None),
        ]


async def test_earlier_rujukan_keeps_the_former_outcome_months(
    referral: Running,
) -> None:
    async with PartnerSimulator() as bank:
        world = await create_world(referral, {"BANK_KUR": bank})
        await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
        subject = await world.send_rujukan(KUR)
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
        asked = await read_due_outcomes(world, world.pendamping, f"?due_by={months_after(tomorrow, 24)}")
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
async def test_invalid_outcome_months_are_refused(
    referral: Running, change: dict[str, Any], status: int, title: str
) -> None:
    ministry = referral.token("KEMENSOS", "kemensos-1")
    refused = await referral.post("/v1/outcome-rule", RULE | change, as_=ministry)
    assert (refused.status_code, refused.json()["title"]) == (status, title), refused.text


async def test_only_the_ministry_sets_one_outcome_rule_a_day(referral: Running) -> None:
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
