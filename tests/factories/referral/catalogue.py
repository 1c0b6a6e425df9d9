"""Programs and partners, published by referral's own routes."""

from datetime import timedelta
from typing import Any

import httpx

from deploy.demo.partner_simulator import PartnerSimulator
from tests.factories.referral.events import DESA, TODAY, Family
from tests.factories.referral.world import World
from tests.factories.services import Running


def build_rule(
    field_: str, op: str, value: Any, strength: str = "HARD", source: str = "Permenko 7/2025"
) -> dict[str, Any]:
    """Return a rule as in a request."""
    return {
        "field": field_,
        "op": op,
        "value": value,
        "strength": strength,
        "source": source,
        "version": "2026-01",
    }


PROGRAMS: dict[str, dict[str, Any]] = {
    "KUR_SUPERMIKRO": {
        "name": "KUR Super Mikro",
        "benefit_kinds": ["MODAL"],
        "amount_max_rp": 10_000_000,
        "minimum_data": ["nik", "name", "phone", "usaha", "sk_no"],
        "rules": [
            build_rule("usaha_months", "GE", 6),
            build_rule("owner_age", "GE_OR_MARRIED", 21),
            build_rule("usaha_registered", "EQ", value=True),
        ],
    },
    "UMKM_PENDAMPINGAN": {
        "name": "PLUT-KUMKM",
        "benefit_kinds": ["PENDAMPINGAN"],
        "minimum_data": ["nik", "name", "usaha"],
        "rules": [
            build_rule("desil_nas", "GE", 5, source="MoU 20-03-2025"),
            build_rule("usaha_months", "GE", 0),
        ],
    },
    "KDMP": {
        "name": "Koperasi Desa Merah Putih",
        "benefit_kinds": ["PASAR"],
        "minimum_data": ["name", "sk_no", "certificate_no"],
        "send_from": "effective",
        "rules": [build_rule("kode_wilayah", "WITHIN", [DESA], source="MoU Kemensos-Kemenkop 23-01-2026")],
    },
}
PARTNERS = {"KUR_SUPERMIKRO": "BANK_KUR", "UMKM_PENDAMPINGAN": "PLUT", "KDMP": "KOPDES"}


async def create_world(
    referral: Running, simulators: dict[str, PartnerSimulator], family: Family | None = None
) -> World:
    """Return referral with three published programs.

    The webhook of a partner without a simulator is not served.
    """
    world = World(referral, family or Family(), simulators=simulators)
    for code, partner in PARTNERS.items():
        await register_partner(world, partner, simulators.get(partner))
        await publish_program(world, code, partner)
    world.evidence = await referral.put_file(b"persetujuan bertanda tangan", as_=world.pendamping)
    return world


async def register_partner(world: World, code: str, simulator: PartnerSimulator | None) -> None:
    """Register a partner and connect its simulator. One that pulls has no webhook."""
    url = simulator.url if simulator else "http://127.0.0.1:9/pilar/rujukan"
    body = {"code": code, "name": code.title(), "kind": "BANK", "channel": "HOST_TO_HOST", "webhook_url": url}
    if simulator and simulator.pulls:
        body = {"code": code, "name": code.title(), "kind": "BADAN", "channel": "PORTAL_LINK"}
    answer = await world.referral.post("/v1/partner", body, as_=world.kemensos)
    assert answer.status_code == 201, answer.text
    world.partners[code] = answer.json()
    if simulator:
        simulator.secret, simulator.name = answer.json()["webhook_secret"] or "", code

        async def post_answer(path: str, body: dict[str, Any], key: str) -> httpx.Response:
            return await world.referral.post(path, body, as_=world.partner(code), key=key)

        async def get(path: str) -> httpx.Response:
            return await world.referral.get(path, as_=world.partner(code))

        simulator.call_back, simulator.ask = post_answer, get


async def publish_program(world: World, code: str, partner: str, **changes: Any) -> httpx.Response:
    """Publish a program of a partner."""
    body = {
        "code": code,
        "partner_id": world.partners[partner]["partner_id"],
        "valid_from": str(TODAY - timedelta(days=100)),
        "sla_days": 14,
        "legal_basis": "UU 27/2022 Pasal 20 ayat (2) huruf a",
        **PROGRAMS[code],
        **changes,
    }
    answer = await world.referral.post("/v1/program", body, as_=world.kemensos)
    assert answer.status_code == 201 or changes, answer.text
    return answer
