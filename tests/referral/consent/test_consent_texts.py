"""The texts that are read to a family before it consents, by version."""

from datetime import timedelta
from uuid import uuid4

from tests.factories.cluster import START
from tests.factories.referral.catalogue import create_world
from tests.factories.referral.events import DESA, TODAY, build_family_facts, build_graduasi_determined
from tests.factories.referral.world import World
from tests.factories.services import Running

KUR = "KUR_SUPERMIKRO"
WORDS = {
    "text": "Saya setuju data minimum keluarga saya disampaikan kepada mitra program yang disebutkan.",
    "valid_from": str(TODAY + timedelta(days=1)),
    "basis": "Keputusan Menteri tentang persetujuan data",
}


async def create_case(referral: Running) -> World:
    world = await create_world(referral, {})
    await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
    return world


async def test_consent_text_can_be_read(referral: Running) -> None:
    token = referral.token("PENDAMPING", "pd-s", [DESA], pendamping_id=uuid4())
    texts = (await referral.get("/v1/consent-text", as_=token)).json()["items"]
    assert [text["version"] for text in texts] == [1]
    assert "menarik persetujuan ini kapan saja" in texts[0]["text"]


async def test_consent_needs_the_text_in_force_on_its_day(referral: Running) -> None:
    world = await create_case(referral)
    made = await referral.post("/v1/consent-text", WORDS, as_=world.kemensos)
    assert (made.status_code, made.json()["version"]) == (201, 2), made.text
    assert (await world.record_consent(KUR, text_version=2)).json()["title"] == "ConsentTextUnknown"
    await referral.set_clock(START + timedelta(days=1))
    tomorrow = WORDS["valid_from"]
    old = await world.record_consent(KUR, text_version=1, given_on=tomorrow)
    assert (old.status_code, old.json()["title"]) == (422, "ConsentTextUnknown")
    assert (
        await world.record_consent(KUR, text_version=1)
    ).status_code == 201  # of the day before, typed in late
    assert (await world.record_consent("KDMP", text_version=2, given_on=tomorrow)).status_code == 201


async def test_only_the_ministry_sets_a_later_consent_text(referral: Running) -> None:
    world = await create_world(referral, {})
    assert (await referral.post("/v1/consent-text", WORDS, as_=world.dinsos)).status_code == 403
    back = WORDS | {"valid_from": str(TODAY - timedelta(days=1))}
    refused = await referral.post("/v1/consent-text", back, as_=world.kemensos)
    assert (refused.status_code, refused.json()["title"]) == (422, "DateInThePast")
    assert (await referral.post("/v1/consent-text", WORDS, as_=world.kemensos)).status_code == 201
    taken = await referral.post("/v1/consent-text", WORDS, as_=world.kemensos)
    assert (taken.status_code, taken.json()["title"]) == (409, "VersionNotLatest")
