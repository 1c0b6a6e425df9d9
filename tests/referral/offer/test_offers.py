import hashlib
import json
from datetime import timedelta
from uuid import uuid4

from deploy.demo.partner_simulator import PartnerSimulator
from tests.factories.referral.catalogue import build_rule, create_world, publish_program
from tests.factories.referral.events import (
    DESA,
    TODAY,
    Family,
    build_family_facts,
    build_graduasi_annulled,
    build_graduasi_determined,
    build_usaha_recorded,
)
from tests.factories.referral.world import World
from tests.factories.services import Running

KUR, PLUT, KDMP = "KUR_SUPERMIKRO", "UMKM_PENDAMPINGAN", "KDMP"


async def read_offers(world: World, **more: str) -> dict[str, dict[str, object]]:
    answer = await world.referral.get(
        f"/v1/offer?kpm_id={world.family.kpm_id}", as_=world.pendamping, headers=more
    )
    assert answer.status_code == 200, answer.text
    return {offer["program_code"]: offer for offer in answer.json()["offers"]}


def read_sentences(offer: dict[str, object], language: str = "id") -> list[str]:
    reasons = offer["reasons"]
    assert isinstance(reasons, list)
    return [reason[language] for reason in reasons]


async def test_offer_has_a_reason_for_every_rule(referral: Running) -> None:
    world = await create_world(referral, {})
    await world.apply_events(*build_family_facts(world.family))
    by_code = await read_offers(world)
    assert {code: offer["fits"] for code, offer in by_code.items()} == {KUR: True, PLUT: True, KDMP: True}
    assert read_sentences(by_code[KUR]) == [
        "cocok: usaha 37 bulan ≥ 6 bulan",
        "cocok: pemilik usaha sudah menikah",
        "cocok: NIB atau surat keterangan usaha ada = ada",
    ]
    assert read_sentences(by_code[PLUT])[0] == "cocok: desil nasional 5 ≥ 5"
    assert read_sentences(by_code[KDMP], "en") == [f"fits: area {DESA} ∈ {{{DESA}}}"]


async def test_offer_explains_why_a_program_does_not_fit(referral: Running) -> None:
    world = await create_world(
        referral, {}, Family(usaha_from=TODAY - timedelta(days=125), desil=4, area="33.24.09.2002")
    )
    await world.apply_events(*build_family_facts(world.family))
    by_code = await read_offers(world)
    assert {code: offer["fits"] for code, offer in by_code.items()} == {KUR: False, PLUT: False, KDMP: False}
    assert read_sentences(by_code[KUR])[0] == "tidak cocok: usaha 4 bulan < 6 bulan"
    assert read_sentences(by_code[KUR], "en")[0] == "does not fit: business 4 months < 6 months"
    assert read_sentences(by_code[PLUT])[0] == "tidak cocok: desil nasional 4 < 5"
    assert read_sentences(by_code[KDMP])[0] == f"tidak cocok: wilayah 33.24.09.2002 ∉ {{{DESA}}}"


async def test_delivered_aid_counts_after_a_withdrawal(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world = await create_world(referral, {"BANK_KUR": bank})
        once = [build_rule("aid_programs", "NONE_OF", [KUR])]
        assert (
            await publish_program(world, PLUT, "PLUT", valid_from=str(TODAY), rules=once)
        ).status_code == 201
        await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
        assert (await read_offers(world))[PLUT]["fits"] is True
        subject = await world.send_rujukan(KUR)
        await bank.answer(subject, answer_id="A-1", status="DISETUJUI", answered_on=str(TODAY))
        await bank.deliver(subject, delivery_id="D-1", delivered_on=str(TODAY))
        await world.apply_events(build_graduasi_annulled(world.family))
        assert await world.read_state(KUR) == "DICABUT"
        assert (await read_offers(world))[PLUT]["fits"] is False


async def test_failed_soft_rule_still_fits(referral: Running) -> None:
    world = await create_world(referral, {}, Family(desil=3))
    await world.apply_events(*build_family_facts(world.family))
    soft = {"field": "desil_nas", "op": "GE", "value": 5, "strength": "SOFT", "source": "MoU", "version": "2"}
    assert (
        await publish_program(world, PLUT, "PLUT", valid_from=str(TODAY), rules=[soft])
    ).status_code == 201
    offer = (await read_offers(world))[PLUT]
    assert (offer["fits"], offer["revision"]) == (True, 2)
    assert read_sentences(offer) == ["tidak cocok: desil nasional 3 < 5"]


async def test_unknown_fact_does_not_fit(referral: Running) -> None:
    world = await create_world(referral, {}, Family(usaha_from=None))
    await world.apply_events(*build_family_facts(world.family))
    by_code = await read_offers(world)
    assert by_code[KUR]["fits"] is False
    assert read_sentences(by_code[KUR])[0] == "tidak cocok: usaha belum diketahui"


async def test_all_rules_are_judged_on_the_same_usaha(referral: Running) -> None:
    """Two usaha that each fulfil one rule do not fit."""
    world = await create_world(referral, {}, Family(usaha_from=None))
    await world.apply_events(*build_family_facts(world.family))
    await world.apply_events(
        build_usaha_recorded(world.family, TODAY - timedelta(days=900), has_letter=False),
        build_usaha_recorded(world.family, TODAY - timedelta(days=60), has_letter=True),
    )
    assert (await read_offers(world))[KUR]["fits"] is False
    await world.apply_events(build_usaha_recorded(world.family, TODAY - timedelta(days=300), has_nib=True))
    assert (await read_offers(world))[KUR]["fits"] is True


async def test_offer_list_hash_can_be_computed_and_is_stored_in_the_rujukan(referral: Running) -> None:
    world = await create_world(referral, {})
    await world.apply_events(*build_family_facts(world.family))
    path = f"/v1/offer?kpm_id={world.family.kpm_id}"
    shown = (await referral.get(path, as_=world.pendamping)).json()
    assert (await referral.get(path, as_=world.dinsos)).json() == shown
    hashed = {"kpm_id": shown["kpm_id"], "offers": shown["offers"]}
    canonical = json.dumps(hashed, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert hashlib.sha256(canonical).hexdigest() == shown["sha256"]
    (stored,) = await referral.sql("SELECT sha256, offers FROM offer_shown")
    assert (stored["sha256"], json.loads(stored["offers"])) == (shown["sha256"], shown["offers"])
    await world.apply_events(build_graduasi_determined(world.family, statement_offers_sha256=shown["sha256"]))
    listed = (await referral.get(f"/v1/rujukan?kpm_id={world.family.kpm_id}", as_=world.dinsos)).json()[
        "items"
    ]
    assert listed[0]["offers_sha256"] == shown["sha256"]


async def test_offers_are_only_for_families_in_scope(referral: Running) -> None:
    world = await create_world(referral, {})
    path = f"/v1/offer?kpm_id={world.family.kpm_id}"
    unknown = await referral.get(path, as_=world.dinsos)
    assert (unknown.status_code, unknown.json()["title"], unknown.headers["retry-after"]) == (
        409,
        "NotYetKnown",
        "2",
    )
    await world.apply_events(*build_family_facts(world.family))
    other = referral.token("PENDAMPING", "pd-t", [DESA], pendamping_id=uuid4())
    assert (await referral.get(path, as_=other)).json()["title"] == "NotYetKnown"
    away = referral.token("DINSOS_KABKOTA", "dinsos-2", ["33.25"])
    assert (await referral.get(path, as_=away)).json()["title"] == "NotYetKnown"
    assert (await referral.get(path, as_=world.partner("PLUT"))).status_code == 403
