"""Command that opens a case on a kepesertaan."""

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.case.commands.accompaniment import require_dampingan
from services.graduation.case.commands.transitions import Act, append_opening
from services.graduation.case.errors import (
    ExitProposalRequired,
    KepesertaanNotActive,
    KepesertaanOfAnotherFamily,
)
from services.graduation.case.models import Graduasi, GraduasiState, OpeningTerms
from services.graduation.case.queries import is_replica_behind
from services.graduation.family_end.models import FamilyEnd
from services.graduation.policy.models.policy import OpenedBy, Policy
from services.graduation.policy.queries import require_policy
from services.graduation.replicas.models import Kepesertaan, Kpm
from services.graduation.tables import CaseReason
from shared.access import Actor
from shared.clock import Moment, moment_of
from shared.database import refuse_violations, uuid7
from shared.errors import CaseAlreadyOpen, FamilyHasEnded, NotYetKnown
from shared.validity import covers


async def open_case(session: AsyncSession, actor: Actor, terms: OpeningTerms) -> Graduasi:
    """Open a case on a kepesertaan, under the policy in force today.

    Raises:
        PolicyMissing, ExitProposalRequired, NotYetKnown, FamilyHasEnded, FamilyNotAccompanied, PendampingInactive,
        KepesertaanOfAnotherFamily, KepesertaanNotActive, CaseAlreadyOpen
    """
    now = await moment_of(session)
    policy = await require_policy(session, terms.exit_reason, now.on)
    if policy.opened_by is not OpenedBy.PENDAMPING:
        raise ExitProposalRequired("/body/exit_reason", exit_reason=terms.exit_reason)
    kpm, kepesertaan = await _read_family(session, terms.kpm_id, terms.kepesertaan_id, now.on)
    await require_dampingan(session, actor, terms.kpm_id, kpm.kode_wilayah, now.on)
    case = _build_case(actor, kpm, kepesertaan, policy, now)
    session.add(case)
    with refuse_violations(case, uq_graduasi_one_case=CaseAlreadyOpen):
        await session.flush()
    append_opening(session, case, Act(actor, now, code=CaseReason.PEMBUKAAN))
    return case


def _build_case(actor: Actor, kpm: Kpm, kepesertaan: Kepesertaan, policy: Policy, now: Moment) -> Graduasi:
    return Graduasi(
        graduasi_id=uuid7(),
        kpm_id=kpm.kpm_id,
        kepesertaan_id=kepesertaan.kepesertaan_id,
        bansos=kepesertaan.bansos,
        exit_reason=policy.exit_reason,
        kode_wilayah=kpm.kode_wilayah,
        opened_in=kpm.kode_wilayah,
        policy_id=policy.policy_id,
        policy_version=policy.version,
        state=GraduasiState.TERIDENTIFIKASI,
        since_on=now.on,
        opened_by=actor.person,
        opened_at=now.at,
        version=1,
    )


async def _read_family(
    session: AsyncSession, kpm_id: UUID, kepesertaan_id: UUID, on: date
) -> tuple[Kpm, Kepesertaan]:
    row = (
        await session.execute(
            sa.select(Kpm, Kepesertaan, FamilyEnd)
            .select_from(Kpm)
            .outerjoin(Kepesertaan, Kepesertaan.kepesertaan_id == kepesertaan_id)
            .outerjoin(FamilyEnd, FamilyEnd.kpm_id == Kpm.kpm_id)
            .where(Kpm.kpm_id == kpm_id, sa.func.platform.in_scope(Kpm.kode_wilayah))
            .where(sa.func.own_family(kpm_id))
        )
    ).one_or_none()
    if row is None:
        raise NotYetKnown("kpm", "/body/kpm_id")
    kpm, kepesertaan, end = row
    if end is not None:
        raise FamilyHasEnded("/body/kpm_id", ended_on=end.ended_on, end_reason=end.end_reason)
    # A move or a void that the reaction has read already would not reach the new case.
    if await is_replica_behind(session, kpm_id):
        raise NotYetKnown("kpm", "/body/kpm_id")
    if kepesertaan is None:
        raise NotYetKnown("kepesertaan", "/body/kepesertaan_id")
    if kepesertaan.kpm_id != kpm_id:
        raise KepesertaanOfAnotherFamily("/body/kepesertaan_id")
    if not covers(kepesertaan.valid_from, kepesertaan.valid_to, on):
        raise KepesertaanNotActive("/body/kepesertaan_id", on=on)
    return kpm, kepesertaan
