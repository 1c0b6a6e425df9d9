"""Commands that open cases for the exit proposals of caseload (docs/decisions/0019-exit-proposals-wait-behind-a-case.md)."""

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.assessment.commands.proposal import to_proposed_event
from services.graduation.assessment.models import Usul
from services.graduation.case.commands.evidence import use_for
from services.graduation.case.commands.transitions import Act, advance, append_opening, load_case
from services.graduation.case.models import ENDED_WITHOUT_EXIT, Graduasi, GraduasiState, Stage
from services.graduation.exit_proposal.models import ExitProposal, ExitTaken
from services.graduation.policy.models.policy import OpenedBy, Policy
from services.graduation.policy.queries import find_policy
from services.graduation.tables import CaseReason
from shared.access import Actor, Role
from shared.clock import moment_of
from shared.contracts.caseload import ExitProposed
from shared.contracts.kinds import Bansos, ExitReason
from shared.database import uuid7, write_once
from shared.evidence import EvidenceKind, record_uses
from shared.messaging import emit


async def store_proposal(session: AsyncSession, event: ExitProposed, on: date) -> ExitProposal | None:
    """Store an exit proposal of a date, without a case.

    Return None for a repeated event.
    """
    values = {name: value for name, value in event.model_dump().items() if name in ExitProposal.model_fields}
    values |= {"occurred_on": on, "received_at": (await moment_of(session)).at, "taken": ExitTaken.NO_POLICY}
    if not await write_once(session, ExitProposal, values):
        return None
    return await session.get_one(ExitProposal, event.exit_proposal_id)


async def open_or_wait(session: AsyncSession, proposal: ExitProposal) -> None:
    """Open the proposal's case in DIUSULKAN, or wait for another case to end.

    Without a policy the proposal stays without a case.
    """
    policy = await find_policy(session, proposal.exit_reason, proposal.occurred_on)
    if policy is None or policy.opened_by is not OpenedBy.EXIT_PROPOSED or proposal.bansos is Bansos.UNKNOWN:
        return
    blocking_id = await _lock_blocking_case(session, proposal.kepesertaan_id)
    graduasi_id = None if blocking_id else await _insert_case(session, proposal, policy)
    if graduasi_id is None:
        # Without a blocking case, a concurrent transaction has opened one: read it again.
        blocking_id = blocking_id or await _lock_blocking_case(session, proposal.kepesertaan_id)
        proposal.taken, proposal.behind_id = ExitTaken.WAITING, blocking_id
        return
    proposal.taken, proposal.graduasi_id, proposal.behind_id = ExitTaken.OPENED, graduasi_id, None
    await _propose(session, proposal, graduasi_id)


async def retry_waiting(session: AsyncSession, ended: Graduasi) -> None:
    """Retry the exit proposals that waited for a case, which has ended without an exit.

    A death goes first, then the oldest. It opens its case, and the others wait for that one.
    """
    statement = sa.select(ExitProposal).where(
        ExitProposal.behind_id == ended.graduasi_id, ExitProposal.taken == ExitTaken.WAITING
    )
    await retry_proposals(session, statement)


async def retry_proposals(session: AsyncSession, statement: sa.Select[Any]) -> None:
    """Lock the selected exit proposals, and open a case for each or let it wait."""
    order = (ExitProposal.exit_reason != ExitReason.MENINGGAL, ExitProposal.exit_proposal_id)
    locked = statement.order_by(*order).with_for_update(of=ExitProposal)
    for proposal in (await session.scalars(locked)).all():
        await open_or_wait(session, proposal)


async def queue_behind(session: AsyncSession, first: ExitProposal) -> None:
    """Let the other waiting proposals of the kepesertaan wait for the case of this one."""
    statement = sa.update(ExitProposal).where(
        ExitProposal.kepesertaan_id == first.kepesertaan_id, ExitProposal.taken == ExitTaken.WAITING
    )
    await session.flush()
    await session.execute(statement.values(behind_id=first.graduasi_id))


async def _lock_blocking_case(session: AsyncSession, kepesertaan_id: UUID) -> UUID | None:
    # Locked, so that the command that ends this case sees the proposals that wait for it.
    statement = sa.select(Graduasi.graduasi_id).where(
        Graduasi.kepesertaan_id == kepesertaan_id, Graduasi.state.not_in(ENDED_WITHOUT_EXIT)
    )
    return await session.scalar(statement.with_for_update(key_share=True).limit(1))


async def _insert_case(session: AsyncSession, proposal: ExitProposal, policy: Policy) -> UUID | None:
    now = await moment_of(session)
    row: dict[str, Any] = {
        name: getattr(proposal, name)
        for name in ("kpm_id", "kepesertaan_id", "bansos", "exit_reason", "kode_wilayah")
    }
    row |= {"graduasi_id": uuid7(), "policy_id": policy.policy_id, "policy_version": policy.version}
    row |= {"state": GraduasiState.TERIDENTIFIKASI, "since_on": now.on, "version": 1}
    row |= {"opened_by": build_proposer(proposal).person, "opened_at": now.at}
    row |= {"opened_in": proposal.kode_wilayah}
    return row["graduasi_id"] if await write_once(session, Graduasi, row) else None


async def _propose(session: AsyncSession, proposal: ExitProposal, graduasi_id: UUID) -> None:
    case, policy = await load_case(session, graduasi_id)
    proposer = build_proposer(proposal)
    # A proposal that follows from a recorded fact is made by the service itself and takes no stage.
    stage = None if proposer.is_system else Stage.USUL
    moment, code = await moment_of(session), CaseReason.USULAN_KELUAR
    act = Act(proposer, moment, stage, evidence=proposal.evidence_sha256, code=code)
    append_opening(session, case, act)
    await record_uses(
        session, [proposal.evidence_sha256], use_for(case, proposer, EvidenceKind.USULAN_KELUAR)
    )
    usul = _build_usul(proposal, case, act)
    case.usul_id = usul.usul_id
    await advance(session, [(case, policy)], [GraduasiState.DIUSULKAN], act)
    session.add(usul)
    emit(session, to_proposed_event(case, proposal.exit_proposal_id))


def build_proposer(proposal: ExitProposal) -> Actor:
    """Return the proposer as an actor: a pendamping, an official of Dinsos, or caseload itself."""
    sub = proposal.proposer_sub or proposal.proposer
    if Actor(sub).is_system:
        return Actor(sub)
    role = Role.PENDAMPING if proposal.pendamping_id else Role.DINSOS_KABKOTA
    # An official who also has a pendamping_id proposes without a penugasan. The pendamping_id keeps `person` the same
    # as in caseload.
    pendamping_id = proposal.pendamping_id if proposal.proposer == sub else UUID(proposal.proposer)
    return Actor(sub, frozenset({role}), (proposal.kode_wilayah,), pendamping_id=pendamping_id)


def _build_usul(proposal: ExitProposal, case: Graduasi, act: Act) -> Usul:
    return Usul(
        usul_id=uuid7(),
        graduasi_id=case.graduasi_id,
        policy_id=case.policy_id,
        kode_wilayah=case.kode_wilayah,
        pendamping_id=proposal.pendamping_id,
        penugasan_id=proposal.penugasan_id,
        proposer_pendamping_id=proposal.pendamping_id,
        proposer_penugasan_id=proposal.penugasan_id,
        proposed_by=act.actor.person,
        proposed_on=proposal.proposed_on,
        facts={
            "exit_proposal_id": str(proposal.exit_proposal_id),
            "evidence_sha256": proposal.evidence_sha256,
        },
        at=act.moment.at,
    )
