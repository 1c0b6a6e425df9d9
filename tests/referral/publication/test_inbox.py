"""The inbox of a partner without a webhook."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from jsonschema import Draft202012Validator

from deploy.demo.partner_simulator import PartnerSimulator
from services.referral.program.rules import payload_schema
from tests.factories.referral.catalogue import PROGRAMS, create_world
from tests.factories.referral.events import NIK, TODAY, build_family_facts, build_graduasi_determined
from tests.factories.referral.notice_schema import without_head
from tests.factories.referral.world import World
from tests.factories.services import Running, open_scope
from tests.factories.transactions import watched

KUR = "KUR_SUPERMIKRO"


async def create_case(referral: Running, bank: PartnerSimulator) -> World:
    world = await create_world(referral, {"BANK_KUR": bank})
    await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
    return world


async def withdraw_consent(world: World, subject: str) -> None:
    body = {"withdrawn_on": str(TODAY), "reason": "Keluarga berubah pikiran"}
    path = f"/v1/rujukan-program/{subject}/consent-withdrawal"
    assert (await world.referral.post(path, body, as_=world.pendamping)).status_code == 201


async def test_inbox_has_the_webhook_content_and_a_receipt_marks_it_sent(referral: Running) -> None:
    async with PartnerSimulator(pulls=True) as bank:
        world = await create_case(referral, bank)
        subject = await world.send_rujukan(KUR)
        assert await world.read_state(KUR) == "DISETUJUI_KPM"
        (item,) = await bank.pull(receipts=False)
        body = item["body"]
        Draft202012Validator(payload_schema(PROGRAMS[KUR]["minimum_data"])).validate(body)
        assert (body["nik"], body["rujukan_program_id"], body["sk_no"]) == (
            NIK,
            subject,
            "SK-GRAD/33.24/2026/001",
        )
        assert [notice["notice_id"] for notice in await bank.pull(receipts=False)] == [item["notice_id"]]
        first, again = await bank.receive(item), await bank.receive(item)
        assert (first.status_code, again.status_code, first.json()) == (201, 201, again.json())
        assert await world.read_state(KUR) == "TERKIRIM"
        assert await bank.pull() == []
        assert len(await world.read_emitted_data("referral.rujukan_sent.v1")) == 1


async def test_inbox_read_is_recorded_with_field_names_without_values(referral: Running) -> None:
    async with PartnerSimulator(pulls=True) as bank:
        world = await create_case(referral, bank)
        subject = await world.send_rujukan(KUR)
        await bank.pull(receipts=False)
        await bank.pull()
        path = f"/v1/rujukan-program/{subject}/inbox-read"
        reads = (await referral.get(path, as_=world.dinsos)).json()["items"]
        assert [(read["by"], sorted(read["fields"])) for read in reads] == [
            ("partner-bank_kur", sorted(PROGRAMS[KUR]["minimum_data"]))
        ] * 2
        assert NIK not in str(await referral.sql("SELECT inbox_read::text AS text FROM inbox_read"))
        assert (await referral.get(path, as_=world.partner("BANK_KUR"))).status_code == 403
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await run_as_api(referral, "DELETE FROM inbox_read", areas="*")


async def test_inbox_answers_after_the_commit_of_its_reads(referral: Running) -> None:
    async with PartnerSimulator(pulls=True) as bank:
        world = await create_case(referral, bank)
        await world.send_rujukan(KUR)
        pool: Any = referral.database.engine.pool
        in_use: list[int] = []

        async def count() -> None:
            in_use.append(pool.checkedout())

        async with watched(referral, world.partner("BANK_KUR"), count) as client:
            assert len((await client.get("/v1/inbox")).json()["items"]) == 1
        assert in_use == [0]
        assert len(await referral.sql("SELECT FROM inbox_read")) == 1


async def run_as_api(referral: Running, statement: str, *, areas: str = "", partner: str = "") -> list[Any]:
    """Run a statement with the api role in a scope."""
    connection = await asyncpg.connect(referral.database.url)
    try:
        async with connection.transaction():
            scope = "PARTNER" if partner else "AREA"
            await open_scope(connection, areas=areas, scope=scope, partner=partner)
            return await connection.fetch(statement)
    finally:
        await connection.close()


async def test_inbox_has_only_the_partners_own_notices(referral: Running) -> None:
    async with PartnerSimulator(pulls=True) as bank:
        world = await create_case(referral, bank)
        subject = await world.send_rujukan(KUR)
        assert (await referral.get("/v1/inbox", as_=world.partner("PLUT"))).json()["items"] == []
        assert (await referral.get("/v1/inbox", as_=world.dinsos)).status_code == 403
        (item,) = await bank.pull(receipts=False)
        stolen = await referral.post(
            f"/v1/rujukan-program/{subject}/receipt",
            {"notice_id": item["notice_id"]},
            as_=world.partner("PLUT"),
        )
        assert stolen.status_code == 404
        other = await referral.post(
            f"/v1/rujukan-program/{subject}/receipt",
            {"notice_id": str(uuid4())},
            as_=world.partner("BANK_KUR"),
        )
        assert other.status_code == 404


async def test_database_shows_an_identity_only_to_its_partner(referral: Running) -> None:
    async with PartnerSimulator(pulls=True) as bank:
        world = await create_case(referral, bank)
        subject = await world.send_rujukan(KUR)
        own, plut = (world.partners[code]["partner_id"] for code in ("BANK_KUR", "PLUT"))
        opened = f"SELECT identity_for_partner('{subject}') IS NOT NULL AS opened"
        seen = [
            (await run_as_api(referral, opened, areas=areas, partner=partner))[0]["opened"]
            for areas, partner in (("", own), ("*", plut), ("*", ""), ("", ""))
        ]
        assert seen == [True, False, False, False]
        counted = "SELECT count(for_id) AS n FROM identity"
        rows = [
            (await run_as_api(referral, counted, areas=areas, partner=partner))[0]["n"]
            for areas, partner in (("", own), ("*", plut), ("33.24", ""), ("33.25", ""), ("", ""))
        ]
        assert rows == [1, 0, 1, 0, 0]


async def test_inbox_is_empty_until_the_rujukan_can_be_sent(referral: Running) -> None:
    async with PartnerSimulator(pulls=True) as bank:
        world = await create_case(referral, bank)
        assert await bank.pull() == []
        await world.record_consent(KUR)
        await referral.work()
        assert await bank.pull() == []
        await world.apply_identity(KUR)
        await referral.work()
        assert len(await bank.pull()) == 1


async def test_inbox_after_withdrawn_consent_has_only_the_withdrawal(
    referral: Running,
) -> None:
    async with PartnerSimulator(pulls=True) as bank:
        world = await create_case(referral, bank)
        subject = await world.send_rujukan(KUR)
        await withdraw_consent(world, subject)
        (item,) = await bank.pull()
        assert without_head(item["body"]) == {
            "notice": "DICABUT",
            "rujukan_program_id": subject,
            "withdrawn_on": str(TODAY),
        }
        assert bank.withdrawn == {subject}
        assert await bank.pull() == []


async def test_inbox_has_the_withdrawal_of_an_accepted_rujukan(referral: Running) -> None:
    async with PartnerSimulator(pulls=True) as bank:
        world = await create_case(referral, bank)
        subject = await world.send_rujukan(KUR)
        await bank.pull()
        assert set(bank.rujukan) == {subject}
        await withdraw_consent(world, subject)
        await referral.work()
        assert [item["notice"] for item in await bank.pull()] == ["DICABUT"]
        assert bank.rujukan == {}


async def test_receipt_of_an_unread_notice_is_refused(referral: Running) -> None:
    async with PartnerSimulator(pulls=True) as bank:
        world = await create_case(referral, bank)
        subject = await world.send_rujukan(KUR)
        (row,) = await referral.sql("SELECT notice_id FROM partner_notice")
        refused = await bank.receive({"rujukan_program_id": subject, "notice_id": str(row["notice_id"])})
        assert (refused.status_code, refused.json()["title"]) == (409, "NoticeNotRead")
        assert await world.read_state(KUR) == "DISETUJUI_KPM"


async def test_inbox_serves_a_partner_whose_webhook_is_down(referral: Running) -> None:
    async with PartnerSimulator(down=True) as bank:
        world = await create_case(referral, bank)
        subject = await world.send_rujukan(KUR)
        assert await world.read_state(KUR) == "GAGAL_KIRIM"
        assert len(await bank.pull()) == 1
        assert await world.read_state(KUR) == "TERKIRIM"
        bank.down, before = False, bank.tries
        await world.retry_now()
        assert bank.tries == before
        answered = await bank.answer(subject, answer_id="A-1", status="DISETUJUI", answered_on=str(TODAY))
        assert answered.status_code == 201


async def test_unread_notices_go_to_a_new_webhook(referral: Running) -> None:
    """A withdrawal that was not read in the inbox is sent to the new webhook."""
    async with PartnerSimulator(pulls=True) as bank:
        world = await create_case(referral, bank)
        subject = await world.send_rujukan(KUR)
        await bank.pull()
        await withdraw_consent(world, subject)
        await referral.work()
        path, etag = f"/v1/partner/{world.partners['BANK_KUR']['partner_id']}/webhook", {"If-Match": '"1"'}
        given = await referral.post(path, {"webhook_url": bank.url}, as_=world.kemensos, headers=etag)
        assert given.status_code == 201, given.text
        bank.secret = given.json()["webhook_secret"]
        await referral.work()
        assert [notice.body["notice"] for notice in bank.received] == ["DICABUT"]
        assert bank.rujukan == {}


async def test_inbox_is_paged(referral: Running) -> None:
    async with PartnerSimulator(pulls=True) as bank:
        world = await create_case(referral, bank)
        subject = await world.send_rujukan(KUR)
        for day in range(3):
            await referral.sql(
                'INSERT INTO partner_notice (notice_id, rujukan_program_id, partner_id, notice, "on")'
                " SELECT gen_random_uuid(), rujukan_program_id, partner_id, 'DICABUT', $1 FROM partner_notice"
                " WHERE notice = 'RUJUKAN'",
                TODAY + timedelta(days=day),
            )
        token = world.partner("BANK_KUR")
        first = (await referral.get("/v1/inbox?limit=3", as_=token)).json()
        rest = (await referral.get(first["next"], as_=token)).json()
        assert [item["notice"] for item in first["items"] + rest["items"]] == ["RUJUKAN"] + ["DICABUT"] * 3
        assert rest["next"] is None
        assert {item["rujukan_program_id"] for item in rest["items"]} == {subject}


async def test_webhook_and_inbox_have_the_same_head(referral: Running) -> None:
    """The due day before the receipt is the one that holds after it."""
    async with PartnerSimulator(pulls=True) as bank:
        world = await create_case(referral, bank)
        subject = await world.send_rujukan(KUR)
        (item,) = await bank.pull(receipts=False)
        head = {name: item["body"][name] for name in ("notified_at", "sla_due_on", "kode_wilayah")}
        written_at = datetime.fromisoformat(item["told_at"])
        assert datetime.fromisoformat(head["notified_at"]) == written_at.replace(microsecond=0)
        await bank.receive(item)
        offer = (await referral.get(f"/v1/rujukan-program/{subject}", as_=world.partner("BANK_KUR"))).json()
        assert (head["sla_due_on"], head["kode_wilayah"]) == (offer["sla_due_on"], world.family.area)
