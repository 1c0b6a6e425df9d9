"""Drafts are declined, and declined or withdrawn offers are made again."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from deploy.demo.partner_simulator import PartnerSimulator
from tests.factories.cluster import START
from tests.factories.referral.catalogue import build_rule, create_world, publish_program
from tests.factories.referral.corrections import post_fact
from tests.factories.referral.events import (
    TODAY,
    build_family_facts,
    build_graduasi_annulled,
    build_graduasi_determined,
)
from tests.factories.referral.outcomes import deliver_kur
from tests.factories.referral.places import record_consent, withdraw_consent
from tests.factories.referral.world import World
from tests.factories.services import Running

KUR, PLUT = "KUR_SUPERMIKRO", "UMKM_PENDAMPINGAN"
NAMED = "SELECT {0}_id AS id, name FROM {0}"


@pytest.fixture
async def world(referral: Running) -> World:
    """A family with a draft for each of three programs."""
    world = await create_world(referral, {})
    await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
    return world


async def post(world: World, subject: str, act: str, *, as_: str | None = None) -> Any:
    return await world.referral.post(
        f"/v1/rujukan-program/{subject}/{act}", None, as_=as_ or world.pendamping
    )


async def read_offers(world: World, code: str) -> list[tuple[str, str]]:
    """Return ids and states of the offers of a program, oldest first."""
    statement = "SELECT rujukan_program_id, state FROM rujukan_program WHERE program_code = $1 ORDER BY 1"
    return [
        (str(row["rujukan_program_id"]), row["state"]) for row in await world.referral.sql(statement, code)
    ]


async def test_declined_draft_waits_for_nobody_and_is_made_again(world: World) -> None:
    ((subject, _),) = await read_offers(world, PLUT)
    declined = await post(world, subject, "decline")
    assert (declined.status_code, declined.json()["state"]) == (201, "DICABUT")
    assert await world.read_emitted_data("referral.rujukan_withdrawn.v1") == []
    waiting = await world.referral.get("/v1/rujukan-program?waiting=me", as_=world.pendamping)
    assert PLUT not in {item["program_code"] for item in waiting.json()["items"]}
    again = await post(world, subject, "decline")
    assert (again.status_code, again.json()["title"]) == (409, "OfferHasEnded")
    path = f"/v1/rujukan-program/{subject}/history"
    opening, moved = (await world.referral.get(path, as_=world.dinsos)).json()["items"]
    assert (opening["from_state"], opening["reason_code"]) == (None, "DICOCOKKAN")
    assert (opening["sub"], opening["role"], opening["pendamping_id"]) == ("system:referral", "SYSTEM", None)
    assert (moved["to_state"], moved["reason_code"]) == ("DICABUT", "DITOLAK_KELUARGA")
    assert (moved["role"], moved["pendamping_id"]) == ("PENDAMPING", str(world.family.pendamping_id))
    assert (await world.record_consent(PLUT)).json()["title"] == "OfferWithdrawn"
    renewed = await post(world, subject, "renewal", as_=world.dinsos)
    assert (renewed.status_code, renewed.json()["state"]) == (201, "DRAF")
    assert await read_offers(world, PLUT) == [
        (subject, "DICABUT"),
        (renewed.json()["rujukan_program_id"], "DRAF"),
    ]
    twice = await post(world, subject, "renewal")
    assert (twice.status_code, twice.json()["title"]) == (409, "OfferNotWithdrawn")
    body = {"text_version": 1, "channel": "TATAP_MUKA", "evidence_sha256": world.evidence}
    path = f"/v1/rujukan-program/{subject}/consent"
    former = await world.referral.post(path, body | {"given_on": str(TODAY)}, as_=world.pendamping)
    assert (former.status_code, former.json()["title"]) == (409, "OfferLapsed")
    assert former.json()["remedy"]["operations"][0]["operation_id"] == "list_rujukan_programs"


async def test_family_consents_again_after_a_withdrawal(world: World) -> None:
    first = await record_consent(world)
    assert (await post(world, first, "decline")).json()["title"] == "OfferNotDraft"
    assert (await withdraw_consent(world)).status_code == 201
    renewed = (await post(world, first, "renewal")).json()["rujukan_program_id"]
    body = {"text_version": 1, "channel": "TATAP_MUKA", "evidence_sha256": world.evidence}
    path = f"/v1/rujukan-program/{renewed}/consent"
    given = await world.referral.post(path, body | {"given_on": str(TODAY)}, as_=world.pendamping)
    assert (given.status_code, given.json()["state"]) == (201, "DISETUJUI_KPM")
    assert await read_offers(world, PLUT) == [(first, "DICABUT"), (renewed, "DISETUJUI_KPM")]


async def test_offer_is_made_again_only_by_whom_the_family_has(world: World) -> None:
    ((subject, _),) = await read_offers(world, PLUT)
    await post(world, subject, "decline")
    partner = world.partner("PLUT")
    assert (await post(world, subject, "renewal", as_=partner)).status_code == 403
    elsewhere = world.referral.token("DINSOS_KABKOTA", "dinsos-batang-1", ["33.25"])
    assert (await post(world, subject, "renewal", as_=elsewhere)).status_code == 404
    assert (await post(world, subject, "decline", as_=elsewhere)).status_code == 404


async def test_closed_rujukan_opens_with_a_renewed_offer(world: World) -> None:
    for code in (KUR, PLUT, "KDMP"):
        ((subject, _),) = await read_offers(world, code)
        await post(world, subject, "decline")
    await world.referral.set_clock(START + timedelta(days=100))
    await world.referral.work()
    read_state = "SELECT state FROM rujukan"
    assert (await world.referral.sql(read_state))[0]["state"] == "TUTUP"
    assert (await post(world, subject, "renewal")).status_code == 201
    await world.referral.work()
    assert (await world.referral.sql(read_state))[0]["state"] == "TERBUKA"


async def test_offer_of_an_undone_graduation_is_not_made_again(world: World) -> None:
    ((subject, _),) = await read_offers(world, PLUT)
    await world.apply_events(build_graduasi_annulled(world.family))
    refused = await post(world, subject, "renewal")
    assert (refused.status_code, refused.json()["title"]) == (409, "RujukanNotOpen")


async def test_family_does_not_consent_to_aid_that_came_under_the_former_offer(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await deliver_kur(referral, bank, deliver=False)
        await withdraw_consent(world, KUR)
        assert (await post(world, subject, "renewal")).status_code == 201
        body = {"delivery_id": "D-1", "delivered_on": str(TODAY)}
        assert (await post_fact(world, subject, "delivery", **body)).json()["state"] == "DICABUT"
        refused = await world.record_consent(KUR)
        assert (refused.status_code, refused.json()["title"]) == (409, "ProgramNoLongerFits")
        void = await post_fact(world, subject, "delivery-void", reason="TIDAK_TERJADI")
        assert void.status_code == 201, void.text
        assert (await world.record_consent(KUR)).status_code == 201


async def test_delivered_aid_is_not_offered_again(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await deliver_kur(referral, bank)
        await withdraw_consent(world, KUR)
        assert (await post(world, subject, "renewal")).json()["title"] == "OfferNotWithdrawn"


async def test_offer_is_made_again_by_the_revision_in_force(world: World) -> None:
    ((subject, _),) = await read_offers(world, PLUT)
    right = {"valid_from": str(TODAY), "rules": [build_rule("desil_nas", "GE", 9)]}
    revised = await publish_program(world, PLUT, "PLUT", **right)
    await post(world, subject, "decline")
    refused = await post(world, subject, "renewal")
    assert (refused.status_code, refused.json()["title"]) == (409, "ProgramNoLongerFits")
    assert revised.json()["revision"] == 2
    ((other, _),) = await read_offers(world, KUR)
    revised = await publish_program(world, KUR, "BANK_KUR", valid_from=str(TODAY), amount_max_rp=5)
    await post(world, other, "decline")
    renewed = (await post(world, other, "renewal")).json()
    assert renewed["program_id"] == revised.json()["program_id"]


async def test_an_offer_names_its_program_and_partner(world: World) -> None:
    programs, partners = [
        {row["id"]: row["name"] for row in await world.referral.sql(NAMED.format(table))}
        for table in ("program", "partner")
    ]
    listed = (await world.referral.get("/v1/rujukan-program", as_=world.dinsos)).json()["items"]
    path = f"/v1/rujukan/{listed[0]['rujukan_id']}"
    whole = (await world.referral.get(path, as_=world.dinsos)).json()["programs"]
    declined = (await post(world, listed[0]["rujukan_program_id"], "decline")).json()
    path = f"/v1/rujukan-program/{listed[0]['rujukan_program_id']}"
    one = (await world.referral.get(path, as_=world.dinsos)).json()
    assert len(listed) == len(whole) == 3
    for shown in (*listed, *whole, declined, one):
        names = programs[UUID(shown["program_id"])], partners[UUID(shown["partner_id"])]
        assert (shown["program_name"], shown["partner_name"]) == names
