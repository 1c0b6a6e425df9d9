"""A partner rotates the secret of its webhook, and no notice is lost meanwhile."""

from typing import Any

import httpx

from deploy.demo.partner_simulator import PartnerSimulator
from tests.factories.referral.catalogue import create_world
from tests.factories.referral.events import TODAY, build_family_facts, build_graduasi_determined
from tests.factories.referral.notice_schema import read_published_check
from tests.factories.referral.world import World
from tests.factories.services import Running

KUR = "KUR_SUPERMIKRO"


async def rotate(world: World, **options: Any) -> httpx.Response:
    return await world.referral.post("/v1/webhook/secret", as_=world.partner("BANK_KUR"), **options)


async def end(world: World, ends: str) -> httpx.Response:
    path = "/v1/webhook/secret-end"
    return await world.referral.post(path, {"ends": ends}, as_=world.partner("BANK_KUR"))


async def withdraw_consent(world: World, subject: str) -> None:
    path = f"/v1/rujukan-program/{subject}/consent-withdrawal"
    why = {"withdrawn_on": str(TODAY), "reason": "Keluarga berubah pikiran"}
    assert (await world.referral.post(path, why, as_=world.pendamping)).status_code == 201


async def read_webhook(world: World) -> dict[str, Any]:
    return (await world.referral.get("/v1/webhook", as_=world.partner("BANK_KUR"))).json()


async def test_notice_has_a_signature_of_each_valid_secret(referral: Running) -> None:
    is_from_pilar = read_published_check()
    async with PartnerSimulator() as bank:
        world = await create_world(referral, {"BANK_KUR": bank})
        await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
        former, rotated = bank.secret, await rotate(world)
        assert rotated.status_code == 201, rotated.text
        newest = rotated.json()["webhook_secret"]
        await world.send_rujukan(KUR)
        (both,) = bank.received
        assert both.signed, "the partner still has the former secret"
        checks = [is_from_pilar(secret, both.headers, both.content) for secret in (former, newest, "bukan")]
        assert checks == [True, True, False]
        assert not is_from_pilar(newest, both.headers, both.content + b" ")
        assert (await end(world, "FORMER")).status_code == 201
        await withdraw_consent(world, both.body["rujukan_program_id"])
        await referral.work()
        refused = bank.received[-1]
        checks = [is_from_pilar(secret, refused.headers, refused.content) for secret in (former, newest)]
        assert (checks, refused.signed) == ([False, True], False)


async def test_rotation_is_sealed_audited_and_shown_once(referral: Running) -> None:
    world = await create_world(referral, {})
    first, again = await rotate(world, key="k-1"), await rotate(world, key="k-1")
    assert again.json() == first.json() | {"webhook_secret": None}
    secrets = [world.partners["BANK_KUR"]["webhook_secret"], first.json()["webhook_secret"]]
    stored = await referral.sql("SELECT partner::text AS text FROM partner")
    assert all(secret not in row["text"] for secret in secrets for row in stored)
    assert "secret" not in str(await read_webhook(world))
    entries = await referral.sql(
        "SELECT actor, partner_id::text AS partner_id, outcome FROM platform.audit_entry"
        " WHERE act = 'rotate_webhook_secret' ORDER BY at"
    )
    partner = world.partners["BANK_KUR"]["partner_id"]
    assert (entries[0]["actor"], entries[0]["partner_id"]) == ("partner-bank_kur", partner)
    for token in (world.kemensos, world.dinsos, world.pendamping):
        assert (await referral.post("/v1/webhook/secret", as_=token)).status_code == 403


async def test_rotation_is_taken_back_or_repeated(referral: Running) -> None:
    world = await create_world(referral, {"KOPDES": PartnerSimulator(pulls=True)})
    assert (await end(world, "FORMER")).json()["title"] == "OneSecretOnly"
    inbox_only = await referral.post("/v1/webhook/secret", as_=world.partner("KOPDES"))
    assert (inbox_only.status_code, inbox_only.json()["title"]) == (409, "WebhookMissing")
    until = (await rotate(world)).json()["former_valid_until"]
    assert (await rotate(world)).json()["former_valid_until"] == until
    ended = await end(world, "NEWEST")
    assert (ended.status_code, ended.json()["former_valid_until"]) == (201, None)
    assert (await end(world, "NEWEST")).json()["title"] == "OneSecretOnly"


async def test_former_secret_ends_by_itself(referral: Running) -> None:
    world = await create_world(referral, {})
    await rotate(world)
    await world.retry_now()
    assert (await read_webhook(world))["former_valid_until"] is not None, "its time has not passed"
    await rotate(world)
    await referral.sql("UPDATE partner SET former_valid_until = clock_timestamp() WHERE code = 'BANK_KUR'")
    await referral.sql(
        "UPDATE platform.scheduled_task SET due_at = clock_timestamp(), done_at = NULL, lease_until = NULL"
        " WHERE kind = 'partner.end_former_secret'"
    )
    await referral.work()
    (row,) = await referral.sql("SELECT former_secret_sealed FROM partner WHERE code = 'BANK_KUR'")
    assert (row["former_secret_sealed"], (await read_webhook(world))["former_valid_until"]) == (None, None)
