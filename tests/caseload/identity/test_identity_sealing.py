"""Sealing of a family's identity to referral, and the replica of aid (docs/messaging.md#sealed-topic)."""

import base64
from typing import Any
from uuid import UUID, uuid5

import pytest

from shared.contracts.referral import (
    ConsentGiven,
    ConsentWithdrawn,
    RujukanAnswered,
    RujukanDelivered,
    RujukanSent,
)
from shared.privacy import SealingKey, open_sealed
from tests.factories.caseload.family import Family
from tests.factories.caseload.intake import (
    SPACE,
    build_csv,
    import_file,
    mother,
    pendamping_token,
    read_emitted_events,
    read_kpm_id,
)
from tests.factories.caseload.member import find_member
from tests.factories.delivery import deliver
from tests.factories.services import Running

OFFER = uuid5(SPACE, "offer")
NIK, NEW_NIK = "3324075211879001", "3324075211879002"


async def give_consent(service: Running) -> dict[str, Any]:
    await import_file(service, build_csv(mother()))
    ids = {
        "rujukan_id": OFFER,
        "rujukan_program_id": OFFER,
        "partner_id": UUID(int=7),
        "kode_wilayah": "33.24.09.2011",
    }
    return ids | {"kpm_id": await read_kpm_id(service, NIK), "consent_id": UUID(int=8), "text_version": 1}


async def read_identity_sealed(service: Running) -> list[dict[str, Any]]:
    return [data for name, data in await read_emitted_events(service) if name == "identity_sealed"]


async def test_identity_is_sealed_to_referral_once_per_consent(
    kendal_caseload: Running, referral: Running
) -> None:
    consent = await give_consent(kendal_caseload)
    await referral.publish(ConsentGiven.model_validate(consent))
    await deliver(referral, kendal_caseload, times=3)
    [one] = await read_identity_sealed(kendal_caseload)
    assert NIK not in str(one)
    keys = SealingKey.read(referral.cluster.folder / "keys" / "referral")
    key = next(key for key in keys if key.key_id == one["key_id"])
    opened = open_sealed(
        key.private_key, base64.b64decode(one["ciphertext"]), "referral", one["for_id"], one["key_id"]
    )
    (person,) = opened.pop("persons")
    assert opened == {"nik": NIK, "name": "Ibu Contoh", "phone": "+6281234567890"}
    assert (person["nik"], person["name"], person["relation"]) == (NIK, "Ibu Contoh", "ISTRI")
    assert one["for_id"] == str(OFFER)


async def open_identity(referral: Running, event: dict[str, Any]) -> dict[str, Any]:
    """Open a sealed identity with referral's key."""
    keys = SealingKey.read(referral.cluster.folder / "keys" / "referral")
    key = next(key for key in keys if key.key_id == event["key_id"])
    sealed = base64.b64decode(event["ciphertext"])
    return open_sealed(key.private_key, sealed, "referral", event["for_id"], event["key_id"])


async def correct_over_http(family: Family) -> None:
    member, version = await find_member(family, pengurus=True)
    body = {"nik": NEW_NIK, "evidence_sha256": await family.upload_evidence()}
    await family.post_ok(f"anggota/{member['anggota_id']}/nik", body, version)


async def correct_by_file(family: Family) -> None:
    await import_file(family.caseload, build_csv(mother(name="Ibu Contoh Baru")))


@pytest.mark.parametrize(
    ("correct", "name", "value"),
    [(correct_over_http, "nik", NEW_NIK), (correct_by_file, "name", "Ibu Contoh Baru")],
)
async def test_identity_that_is_corrected_before_the_sending_is_sealed_again(
    kendal_caseload: Running, referral: Running, correct: Any, name: str, value: str
) -> None:
    consent = await give_consent(kendal_caseload)
    await referral.publish(ConsentGiven.model_validate(consent))
    await deliver(referral, kendal_caseload)
    family = Family(kendal_caseload, consent["kpm_id"], pendamping_token(kendal_caseload))
    await correct(family)
    *_, last = await read_identity_sealed(kendal_caseload)
    assert (await open_identity(referral, last))[name] == value
    await kendal_caseload.sql(
        "INSERT INTO replica_aid.aid (rujukan_program_id, program_code, status, rujukan_id, graduasi_id, kpm_id,"
        " partner_id) VALUES ($1, 'KUR', 'TERKIRIM', $1, $1, $2, $1)",
        OFFER,
        UUID(consent["kpm_id"]),
    )
    count = len(await read_identity_sealed(kendal_caseload))
    await import_file(
        kendal_caseload, build_csv(mother(nik=value if name == "nik" else NIK, phone="081200009009"))
    )
    assert len(await read_identity_sealed(kendal_caseload)) == count, "it was sent"


async def test_nothing_is_sealed_after_withdrawal_of_consent(
    kendal_caseload: Running, referral: Running
) -> None:
    consent = await give_consent(kendal_caseload)
    await referral.publish(ConsentWithdrawn.model_validate(consent | {"reason": "tidak berminat"}))
    await referral.publish(ConsentGiven.model_validate(consent))
    await deliver(referral, kendal_caseload)
    assert await read_identity_sealed(kendal_caseload) == []
    assert [row["state"] for row in await kendal_caseload.sql("SELECT state FROM sealing")] == ["WITHDRAWN"]


async def test_aid_is_shown_with_the_family(kendal_caseload: Running, referral: Running) -> None:
    consent = await give_consent(kendal_caseload)
    offer = consent | {
        "graduasi_id": UUID(int=9),
        "program_code": "KUR_SUPERMIKRO",
        "benefit_kinds": ["MODAL"],
    }
    await referral.publish(
        RujukanSent.model_validate(offer | {"status": "TERKIRIM", "sent_on": "2026-07-01"}),
        RujukanAnswered.model_validate(
            offer | {"status": "DISETUJUI", "amount_rp": 8_000_000, "answered_on": "2026-07-05"}
        ),
        RujukanDelivered.model_validate(offer | {"status": "DISALURKAN", "delivered_on": "2026-07-09"}),
    )
    await deliver(referral, kendal_caseload)
    seen = (
        await kendal_caseload.get(f"/v1/kpm/{consent['kpm_id']}", as_=pendamping_token(kendal_caseload))
    ).json()["aid"]
    assert [(row["status"], row["amount_rp"], row["sent_on"], row["delivered_on"]) for row in seen] == [
        ("DISALURKAN", 8_000_000, "2026-07-01", "2026-07-09")
    ]


async def test_identity_of_next_pengurus_is_sealed_after_consent_without_one(
    kendal_caseload: Running, referral: Running
) -> None:
    one = await Family.create(kendal_caseload, mother())
    whole = await one.read()
    head, husband = (
        next(m["anggota_id"] for m in whole["members"] if m["relation"] == relation)
        for relation in ("ISTRI", "KEPALA_KELUARGA")
    )
    scan = {"reason": "MENINGGAL", "on": "2026-01-10", "evidence_sha256": await one.upload_evidence()}
    await one.post_ok(f"anggota/{head}/end", scan, whole["version"])
    consent = {"rujukan_id": OFFER, "rujukan_program_id": OFFER, "partner_id": UUID(int=7)}
    consent |= {
        "kode_wilayah": "33.24.09.2011",
        "kpm_id": one.kpm_id,
        "consent_id": UUID(int=8),
        "text_version": 1,
    }
    await referral.publish(ConsentGiven.model_validate(consent))
    await deliver(referral, kendal_caseload)
    assert await read_identity_sealed(kendal_caseload) == []
    body = {"anggota_id": husband, "on": "2026-01-10", "reason": "PENGURUS_MENINGGAL"}
    await one.post_ok("pengurus", body, whole["version"] + 1)
    (event,) = await read_identity_sealed(kendal_caseload)
    assert event["for_id"] == str(OFFER)
    assert [row["state"] for row in await kendal_caseload.sql("SELECT state FROM sealing")] == ["SEALED"]
