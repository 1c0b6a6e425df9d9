"""The notice of a rujukan has the minimum data of its program, and nothing else."""

import json
from typing import Any

import jsonschema
import pytest

from deploy.demo.partner_simulator import PartnerSimulator
from services.referral.program.models import PayloadField
from services.referral.program.rules import payload_schema
from tests.factories.applications import application
from tests.factories.referral.catalogue import PARTNERS, PROGRAMS, create_world
from tests.factories.referral.events import build_family_facts, build_graduasi_determined
from tests.factories.referral.world import World
from tests.factories.services import Running

CODES = ["KUR_SUPERMIKRO", "UMKM_PENDAMPINGAN"]
REQUIRED_FIELDS = {
    "notice",
    "rujukan_program_id",
    "notified_at",
    "sla_due_on",
    "kode_wilayah",
    "program",
    "purpose",
    "legal_basis",
    "consent_id",
    "office",
}
# docs/decisions/0024-personal-data-is-sealed-and-masked.md, "not sent". It includes the facts that referral uses for matching.
NEVER = ("desil", "komponen", "anak", "members", "lansia", "disabilit", "able_productive", "kpm_id", "bansos", "PKH",
         "exit_reason", "SEJAHTERA", "pengurus", "birth", "married", "kepesertaan")  # fmt: skip


async def read_schema(world: World, code: str) -> dict[str, Any]:
    """Return the schema as the partner reads it in the catalogue."""
    token = world.partner(PARTNERS[code])
    (item,) = (await world.referral.get(f"/v1/program?code={code}", as_=token)).json()["items"]
    return (await world.referral.get(f"/v1/program/{item['program_id']}", as_=token)).json()["payload_schema"]


@pytest.mark.parametrize("code", CODES)
async def test_payload_has_only_the_fields_of_its_schema(referral: Running, code: str) -> None:
    async with PartnerSimulator() as partner:
        world = await create_world(referral, {PARTNERS[code]: partner})
        await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
        await world.send_rujukan(code)
        body = partner.received[0].body
        jsonschema.validate(body, await read_schema(world, code), format_checker=jsonschema.FormatChecker())
        assert set(body) == REQUIRED_FIELDS | set(PROGRAMS[code]["minimum_data"])
        text = json.dumps(body)
        assert [word for word in NEVER if word in text] == []
        assert body["office"] == {
            "kode_wilayah": "33.24",
            "name": "Dinas Sosial Kabupaten Kendal",
            "phone": None,
            "email": None,
        }


@pytest.mark.parametrize("field", ["desil", "members", "bansos_history"])
async def test_payload_schema_refuses_other_fields(referral: Running, field: str) -> None:
    async with PartnerSimulator() as bank:
        world = await create_world(referral, {"BANK_KUR": bank})
        await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
        await world.send_rujukan("KUR_SUPERMIKRO")
        schema = await read_schema(world, "KUR_SUPERMIKRO")
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**bank.received[0].body, field: 5}, schema)


async def test_program_cannot_request_other_fields(referral: Running) -> None:
    world = await create_world(referral, {})
    body = {
        "code": "KUR_MIKRO",
        "partner_id": world.partners["BANK_KUR"]["partner_id"],
        "valid_from": "2026-01-01",
        "sla_days": 14,
        "legal_basis": "UU 27/2022",
        **PROGRAMS["KUR_SUPERMIKRO"],
        "minimum_data": ["nik", "desil"],
    }
    refused = await referral.post("/v1/program", body, as_=world.kemensos)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/body/minimum_data/1")


def test_published_document_leaves_the_payload_schema_as_it_is() -> None:
    application("referral").openapi()
    assert "x-enum" not in json.dumps(payload_schema(list(PayloadField)))
