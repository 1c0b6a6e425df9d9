"""What an offer says its reader may do is what the commands answer."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from deploy.demo.partner_simulator import PartnerSimulator
from tests.factories.actions import ACCEPTED, Call, find_wrong_actions
from tests.factories.cluster import START
from tests.factories.referral.catalogue import create_world
from tests.factories.referral.corrections import WRONG
from tests.factories.referral.events import TODAY, build_family_facts, build_graduasi_determined
from tests.factories.referral.outcomes import record_outcome
from tests.factories.referral.world import World
from tests.factories.services import Running

KUR, DAY = "KUR_SUPERMIKRO", str(TODAY)
ANSWERS = {
    "PERLU_DATA": {"status": "PERLU_DATA", "reason_text": "Mohon lengkapi foto tempat usaha."},
    "DITOLAK": {"status": "DITOLAK", "reason_code": "KUOTA_HABIS"},
    "DISALURKAN": {"status": "DISETUJUI"},
}
NOT_DELIVERED = {"correct_delivery", "void_delivery", "record_outcome", "correct_outcome", "void_outcome"}
REFUSED = {
    "TERKIRIM": NOT_DELIVERED | {"correct_answer", "deliver_aid"},
    "PERLU_DATA": NOT_DELIVERED | {"deliver_aid"},
    "DITOLAK": NOT_DELIVERED | {"deliver_aid"},
    "DISALURKAN": {"correct_answer"},
}
"""What a partner cannot do in a state, whatever its request says."""
PARTNERS_ACTS = NOT_DELIVERED | {"answer_rujukan", "correct_answer", "deliver_aid"}


async def reach(world: World, bank: PartnerSimulator, state: str) -> str:
    """Bring the offer of KUR to a state."""
    await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
    subject = str((await world.read_programs())[KUR]["rujukan_program_id"])
    if state not in {"DRAF", "DICABUT"}:
        await world.send_rujukan(KUR)
    if state in ANSWERS:
        await bank.answer(subject, answer_id="A-1", answered_on=DAY, **ANSWERS[state])
    if state == "DISALURKAN":
        await bank.deliver(subject, delivery_id="D-1", delivered_on=DAY)
    if state == "DICABUT":
        declined = await world.referral.post(f"/v1/rujukan-program/{subject}/decline", as_=world.pendamping)
        assert declined.is_success
    assert await world.read_state(KUR) == state
    return f"/v1/rujukan-program/{subject}"


def readers(world: World) -> dict[str, str]:
    """Return tokens of those who see the offer, some with two roles."""
    service, token = world.referral, world.referral.cluster.issuer.token
    both = ["PENDAMPING", "DINSOS_KABKOTA"]
    return {
        "pendamping": world.pendamping,
        "dinsos": world.dinsos,
        "partner": world.partner("BANK_KUR"),
        "auditor": service.token("AUDITOR", "auditor-1", ["33.24"]),
        "lead": service.token("KETUA_TIM_KABKOTA", "ketua-tim-kendal-1", ["33.24"]),
        "own and office": token(both, "both-1", ["33.24"], pendamping_id=world.family.pendamping_id),
        "stranger and office": token(both, "both-2", ["33.24"], pendamping_id=uuid4()),
    }


def calls_of(offer: str, world: World) -> Mapping[str, Call]:
    """Return a valid request for each action of an offer."""
    consent = {"text_version": 1, "channel": "TATAP_MUKA", "evidence_sha256": world.evidence, "given_on": DAY}
    answer = {"answer_id": "A-9", "status": "DIPROSES", "answered_on": DAY}
    return {
        "give_consent": (f"{offer}/consent", consent),
        "withdraw_consent": (
            f"{offer}/consent-withdrawal",
            {"withdrawn_on": DAY, "reason": "Keluarga berubah pikiran."},
        ),
        "decline_offer": (f"{offer}/decline", None),
        "renew_offer": (f"{offer}/renewal", None),
        "supply_data": (f"{offer}/supply", {"fields": ["usaha"], "text": "Omzet Rp 9 juta", "files": []}),
        "answer_rujukan": (f"{offer}/answer", answer),
        "correct_answer": (f"{offer}/answer-correction", answer | {"reason": WRONG}),
        "deliver_aid": (
            f"{offer}/delivery",
            {"delivery_id": "D-9", "amount_rp": 5_000_000, "delivered_on": DAY},
        ),
        "correct_delivery": (f"{offer}/delivery-correction", {"amount_rp": 4_000_000, "reason": WRONG}),
        "void_delivery": (f"{offer}/delivery-void", {"reason": "SALAH_KELUARGA"}),
        "record_outcome": (f"{offer}/outcome", {"month": 3, "still_in_business": True, "omzet_rp": 1}),
        "correct_outcome": (f"{offer}/outcome-correction", {"month": 3, "omzet_rp": 2, "reason": WRONG}),
        "void_outcome": (f"{offer}/outcome-void", {"month": 3, "reason": "SALAH_KELUARGA"}),
    }


async def read_in_rujukan(world: World, offer: dict[str, Any], token: str) -> list[dict[str, Any]] | None:
    """Return the actions of the offer in its rujukan, None for a partner."""
    answer = await world.referral.get(f"/v1/rujukan/{offer['rujukan_id']}", as_=token)
    if answer.status_code == 403:
        return None
    (shown,) = [one for one in answer.json()["programs"] if one["program_code"] == offer["program_code"]]
    return list(shown["actions"])


async def read_in_list(world: World, offer: str, token: str) -> list[dict[str, Any]]:
    items = (await world.referral.get("/v1/rujukan-program?limit=200", as_=token)).json()["items"]
    (shown,) = [one for one in items if offer.endswith(one["rujukan_program_id"])]
    return list(shown["actions"])


@pytest.mark.parametrize("state", ["DRAF", "DICABUT", *REFUSED])
async def test_actions_of_an_offer_are_those_that_its_commands_take(
    referral: Running, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with PartnerSimulator() as bank:
        world = await create_world(referral, {"BANK_KUR": bank})
        offer = await reach(world, bank, state)
    calls, wrong, allowed = calls_of(offer, world), list[str](), set[str]()
    for name, token in readers(world).items():
        answer = await referral.get(offer, as_=token)
        if name == "partner" and state in {"DRAF", "DICABUT"}:
            assert answer.status_code == 404
            continue
        actions = answer.json()["actions"]
        assert [action["operation"] for action in actions] == [*calls]
        assert await read_in_rujukan(world, answer.json(), token) in (None, actions)
        listed = await read_in_list(world, offer, token)
        assert [one["operation"] for one in listed] == [*calls]
        if name == "partner":
            refused = {one["operation"] for one in actions if one["allowed"] == "NO"}
            assert refused & PARTNERS_ACTS == REFUSED[state]
        allowed |= {action["operation"] for action in actions if action["allowed"] == "YES"}
        with monkeypatch.context() as patched:
            patched.setenv("PILAR_FAULTPOINT", ACCEPTED)
            faults = await find_wrong_actions(referral, actions, calls, token)
            faults += [f"listed {one}" for one in await find_wrong_actions(referral, listed, calls, token)]
        wrong += [f"{name}: {one}" for one in faults]
    assert wrong == []
    expected = {"DRAF": {"decline_offer"}, "DICABUT": set[str]()}
    assert allowed == expected.get(state, {"withdraw_consent"})
    assert await world.read_state(KUR) == state


async def read_too_late(world: World, offer: str, token: str) -> set[str]:
    """Return the actions that are too late, the same in every answer that shows them."""
    answer = (await world.referral.get(offer, as_=token)).json()
    shown = [answer["actions"], await read_in_list(world, offer, token)]
    shown += [actions] if (actions := await read_in_rujukan(world, answer, token)) else []
    late = [{one["operation"] for one in part if one["why"] == "CorrectionTooLate"} for part in shown]
    calls = calls_of(offer, world)
    assert await find_wrong_actions(world.referral, answer["actions"], calls, token) == []
    assert all(one == late[0] for one in late)
    return late[0]


async def test_corrections_whose_days_have_passed_are_refused_in_actions(
    referral: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with PartnerSimulator() as bank:
        world = await create_world(referral, {"BANK_KUR": bank})
        offer = await reach(world, bank, "DISALURKAN")
    of_delivery, of_outcome = {"correct_delivery", "void_delivery"}, {"correct_outcome", "void_outcome"}
    expected = {90: (set[str](), set[str]()), 95: (of_delivery, set[str]())}
    expected |= {185: (of_delivery, set[str]()), 186: (of_delivery | of_outcome, of_outcome)}
    for days, (of_bank, of_pendamping) in expected.items():
        await referral.set_clock(START + timedelta(days=days))
        await referral.work()
        if days == 95:
            assert (await record_outcome(world, offer.split("/")[-1], 3)).status_code == 201
        with monkeypatch.context() as patched:
            patched.setenv("PILAR_FAULTPOINT", ACCEPTED)
            assert await read_too_late(world, offer, world.partner("BANK_KUR")) == of_bank
            assert await read_too_late(world, offer, world.pendamping) == of_pendamping
