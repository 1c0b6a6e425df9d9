"""Applications (usulan) of families that left a bansos, decided once by another person."""

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.application.errors import ADVICE, DateBeforeUsulan, FirstDayMissing, UsulanOpen
from services.caseload.application.models import USULAN_MOVES, Usulan, UsulanState, UsulanTerms
from services.caseload.family.commands.evidence import use_for
from services.caseload.family.models import Kpm
from services.caseload.history import append_history
from services.caseload.membership.commands.kepesertaan import start_kepesertaan
from services.caseload.membership.errors import MembershipNotEnded
from services.caseload.membership.models import Kepesertaan
from services.caseload.task.commands import finish_open_tugas
from services.caseload.task.models import TugasKind
from services.caseload.visibility import lock_family
from shared import clock
from shared.access import Actor
from shared.contracts.kinds import Bansos
from shared.database import insert, load, uuid7, vault_of
from shared.dates import require_not_future
from shared.errors import DecidedByLodger
from shared.evidence import EvidenceKind, require_evidence
from shared.transitions import require_move


async def lodge_usulan(session: AsyncSession, actor: Actor, terms: UsulanTerms) -> Usulan:
    """Record an application for a new membership, and finish the task that asked for it.

    Raises:
        NotFound, PendampingInactive, DateInTheFuture, FileNotUploaded, MembershipNotEnded, UsulanOpen.
    """
    family = await lock_family(session, actor, terms.kpm_id)
    require_not_future(terms.lodged_on, await clock.latest_today(session), "/body/lodged_on")
    await require_no_membership(session, terms.kpm_id, terms.bansos)
    if terms.evidence_sha256 is not None:
        use = use_for(family.kpm, actor, EvidenceKind.USULAN)
        await require_evidence(session, terms.evidence_sha256, use)
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
    entry = (usulan.kpm_id, "usulan", usulan_id, "LODGED")
    await append_history(session, *entry, actor=actor, why=usulan.ground.value, bansos=usulan.bansos.value)
    await finish_open_tugas(session, actor, TugasKind.RE_ENTRY, usulan.kpm_id)
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
    """Decide on an application. If accepted, a new membership starts on `valid_from`.

    Raises:
        NotFound, IllegalTransition, DecidedByLodger, FirstDayMissing, DateBeforeUsulan, KepesertaanOverlaps.
    """
    usulan = await load(session, Usulan, usulan_id, noun="usulan")
    if actor.is_same_as(usulan.lodged_by, usulan.lodged_by_sub):
        raise DecidedByLodger
    state = UsulanState.ACCEPTED if accepted else UsulanState.REFUSED
    require_move(USULAN_MOVES, usulan.state, state, "usulan", advice=ADVICE)
    # The membership comes first: a CHECK constraint requires its id in an accepted application.
    usulan.kepesertaan_id = await start_membership(session, actor, usulan, valid_from) if accepted else None
    usulan.transition_to(state)
    usulan.decided_by, usulan.decided_by_sub = actor.person, actor.sub
    usulan.decided_on = await clock.today(session)
    usulan.changed_at = await clock.now(session)
    usulan.decision_reason_sealed = vault_of(session).seal(
        reason, table="usulan", column="decision_reason", row_id=usulan_id
    )
    entry = (usulan.kpm_id, "usulan", usulan_id, usulan.state.value)
    await append_history(session, *entry, actor=actor, why=usulan.ground.value)
    return usulan


async def start_membership(
    session: AsyncSession, actor: Actor, usulan: Usulan, valid_from: date | None
) -> UUID:
    """Start the new membership and return its id."""
    if valid_from is None:
        raise FirstDayMissing("/body/valid_from")
    if valid_from < usulan.lodged_on:
        raise DateBeforeUsulan("/body/valid_from", valid_from=valid_from, lodged_on=usulan.lodged_on)
    kpm = await load(session, Kpm, usulan.kpm_id, noun="kpm")
    row = await start_kepesertaan(session, kpm, actor, usulan.bansos, valid_from, why=usulan.ground.value)
    return row.kepesertaan_id


async def require_no_membership(session: AsyncSession, kpm_id: UUID, bansos: Bansos) -> None:
    """Raise MembershipNotEnded if the family has a membership without an end date."""
    member = sa.exists().where(
        Kepesertaan.kpm_id == kpm_id, Kepesertaan.bansos == bansos, sa.func.upper_inf(Kepesertaan.valid)
    )
    if await session.scalar(sa.select(member)):
        raise MembershipNotEnded("/body/bansos")
