"""A paper of consent serves one family."""

from shared.access import Actor, Role
from shared.database import uuid7
from shared.evidence import EvidenceKind, EvidenceUse, record_uses
from tests.factories.referral.catalogue import create_world
from tests.factories.referral.events import DESA, build_family_facts, build_graduasi_determined
from tests.factories.services import Running

KUR, PLUT = "KUR_SUPERMIKRO", "UMKM_PENDAMPINGAN"
KETUA = ("KETUA_TIM_KABKOTA", "ketua-tim-kendal-9", ["33.24"])


async def test_paper_of_another_family_is_flagged(referral: Running) -> None:
    world = await create_world(referral, {})
    await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
    for code in (KUR, PLUT):
        given = await world.record_consent(code)
        assert given.status_code == 201, given.text
    listed = await referral.get("/v1/evidence-flag", as_=referral.token(*KETUA))
    assert listed.json()["items"] == []  # two programs of one family
    other = EvidenceUse(
        EvidenceKind.PERSETUJUAN, uuid7(), uuid7(), DESA, Actor("x", frozenset({Role.PENDAMPING}))
    )
    async with referral.session() as session:
        await record_uses(session, [world.evidence], other)
    [flag] = await referral.sql(
        "SELECT f.kind, u.kind AS earlier_kind, u.kpm_id AS earlier_kpm_id FROM platform.evidence_flag f"
        " JOIN platform.evidence_use u ON u.use_id = f.earlier_use_id"
    )
    assert flag["earlier_kpm_id"] == world.family.kpm_id
    assert (flag["kind"], flag["earlier_kind"]) == ("PERSETUJUAN", "PERSETUJUAN")
