"""Attempts to call a partner are recorded, with field names but no values."""

from deploy.demo.partner_simulator import PartnerSimulator
from tests.factories.referral.catalogue import create_world
from tests.factories.referral.events import NIK, build_family_facts, build_graduasi_determined
from tests.factories.services import Running


async def read_disclosures(referral: Running) -> list[tuple[str, str, list[str]]]:
    """Return act, partner and subjects of what left without a request."""
    rows = await referral.sql(
        "SELECT act, partner_id::text, subject_ids::text[] AS ids FROM platform.audit_entry"
        " WHERE actor = 'system:referral' AND purpose = 'RUJUKAN' AND outcome = 'READ' ORDER BY at"
    )
    return [(row["act"], row["partner_id"], row["ids"]) for row in rows]


async def test_attempt_records_field_names_without_values(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world = await create_world(referral, {"BANK_KUR": bank})
        await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
        subject = await world.send_rujukan("KUR_SUPERMIKRO")
        listed = await referral.get(f"/v1/rujukan-program/{subject}/attempt", as_=world.dinsos)
        assert listed.json()["items"][0]["fields"] == ["name", "nik", "persons", "phone", "sk_no", "usaha"]
        assert NIK not in listed.text
        assert await read_disclosures(referral) == [
            ("rujukan.send", world.partners["BANK_KUR"]["partner_id"], [str(world.family.kpm_id), subject])
        ]
        for table in (
            "delivery_attempt",
            "scheduled_task",
            "rujukan_program",
            "rujukan_program_history",
            "job",
        ):
            schema = "platform." if table in {"scheduled_task", "job"} else ""
            rows = await referral.sql(f"SELECT t::text AS text FROM {schema}{table} t")
            assert not any(NIK in row["text"] or "Siti" in row["text"] for row in rows)
