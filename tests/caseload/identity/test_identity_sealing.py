"""Sealing of a family's identity to referral, and the replica of aid (docs/messaging.md#sealed-topic)."""

import base64
from typing import Any
from uuid import UUID, uuid5

from shared.contracts.referral import (
    ConsentGiven,
    ConsentWithdrawn,
    RujukanAnswered,
    RujukanDelivered,
    RujukanDeliveryVoided,
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
)
from tests.factories.caseload.member import take_back
from tests.factories.delivery import deliver
from tests.factories.services import Running

OFFER = uuid5(SPACE, "offer")
NIK, NEW_NIK = "3324075211879001", "3324075211879002"


async def give_consent(service: Running) -> dict[str, Any]:
    """Return a consent that names the mother."""
    one = await Family.create(service, mother())
    ids = {
        "rujukan_id": OFFER,
        "rujukan_program_id": OFFER,
        "partner_id": UUID(int=7),
        "kode_wilayah": "33.24.09.2011",
    }
    named = {"persons": [await read_member_id(one, "ISTRI")], "kpm_id": one.kpm_id}
    return ids | named | {"consent_id": UUID(int=8), "text_version": 1}


async def read_member_id(one: Family, relation: str) -> str:
    members = (await one.read())["members"]
    return next(member["anggota_id"] for member in members if member["relation"] == relation)


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
    (entry,) = await kendal_caseload.sql("SELECT * FROM platform.audit_entry WHERE act = 'identity.seal'")
    assert (entry["actor"], entry["partner_id"]) == ("system:caseload", UUID(int=7))
    assert entry["subject_ids"] == [UUID(consent["kpm_id"]), OFFER]


async def read_sealed_nik(caseload: Running, referral: Running) -> list[list[str]]:
    """Return the NIK of the persons of each emitted identity."""
    keys = {key.key_id: key for key in SealingKey.read(referral.cluster.folder / "keys" / "referral")}
    numbers: list[list[str]] = []
    for one in await read_identity_sealed(caseload):
        sealed, key = base64.b64decode(one["ciphertext"]), keys[one["key_id"]]
        fields = open_sealed(key.private_key, sealed, "referral", one["for_id"], one["key_id"])
        numbers.append([person["nik"] for person in fields["persons"]])
    return numbers


async def consent_of_couple(caseload: Running, referral: Running) -> tuple[Family, list[str]]:
    """Let the mother and her husband consent, and return the family and their ids."""
    consent = await give_consent(caseload)
    one = Family(caseload, consent["kpm_id"], pendamping_token(caseload))
    ids = [await read_member_id(one, relation) for relation in ("ISTRI", "KEPALA_KELUARGA")]
    await referral.publish(ConsentGiven.model_validate(consent | {"persons": ids}))
    await deliver(referral, caseload)
    return one, ids


async def correct_nik(one: Family, anggota_id: str, nik: str) -> None:
    body = {"nik": nik, "evidence_sha256": await one.upload_evidence()}
    await one.post_ok(f"anggota/{anggota_id}/nik", body, (await one.read())["version"])


async def test_corrected_nik_is_sealed_again_until_the_identity_is_sent(
    kendal_caseload: Running, referral: Running
) -> None:
    one, (head, husband) = await consent_of_couple(kendal_caseload, referral)
    first, corrected = mother()[1]["nik"], mother()[1]["nik"][:-4] + "9777"
    await correct_nik(one, husband, corrected)
    assert await read_sealed_nik(kendal_caseload, referral) == [[NIK, first], [NIK, corrected]]
    await correct_nik(one, await read_member_id(one, "ANAK"), mother()[2]["nik"][:-4] + "9776")
    assert len(await read_sealed_nik(kendal_caseload, referral)) == 2, "the child is not named"
    offer = {"rujukan_id": OFFER, "rujukan_program_id": OFFER, "partner_id": UUID(int=7)}
    offer |= {"kode_wilayah": "33.24.09.2011", "kpm_id": one.kpm_id, "graduasi_id": UUID(int=9)}
    offer |= {"program_code": "KUR_SUPERMIKRO", "benefit_kinds": ["MODAL"], "sent_on": "2026-07-01"}
    await referral.publish(RujukanSent.model_validate(offer | {"status": "TERKIRIM"}))
    await deliver(referral, kendal_caseload)
    await correct_nik(one, head, NIK[:-4] + "9775")
    assert len(await read_sealed_nik(kendal_caseload, referral)) == 2, "the partner has it already"


async def test_nik_that_a_file_corrects_is_sealed_again(kendal_caseload: Running, referral: Running) -> None:
    await consent_of_couple(kendal_caseload, referral)
    rows = mother(desil="NAS:6:2026-Q2")
    assert (await import_file(kendal_caseload, build_csv(rows)))["errors"] == []
    assert len(await read_sealed_nik(kendal_caseload, referral)) == 1, "the identity is the same"
    rows[1]["nik"] = corrected = rows[1]["nik"][:-4] + "9777"
    assert (await import_file(kendal_caseload, build_csv(rows)))["errors"] == []
    assert (await read_sealed_nik(kendal_caseload, referral))[1:] == [[NIK, corrected]]


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
    void = {"status": "DISETUJUI", "amount_rp": 8_000_000, "voided_on": "2026-07-10"}
    await referral.publish(RujukanDeliveryVoided.model_validate(offer | void | {"reason": "SALAH_KELUARGA"}))
    await deliver(referral, kendal_caseload)
    (row,) = (
        await kendal_caseload.get(f"/v1/kpm/{consent['kpm_id']}", as_=pendamping_token(kendal_caseload))
    ).json()["aid"]
    assert (row["status"], row["amount_rp"], row["delivered_on"]) == ("DISETUJUI", 8_000_000, None)


async def test_identity_is_sealed_once_the_end_of_a_named_person_is_undone(
    kendal_caseload: Running, referral: Running
) -> None:
    consent = await give_consent(kendal_caseload)
    one = Family(kendal_caseload, consent["kpm_id"], pendamping_token(kendal_caseload))
    head = consent["persons"][0]
    scan = {"reason": "MENINGGAL", "on": "2026-01-10", "evidence_sha256": await one.upload_evidence()}
    await one.post_ok(f"anggota/{head}/end", scan, (await one.read())["version"])
    await referral.publish(ConsentGiven.model_validate(consent))
    await deliver(referral, kendal_caseload)
    assert await read_identity_sealed(kendal_caseload) == []
    await take_back(one, head)
    (event,) = await read_identity_sealed(kendal_caseload)
    assert event["for_id"] == str(OFFER)
    assert [row["state"] for row in await kendal_caseload.sql("SELECT state FROM sealing")] == ["SEALED"]
