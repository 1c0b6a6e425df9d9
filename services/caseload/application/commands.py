"""Applications of families that had left a bansos: recorded with their ground, decided once by somebody else."""

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.application.errors import DateBeforeUsulan, FirstDayMissing, UsulanOpen
from services.caseload.application.models import USULAN_MOVES, Usulan, UsulanState, UsulanTerms
from services.caseload.family.models import Kpm
from services.caseload.history import remember
from services.caseload.membership.commands.kepesertaan import begin_kepesertaan
from services.caseload.membership.errors import StillMember
from services.caseload.membership.models import Kepesertaan
from services.caseload.task.commands import settle_tugas
from services.caseload.task.models import TugasKind
from services.caseload.visibility import family_in_hand
from shared import clock
from shared.access import Actor
from shared.contracts.kinds import Bansos
from shared.database import insert, load, uuid7, vault_of
from shared.dates import require_past
from shared.errors import DecidedByLodger
from shared.files import require_evidence
from shared.transitions import require_move


async def lodge_usulan(session: AsyncSession, actor: Actor, terms: UsulanTerms) -> Usulan:
    """Record that a family applies to be a member of a bansos again; a task that asked for it is done by this.

    Raises:
        NotFound, PendampingInactive, DateInTheFuture, FileNotUploaded, StillMember, UsulanOpen.
    """
    await family_in_hand(session, actor, terms.kpm_id)
    require_past(terms.lodged_on, await clock.today(session), "/body/lodged_on")
    await require_outside(session, terms.kpm_id, terms.bansos)
    if terms.evidence_sha256 is not None:
        await require_evidence(session, terms.evidence_sha256)
    usulan_id, vault = uuid7(), vault_of(session)
    usulan = Usulan(
        **terms.model_dump(exclude={"reason"}),
        usulan_id=usulan_id,
        reason_sealed=vault.seal(terms.reason, table="usulan", column="reason", row_id=usulan_id),
        lodged_by=actor.person,
        lodged_by_sub=actor.sub,
        state=UsulanState.LODGED,
        version=1,
        changed_at=await clock.now(session),
    )
    await insert(session, usulan, uq_usulan_open=UsulanOpen("/body/bansos"))
    place = (usulan.kpm_id, "usulan", usulan_id, "LODGED")
    await remember(session, *place, who=actor.person, why=usulan.ground.value, bansos=usulan.bansos.value)
    await settle_tugas(session, actor, TugasKind.RE_ENTRY, usulan.kpm_id)
    return usulan


async def decide_usulan(
    session: AsyncSession,
    actor: Actor,
    usulan_id: UUID,
    *,
    accepted: bool,
    valid_from: date | None,
    reason: str,
) -> Usulan:
    """Decide on an application; accepted, the family is a member anew from a day on.

    Raises:
        NotFound, IllegalTransition, DecidedByLodger, FirstDayMissing, DateBeforeUsulan, KepesertaanOverlaps.
    """
    usulan = await load(session, Usulan, usulan_id, noun="usulan")
    if actor.is_same_as(usulan.lodged_by, usulan.lodged_by_sub):
        raise DecidedByLodger
    state = UsulanState.ACCEPTED if accepted else UsulanState.REFUSED
    require_move(USULAN_MOVES, usulan.state, state, "usulan")
    # The membership first: a row that is half decided would not pass its constraints.
    usulan.kepesertaan_id = await come_back(session, actor, usulan, valid_from) if accepted else None
    usulan.become(state)
    usulan.decided_by, usulan.decided_by_sub = actor.person, actor.sub
    usulan.decided_on = await clock.today(session)
    usulan.changed_at = await clock.now(session)
    usulan.decision_reason_sealed = vault_of(session).seal(
        reason, table="usulan", column="decision_reason", row_id=usulan_id
    )
    place = (usulan.kpm_id, "usulan", usulan_id, usulan.state.value)
    await remember(session, *place, who=actor.person, why=usulan.ground.value)
    return usulan


async def come_back(session: AsyncSession, actor: Actor, usulan: Usulan, valid_from: date | None) -> UUID:
    """Begin the new membership; return its id."""
    if valid_from is None:
        raise FirstDayMissing("/body/valid_from")
    if valid_from < usulan.lodged_on:
        raise DateBeforeUsulan("/body/valid_from", valid_from=valid_from, lodged_on=usulan.lodged_on)
    kpm = await load(session, Kpm, usulan.kpm_id, noun="kpm")
    row = await begin_kepesertaan(session, kpm, actor, usulan.bansos, valid_from, why=usulan.ground.value)
    return row.kepesertaan_id


async def require_outside(session: AsyncSession, kpm_id: UUID, bansos: Bansos) -> None:
    """Raise StillMember where the family is a member without a dated end."""
    inside = sa.exists().where(
        Kepesertaan.kpm_id == kpm_id, Kepesertaan.bansos == bansos, sa.func.upper_inf(Kepesertaan.valid)
    )
    if await session.scalar(sa.select(inside)):
        raise StillMember("/body/bansos")
