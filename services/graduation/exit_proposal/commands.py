"""An exit that caseload proposed on evidence: heard once, it opens a short case under its proposer (chain.md 4)."""

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.assessment.commands.proposal import proposed
from services.graduation.assessment.models import Usul
from services.graduation.case.commands.transitions import Act, advance, load_case
from services.graduation.case.models import ENDED_WITHOUT, Graduasi, GraduasiState, Stage
from services.graduation.exit_proposal.models import ExitProposal, ExitTaken
from services.graduation.policy.models.policy import OpenedBy, Policy
from services.graduation.policy.queries import policy_on
from shared.access import Actor, Role
from shared.clock import moment_of
from shared.contracts.caseload import ExitProposed
from shared.contracts.kinds import Bansos
from shared.database import uuid7, write_once
from shared.messaging import emit


async def hear_exit(session: AsyncSession, told: ExitProposed, on: date) -> None:
    """Take down an exit that was proposed on a date, and take it up; heard again, nothing.

    Nothing here is refused: what has no policy, or a case in its way, is kept with those words.
    """
    fields = {name: value for name, value in told.model_dump().items() if name in ExitProposal.model_fields}
    fields |= {"told_on": on, "heard_at": (await moment_of(session)).at, "taken": ExitTaken.NO_POLICY}
    if await write_once(session, ExitProposal, fields):
        await take_up(session, await session.get_one(ExitProposal, told.exit_proposal_id))


async def take_up(session: AsyncSession, told: ExitProposal) -> None:
    """Open the case of a proposed exit directly in DIUSULKAN; or wait behind the one that is there.

    At most one case is open or in effect on a kepesertaan, whoever opens one at the same moment.
    """
    policy = await policy_on(session, told.exit_reason, told.told_on)
    if policy is None or policy.opened_by is not OpenedBy.EXIT_PROPOSED or told.bansos is Bansos.UNKNOWN:
        return
    behind = await _in_the_way(session, told.kepesertaan_id)
    graduasi_id = None if behind else await _open(session, told, policy)
    if graduasi_id is None:
        told.taken, told.behind_id = (
            ExitTaken.WAITING,
            behind or await _in_the_way(session, told.kepesertaan_id),
        )
        return
    told.taken, told.graduasi_id, told.behind_id = ExitTaken.OPENED, graduasi_id, None
    await _propose(session, told, graduasi_id)


async def take_up_waiting(session: AsyncSession, ended: Graduasi) -> None:
    """A case ended without an exit: of what waited behind it the oldest is taken up, the others wait behind that."""
    waiting = sa.select(ExitProposal).where(
        ExitProposal.behind_id == ended.graduasi_id, ExitProposal.taken == ExitTaken.WAITING
    )
    ordered = waiting.order_by(ExitProposal.exit_proposal_id).with_for_update()
    for told in (await session.scalars(ordered)).all():
        await take_up(session, told)


async def _in_the_way(session: AsyncSession, kepesertaan_id: UUID) -> UUID | None:
    """The case that is open or in effect; locked, so that its ending sees who came to wait behind it."""
    standing = sa.select(Graduasi.graduasi_id).where(
        Graduasi.kepesertaan_id == kepesertaan_id, Graduasi.state.not_in(ENDED_WITHOUT)
    )
    return await session.scalar(standing.with_for_update(key_share=True).limit(1))


async def _open(session: AsyncSession, told: ExitProposal, policy: Policy) -> UUID | None:
    now = await moment_of(session)
    row: dict[str, Any] = {
        name: getattr(told, name)
        for name in ("kpm_id", "kepesertaan_id", "bansos", "exit_reason", "kode_wilayah")
    }
    row |= {"graduasi_id": uuid7(), "policy_id": policy.policy_id, "policy_version": policy.version}
    row |= {"state": GraduasiState.TERIDENTIFIKASI, "since_on": now.on, "version": 1}
    row |= {"opened_by": proposer_of(told).person, "opened_at": now.at, "opened_in": told.kode_wilayah}
    return row["graduasi_id"] if await write_once(session, Graduasi, row) else None


async def _propose(session: AsyncSession, told: ExitProposal, graduasi_id: UUID) -> None:
    case, policy = await load_case(session, graduasi_id)
    who = proposer_of(told)
    act = Act(who, await moment_of(session), Stage.USUL, evidence=told.evidence_sha256)
    usul = _usul(told, case, act)
    case.usul_id = usul.usul_id
    await advance(session, [(case, policy)], [GraduasiState.DIUSULKAN], act)
    session.add(usul)
    emit(session, proposed(case, told.exit_proposal_id))


def proposer_of(told: ExitProposal) -> Actor:
    """The person who proposed, as they act in the stage USUL; caseload lets pendamping and Dinsos propose."""
    role = Role.PENDAMPING if told.pendamping_id else Role.DINSOS_KABKOTA
    sub = told.proposer_sub or told.proposer
    # An official with a pendamping_id proposes under no placement, and is the same person as in caseload.
    pendamping_id = told.pendamping_id if told.proposer == sub else UUID(told.proposer)
    return Actor(sub, frozenset({role}), (told.kode_wilayah,), pendamping_id=pendamping_id)


def _usul(told: ExitProposal, case: Graduasi, act: Act) -> Usul:
    return Usul(
        usul_id=uuid7(),
        graduasi_id=case.graduasi_id,
        policy_id=case.policy_id,
        kode_wilayah=case.kode_wilayah,
        pendamping_id=told.pendamping_id,
        penugasan_id=told.penugasan_id,
        proposer_pendamping_id=told.pendamping_id,
        proposer_penugasan_id=told.penugasan_id,
        proposed_by=act.actor.person,
        proposed_on=told.proposed_on,
        facts={"exit_proposal_id": str(told.exit_proposal_id), "evidence_sha256": told.evidence_sha256},
        at=act.moment.at,
    )
