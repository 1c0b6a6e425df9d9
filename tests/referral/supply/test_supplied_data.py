"""What a partner asks for with PERLU_DATA, from its words to its notice."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from deploy.demo.partner_simulator import PartnerSimulator
from tests.factories.audit import read_entries
from tests.factories.cluster import START
from tests.factories.referral.catalogue import create_world
from tests.factories.referral.corrections import BANK, KUR, post_answer, post_fact, read_items
from tests.factories.referral.events import (
    TODAY,
    build_family_facts,
    build_graduasi_determined,
    build_sanggah_decided,
    build_sanggah_lodged,
)
from tests.factories.referral.notice_schema import without_head
from tests.factories.referral.world import World
from tests.factories.services import Running

WORDS = "Mohon foto usaha Ibu Contoh dan omzet terakhir"
SUPPLIED: dict[str, Any] = {"fields": ["usaha"], "text": "Omzet bulan lalu Rp 9.500.000", "files": []}


async def ask(referral: Running, bank: PartnerSimulator) -> tuple[World, str]:
    """Return a KUR for which the bank asks for data."""
    world = await create_world(referral, {BANK: bank})
    await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
    subject = await world.send_rujukan(KUR)
    if bank.pulls:
        await bank.pull()
    await post_answer(world, subject, "A-1", "PERLU_DATA", reason_text=WORDS)
    return world, subject


@pytest.fixture
async def asked(referral: Running) -> AsyncIterator[tuple[World, str, PartnerSimulator]]:
    """A KUR that was sent by webhook and for which the bank asks for data."""
    async with PartnerSimulator() as bank:
        world, subject = await ask(referral, bank)
        bank.received.clear()
        yield world, subject, bank


async def supply(world: World, subject: str, *, as_: str | None = None, **changes: Any) -> httpx.Response:
    path = f"/v1/rujukan-program/{subject}/supply"
    return await world.referral.post(path, SUPPLIED | changes, as_=as_ or world.pendamping)


async def test_words_of_the_partner_are_read_by_the_pendamping_and_travel_in_no_event(
    asked: tuple[World, str, PartnerSimulator],
) -> None:
    world, subject, _ = asked
    path = f"/v1/rujukan-program/{subject}/answer"
    listed = await world.referral.get(path, as_=world.pendamping)
    assert [item["reason_text"] for item in listed.json()["items"]] == [WORDS]
    assert "Contoh" not in str(await world.referral.read_envelopes())
    waiting = await world.referral.get("/v1/rujukan-program?waiting=me", as_=world.pendamping)
    assert subject in {item["rujukan_program_id"] for item in waiting.json()["items"]}


async def test_supplied_data_reach_the_partner_and_the_offer_continues(
    asked: tuple[World, str, PartnerSimulator],
) -> None:
    world, subject, bank = asked
    sha256 = await world.referral.put_file(b"foto usaha", as_=world.pendamping)
    await world.referral.set_clock(START + timedelta(days=3))
    offer = (await supply(world, subject, files=[sha256])).json()
    assert (offer["state"], offer["sla_due_on"]) == ("DIPROSES", str(TODAY + timedelta(days=3 + 14)))
    await world.referral.work()
    (notice,) = bank.received
    assert notice.signed
    assert notice.body["sla_due_on"] == offer["sla_due_on"]
    assert without_head(notice.body) == {
        "notice": "KELENGKAPAN",
        "rujukan_program_id": subject,
        "supplied_on": str(TODAY + timedelta(days=3)),
        "fields": ["usaha"],
        "text": SUPPLIED["text"],
        "files": [{"sha256": sha256, "media_type": "text/csv", "content": "Zm90byB1c2FoYQ=="}],
    }
    *_, step = await read_items(world, subject, "history")
    assert (step["from_state"], step["to_state"], step["sub"]) == ("PERLU_DATA", "DIPROSES", "pd-s")
    (item,) = await read_items(world, subject, "supply")
    assert (item["text"], item["files"], item["supplied_by"]) == (SUPPLIED["text"], [sha256], "pd-s")
    *_, attempt = await read_items(world, subject, "attempt")
    assert (attempt["notice"], attempt["fields"], attempt["http_status"]) == ("KELENGKAPAN", ["usaha"], 200)
    (event,) = await world.read_emitted_data("referral.rujukan_supplied.v1")
    assert (event["status"], event["supplied_on"]) == ("DIPROSES", str(TODAY + timedelta(days=3)))
    assert "9.500.000" not in str(await world.referral.read_envelopes())


async def test_each_supply_is_a_notice_of_its_own(asked: tuple[World, str, PartnerSimulator]) -> None:
    world, subject, bank = asked
    for number in (2, 3):
        assert (await supply(world, subject, text=f"Data {number}")).status_code == 201
        await world.referral.work()
        await post_answer(world, subject, f"A-{number}", "PERLU_DATA")
    assert [notice.body["text"] for notice in bank.received] == ["Data 2", "Data 3"]
    assert len({notice.headers["idempotency-key"] for notice in bank.received}) == 2


@pytest.mark.parametrize(
    ("changes", "status", "title"),
    [
        ({"fields": ["certificate_no"]}, 422, "FieldNotConsented"),
        ({"fields": ["desil"]}, 422, "Invalid"),
        ({"fields": []}, 422, "Invalid"),
        ({"files": ["0" * 64]}, 422, "FileNotUploaded"),
    ],
)
async def test_only_what_the_consent_covers_is_supplied(
    asked: tuple[World, str, PartnerSimulator], changes: dict[str, Any], status: int, title: str
) -> None:
    world, subject, bank = asked
    refused = await supply(world, subject, **changes)
    assert (refused.status_code, refused.json()["title"]) == (status, title)
    assert await world.read_state(KUR) == "PERLU_DATA"
    assert bank.received == []


async def test_long_files_are_refused(asked: tuple[World, str, PartnerSimulator]) -> None:
    world, subject, _ = asked
    sha256 = await world.referral.put_file(b"0" * (1024 * 1024 + 1), as_=world.pendamping)
    refused = await supply(world, subject, files=[sha256])
    assert (refused.status_code, refused.json()["title"]) == (413, "FileTooLong")


async def test_data_are_supplied_only_while_the_partner_waits(
    asked: tuple[World, str, PartnerSimulator],
) -> None:
    world, subject, _ = asked
    assert (await supply(world, subject, as_=world.partner(BANK))).status_code == 403
    assert (await supply(world, str(uuid4()))).status_code == 404
    assert (await supply(world, subject, as_=world.dinsos)).status_code == 201
    refused = await supply(world, subject)
    assert (refused.status_code, refused.json()["title"]) == (409, "DataNotRequested")


async def test_withdrawn_consent_stops_the_data_and_deletes_them(
    asked: tuple[World, str, PartnerSimulator],
) -> None:
    world, subject, bank = asked
    bank.down = True
    await supply(world, subject)
    await world.referral.work()
    body = {"withdrawn_on": str(TODAY), "reason": "Keluarga berubah pikiran"}
    path = f"/v1/rujukan-program/{subject}/consent-withdrawal"
    assert (await world.referral.post(path, body, as_=world.pendamping)).status_code == 201
    bank.down = False
    await world.retry_now()
    assert [notice.body["notice"] for notice in bank.received] == ["DICABUT"]
    assert [item["text"] for item in await read_items(world, subject, "supply")] == [None]


async def test_data_wait_while_an_objection_pauses_the_rujukan(
    asked: tuple[World, str, PartnerSimulator],
) -> None:
    world, subject, bank = asked
    objection = uuid4()
    await world.apply_events(build_sanggah_lodged(world.family, objection))
    await supply(world, subject)
    await world.referral.work()
    assert bank.received == []
    await world.apply_events(build_sanggah_decided(world.family, objection, "DITOLAK"))
    await world.referral.work()
    assert [notice.body["notice"] for notice in bank.received] == ["KELENGKAPAN"]


async def test_delivery_before_the_data_names_who_supplies_them(
    asked: tuple[World, str, PartnerSimulator],
) -> None:
    world, subject, _ = asked
    body = {"delivery_id": "D-1", "delivered_on": str(TODAY)}
    refused = (await post_fact(world, subject, "delivery", **body)).json()
    assert refused["title"] == "IllegalTransition"
    acts = {one["operation_id"]: one["roles"] for one in refused["remedy"]["operations"]}
    assert acts == {"supply_data": ["DINSOS_KABKOTA", "PENDAMPING"], "answer_rujukan": ["PARTNER"]}


async def void(world: World, subject: str) -> Any:
    path, body = f"/v1/rujukan-program/{subject}/supply-void", {"reason": "SALAH_KELUARGA"}
    return await world.referral.post(path, body, as_=world.pendamping)


async def test_wrong_data_are_voided_and_the_right_ones_supplied(
    asked: tuple[World, str, PartnerSimulator],
) -> None:
    world, subject, bank = asked
    bank.down = True
    await supply(world, subject, text="Data keluarga lain")
    await world.referral.work()
    voided = await void(world, subject)
    assert (voided.status_code, voided.json()["state"]) == (201, "PERLU_DATA"), voided.text
    *_, event = await world.read_emitted_data("referral.rujukan_supplied.v1")
    assert (event["status"], event["voided"]) == ("PERLU_DATA", True)
    again = await void(world, subject)
    assert (again.status_code, again.json()["title"]) == (409, "SupplyNotVoidable")
    assert (await supply(world, subject, text="Data yang benar")).status_code == 201
    bank.down = False
    await world.retry_now()
    assert [notice.body["text"] for notice in bank.received] == ["Data yang benar"]
    first, second = await read_items(world, subject, "supply")
    assert (first["text"], first["void_reason"], second["voided_on"]) == (
        "Data keluarga lain",
        "SALAH_KELUARGA",
        None,
    )


async def test_data_are_not_voided_after_the_answer_or_by_strangers(
    asked: tuple[World, str, PartnerSimulator],
) -> None:
    world, subject, _ = asked
    assert (await void(world, subject)).json()["title"] == "SupplyNotVoidable"
    await supply(world, subject)
    path, body = f"/v1/rujukan-program/{subject}/supply-void", {"reason": "SALAH_ISI"}
    assert (await world.referral.post(path, body, as_=world.partner(BANK))).status_code == 403
    elsewhere = world.referral.token("DINSOS_KABKOTA", "dinsos-batang-1", ["33.25"])
    assert (await world.referral.post(path, body, as_=elsewhere)).status_code == 404
    await post_answer(world, subject, "A-9", "DISETUJUI")
    assert (await void(world, subject)).json()["title"] == "SupplyNotVoidable"


async def test_inbox_does_not_show_voided_data(referral: Running) -> None:
    async with PartnerSimulator(pulls=True) as bank:
        world, subject = await ask(referral, bank)
        await supply(world, subject)
        await void(world, subject)
        assert await bank.pull() == []


async def test_inbox_has_the_supplied_data(referral: Running) -> None:
    async with PartnerSimulator(pulls=True) as bank:
        world, subject = await ask(referral, bank)
        await supply(world, subject)
        (item,) = await bank.pull()
        assert (item["notice"], item["body"]["text"]) == ("KELENGKAPAN", SUPPLIED["text"])
        assert await bank.pull() == []
        *_, read = await read_items(world, subject, "inbox-read")
        assert read["fields"] == ["usaha"]
        other = await referral.get("/v1/inbox", as_=world.partner("PLUT"))
        assert other.json()["items"] == []


async def test_the_partner_reads_the_supplied_file_as_long_as_the_consent_lasts(
    asked: tuple[World, str, PartnerSimulator],
) -> None:
    world, subject, _ = asked
    sha256 = await world.referral.put_file(b"foto usaha", as_=world.pendamping)
    (offer,) = await world.referral.sql(
        "SELECT partner_id FROM rujukan_program WHERE rujukan_program_id::text = $1", subject
    )
    partner = world.referral.token("PARTNER", "petugas-bank", partner_id=offer["partner_id"])
    other = world.referral.token("PARTNER", "petugas-lain", partner_id=uuid4())
    path = f"/v1/files/{sha256}"
    assert (await world.referral.get(path, as_=partner)).status_code == 404
    assert (await supply(world, subject, files=[sha256])).is_success
    answer = await world.referral.get(path, as_=partner)
    assert (answer.status_code, answer.content) == (200, b"foto usaha")
    (entry,) = (
        row
        for row in await read_entries(world.referral)
        if row["act"] == "read_file" and row["status"] == 200
    )
    assert (entry["purpose"], [str(kpm_id) for kpm_id in entry["subject_ids"]]) == (
        "RUJUKAN",
        [str(world.family.kpm_id)],
    )
    assert (await world.referral.get(path, as_=other)).status_code == 404
    # The paper of the consent names more than the data that it covers.
    assert (await world.referral.get(f"/v1/files/{world.evidence}", as_=partner)).status_code == 404
    withdrawn = {"withdrawn_on": str(TODAY), "reason": "Keluarga berubah pikiran."}
    withdrawal = f"/v1/rujukan-program/{subject}/consent-withdrawal"
    assert (await world.referral.post(withdrawal, withdrawn, as_=world.pendamping)).is_success
    assert (await world.referral.get(path, as_=partner)).status_code == 404
