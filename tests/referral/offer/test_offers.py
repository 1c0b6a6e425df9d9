import hashlib
import json
from datetime import timedelta
from uuid import uuid4

from deploy.demo.partner_simulator import PartnerSimulator
from tests.factories.referral.catalogue import a_world, publish, rule
from tests.factories.referral.events import DESA, TODAY, Family, annulled, determined, family_facts, usaha
from tests.factories.referral.world import World
from tests.factories.services import Running

KUR, PLUT, KDMP = "KUR_SUPERMIKRO", "UMKM_PENDAMPINGAN", "KDMP"


async def offers(world: World, **more: str) -> dict[str, dict[str, object]]:
    answer = await world.referral.get(
        f"/v1/offer?kpm_id={world.family.kpm_id}", as_=world.pendamping, headers=more
    )
    assert answer.status_code == 200, answer.text
    return {offer["program_code"]: offer for offer in answer.json()["offers"]}


def sentences(offer: dict[str, object], language: str = "id") -> list[str]:
    reasons = offer["reasons"]
    assert isinstance(reasons, list)
    return [reason[language] for reason in reasons]


async def test_come_with_a_reason_for_every_rule(referral: Running) -> None:
    world = await a_world(referral, {})
    await world.apply_events(*family_facts(world.family))
    found = await offers(world)
    assert {code: offer["fits"] for code, offer in found.items()} == {KUR: True, PLUT: True, KDMP: True}
    assert sentences(found[KUR]) == [
        "cocok: usaha 37 bulan ≥ 6 bulan",
        "cocok: pemilik usaha sudah menikah",
        "cocok: NIB atau surat keterangan usaha ada = ada",
    ]
    assert sentences(found[PLUT])[0] == "cocok: desil nasional 5 ≥ 5"
    assert sentences(found[KDMP], "en") == [f"fits: area {DESA} ∈ {{{DESA}}}"]


async def test_say_why_a_program_does_not_fit(referral: Running) -> None:
    world = await a_world(
        referral, {}, Family(usaha_from=TODAY - timedelta(days=125), desil=4, area="33.24.09.2002")
    )
    await world.apply_events(*family_facts(world.family))
    found = await offers(world)
    assert {code: offer["fits"] for code, offer in found.items()} == {KUR: False, PLUT: False, KDMP: False}
    assert sentences(found[KUR])[0] == "tidak cocok: usaha 4 bulan < 6 bulan"
    assert sentences(found[KUR], "en")[0] == "does not fit: business 4 months < 6 months"
    assert sentences(found[PLUT])[0] == "tidak cocok: desil nasional 4 < 5"
    assert sentences(found[KDMP])[0] == f"tidak cocok: wilayah 33.24.09.2002 ∉ {{{DESA}}}"


async def test_count_aid_that_a_family_has_had_whatever_became_of_the_offer(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world = await a_world(referral, {"BANK_KUR": bank})
        once = [rule("aid_programs", "NONE_OF", [KUR])]
        assert (await publish(world, PLUT, "PLUT", valid_from=str(TODAY), rules=once)).status_code == 201
        await world.apply_events(*family_facts(world.family), determined(world.family))
        assert (await offers(world))[PLUT]["fits"] is True
        subject = await world.sent(KUR)
        await bank.answer(subject, answer_id="A-1", status="DISETUJUI", answered_on=str(TODAY))
        await bank.deliver(subject, delivery_id="D-1", delivered_on=str(TODAY))
        await world.apply_events(annulled(world.family))
        assert await world.state(KUR) == "DICABUT"
        assert (await offers(world))[PLUT]["fits"] is False


async def test_hold_nothing_against_a_family_by_a_soft_rule(referral: Running) -> None:
    world = await a_world(referral, {}, Family(desil=3))
    await world.apply_events(*family_facts(world.family))
    soft = {"field": "desil_nas", "op": "GE", "value": 5, "strength": "SOFT", "source": "MoU", "version": "2"}
    assert (await publish(world, PLUT, "PLUT", valid_from=str(TODAY), rules=[soft])).status_code == 201
    found = (await offers(world))[PLUT]
    assert (found["fits"], found["revision"]) == (True, 2)
    assert sentences(found) == ["tidak cocok: desil nasional 3 < 5"]


async def test_take_an_unknown_fact_for_no(referral: Running) -> None:
    world = await a_world(referral, {}, Family(usaha_from=None))
    await world.apply_events(*family_facts(world.family))
    found = await offers(world)
    assert found[KUR]["fits"] is False
    assert sentences(found[KUR])[0] == "tidak cocok: usaha belum diketahui"


async def test_judge_all_rules_on_one_and_the_same_business(referral: Running) -> None:
    """An old business without a letter and a new one with a letter do not make one that is old and has a letter."""
    world = await a_world(referral, {}, Family(usaha_from=None))
    await world.apply_events(*family_facts(world.family))
    await world.apply_events(
        usaha(world.family, TODAY - timedelta(days=900), has_letter=False),
        usaha(world.family, TODAY - timedelta(days=60), has_letter=True),
    )
    assert (await offers(world))[KUR]["fits"] is False
    await world.apply_events(usaha(world.family, TODAY - timedelta(days=300), has_nib=True))
    assert (await offers(world))[KUR]["fits"] is True


async def test_have_a_hash_that_anybody_can_compute_and_that_the_rujukan_keeps(referral: Running) -> None:
    world = await a_world(referral, {})
    await world.apply_events(*family_facts(world.family))
    path = f"/v1/offer?kpm_id={world.family.kpm_id}"
    shown = (await referral.get(path, as_=world.pendamping)).json()
    assert (await referral.get(path, as_=world.dinsos)).json() == shown
    said = {"kpm_id": shown["kpm_id"], "offers": shown["offers"]}
    canonical = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert hashlib.sha256(canonical).hexdigest() == shown["sha256"]
    (kept,) = await referral.sql("SELECT sha256, offers FROM offer_shown")
    assert (kept["sha256"], json.loads(kept["offers"])) == (shown["sha256"], shown["offers"])
    await world.apply_events(determined(world.family, statement_offers_sha256=shown["sha256"]))
    listed = (await referral.get(f"/v1/rujukan?kpm_id={world.family.kpm_id}", as_=world.dinsos)).json()[
        "items"
    ]
    assert listed[0]["offers_sha256"] == shown["sha256"]


async def test_are_for_families_in_ones_care_and_area(referral: Running) -> None:
    world = await a_world(referral, {})
    path = f"/v1/offer?kpm_id={world.family.kpm_id}"
    unknown = await referral.get(path, as_=world.dinsos)
    assert (unknown.status_code, unknown.json()["title"], unknown.headers["retry-after"]) == (
        409,
        "NotYetKnown",
        "2",
    )
    await world.apply_events(*family_facts(world.family))
    other = referral.token("PENDAMPING", "pd-t", [DESA], pendamping_id=uuid4())
    assert (await referral.get(path, as_=other)).json()["title"] == "NotYetKnown"
    away = referral.token("DINSOS_KABKOTA", "dinsos-2", ["33.25"])
    assert (await referral.get(path, as_=away)).json()["title"] == "NotYetKnown"
    assert (await referral.get(path, as_=world.partner("PLUT"))).status_code == 403
