"""Commands that end the cases of a family that has ended (docs/case-lifecycle.md#end-of-a-family)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.case.commands.transitions import Act, advance
from services.graduation.case.models import (
    BEFORE_DITETAPKAN,
    EFFECTIVE,
    ENDED_WITHOUT_EXIT,
    Graduasi,
    GraduasiState,
)
from services.graduation.decree.models import Penetapan
from services.graduation.exit_proposal.commands import (
    build_proposer,
    open_or_wait,
    queue_behind,
    retry_proposals,
    retry_waiting,
    store_proposal,
)
from services.graduation.exit_proposal.models import ExitProposal, ExitTaken
from services.graduation.family_end.models import FamilyEnd, outcome_of
from services.graduation.monitoring.commands.results import complete_without_visit
from services.graduation.monitoring.commands.tasks import close_tasks
from services.graduation.objection.commands.annulment import annul_after_death, was_effective
from services.graduation.objection.commands.sanggah import lapse_sanggah
from services.graduation.policy.models.policy import Policy
from services.graduation.review.commands import to_closed_event
from services.graduation.tables import CaseReason, HoldReason
from services.graduation.term.commands import SYSTEM, cancel_due_work
from shared.clock import moment_of
from shared.contracts.caseload import ExitProposalWithdrawn, ExitProposed, KpmUpdated
from shared.contracts.kinds import ClosedAs, ExitReason, FamilyEndReason
from shared.dates import day_of
from shared.messaging import Meta, Received, emit

S = GraduasiState
# The states that a case in effect passes until it is complete.
PATHS_TO_SELESAI = {S.DISANGGAH: [S.EFEKTIF, S.PEMANTAUAN], S.EFEKTIF: [S.PEMANTAUAN], S.PEMANTAUAN: []}


CODES = {
    FamilyEndReason.MENINGGAL: CaseReason.MENINGGAL,
    FamilyEndReason.BERGABUNG: CaseReason.BERGABUNG,
}


@dataclass(frozen=True, slots=True)
class End:
    """Why and when a family ended, and the id of the fact."""

    reason: FamilyEndReason
    recorded_on: date
    fact_id: UUID

    @property
    def is_death(self) -> bool:
        """Whether the family's only member has died."""
        return self.reason is FamilyEndReason.MENINGGAL


async def apply_family_ends(session: AsyncSession, received: Sequence[Received[KpmUpdated]]) -> None:
    """Store the ends of families and their reversals.

    The cases of ended families end. A repeated event finds no case that is still open.
    """
    latest = {one.event.kpm_id: one for one in received}
    await _lift_ends(session, {id_: one.meta for id_, one in latest.items() if one.event.ended_on is None})
    for kpm_id in sorted(latest):
        event, meta = latest[kpm_id].event, latest[kpm_id].meta
        if event.ended_on is not None:
            row = await _store_end(session, event.ended_on, event, meta)
            if row.end_reason is FamilyEndReason.MENINGGAL:
                await _mark_undone(session, [kpm_id], None)
            await end_cases(session, kpm_id, End(row.end_reason, row.recorded_on, row.event_id))


async def _lift_ends(session: AsyncSession, facts: Mapping[UUID, Meta]) -> None:
    # One array, because a batch may have more families than a statement has parameters.
    given = sa.any_(sa.literal(list(facts), sa.ARRAY(sa.Uuid())))
    statement = sa.delete(FamilyEnd).where(FamilyEnd.kpm_id == given).returning(FamilyEnd.kpm_id)
    if lifted := (await session.scalars(statement)).all():
        # The cases that the death closed stay closed: what waits for them would wait for ever.
        behind_closed = sa.select(Graduasi.graduasi_id).where(
            Graduasi.kpm_id.in_(lifted), Graduasi.state.in_(ENDED_WITHOUT_EXIT)
        )
        waiting = sa.select(ExitProposal).where(
            ExitProposal.behind_id.in_(behind_closed), ExitProposal.taken == ExitTaken.WAITING
        )
        await retry_proposals(session, waiting)
        await _hold_exits_of_living(session, {kpm_id: facts[kpm_id] for kpm_id in lifted})
        await _mark_undone(session, lifted, (await moment_of(session)).on)


async def _hold_exits_of_living(session: AsyncSession, facts: Mapping[UUID, Meta]) -> None:
    """Postpone the cases of deaths that were undone after their SK and before its effect.

    They are annulled, or resumed if the death is recorded again.
    """
    statement = _select_cases(Graduasi.kpm_id.in_(facts)).where(
        Graduasi.exit_reason == ExitReason.MENINGGAL,
        sa.func.coalesce(Graduasi.postponed_from, Graduasi.state).in_([S.DITETAPKAN, S.MASA_SANGGAH]),
    )
    moment = await moment_of(session)
    for case, policy in (await session.execute(statement)).all():
        case.held_for = HoldReason.FAKTA_BERUBAH
        if case.state is not S.DITUNDA:
            reason, code = str(facts[case.kpm_id].event_id), CaseReason.KEMATIAN_DIBATALKAN
            act = Act(SYSTEM, moment, reason=reason, code=code)
            await advance(session, [(case, policy)], [S.DITUNDA], act)


async def hold_undone_death(session: AsyncSession, event: ExitProposalWithdrawn, meta: Meta) -> None:
    """Postpone the case of an undone death that an SK has determined since."""
    proposal = await session.get(ExitProposal, event.exit_proposal_id)
    # Only the reversal of a death withdraws what caseload itself proposed.
    if proposal is None or not build_proposer(proposal).is_system:
        return
    if await session.get(FamilyEnd, event.kpm_id) is None:
        await _hold_exits_of_living(session, {event.kpm_id: meta})


async def _mark_undone(session: AsyncSession, kpm_ids: Sequence[UUID], on: date | None) -> None:
    """Mark the cases of deaths that were undone after their effect or during a sanggah.

    None removes the mark, when the death is recorded again.
    """
    statement = sa.update(Graduasi).where(
        Graduasi.kpm_id.in_(kpm_ids),
        Graduasi.exit_reason == ExitReason.MENINGGAL,
        Graduasi.state.in_([S.DISANGGAH, *EFFECTIVE]),
    )
    await session.execute(statement.values(fact_undone_on=on).execution_options(synchronize_session=False))


def _select_cases(condition: sa.ColumnElement[bool]) -> sa.Select[Graduasi, Policy]:
    """Select cases with their policies, locked and freshly read."""
    statement = sa.select(Graduasi, Policy).join(Policy, Policy.policy_id == Graduasi.policy_id)
    locked = statement.where(condition).order_by(Graduasi.graduasi_id)
    return locked.with_for_update(key_share=True, of=Graduasi).execution_options(populate_existing=True)


async def _store_end(session: AsyncSession, ended_on: date, event: KpmUpdated, meta: Meta) -> FamilyEnd:
    end = {"ended_on": ended_on, "end_reason": event.end_reason or FamilyEndReason.UNKNOWN}
    row = await session.get(FamilyEnd, event.kpm_id)
    if row is None:
        # A later event of the same end changes neither the fact nor the day of its recording.
        fact = {"event_id": meta.event_id, "recorded_on": day_of(meta.occurred_at)}
        row = FamilyEnd(kpm_id=event.kpm_id, **end, **fact)
        session.add(row)
    row.ended_on, row.end_reason = end["ended_on"], end["end_reason"]
    await session.flush()
    return row


async def apply_exit(session: AsyncSession, event: ExitProposed, on: date) -> None:
    """Store an exit proposal of a date and open its case.

    A death closes every other open case of the family and takes over. A repeated event does nothing.
    """
    proposal = await store_proposal(session, event, on)
    if proposal is None:
        return
    await open_or_wait(session, proposal)
    if proposal.exit_reason is ExitReason.MENINGGAL:
        await _take_over(session, proposal)


async def _take_over(session: AsyncSession, proposal: ExitProposal) -> None:
    # The proposal has its case or waits for a locked one: no other case can be opened in between.
    end = End(FamilyEndReason.MENINGGAL, proposal.occurred_on, proposal.exit_proposal_id)
    await end_cases(session, proposal.kpm_id, end)
    if proposal.taken is ExitTaken.WAITING:
        await open_or_wait(session, proposal)
    if proposal.taken is ExitTaken.OPENED:
        await queue_behind(session, proposal)


async def end_cases(session: AsyncSession, kpm_id: UUID, end: End) -> None:
    """End every case of a family that has ended, except those of the death itself."""
    cases = _select_cases(Graduasi.kpm_id == kpm_id).where(
        Graduasi.exit_reason != ExitReason.MENINGGAL, Graduasi.state.not_in(ENDED_WITHOUT_EXIT)
    )
    statement = cases.add_columns(Penetapan).outerjoin(
        Penetapan, Penetapan.graduasi_id == Graduasi.graduasi_id
    )
    moment, code = await moment_of(session), CODES.get(end.reason, CaseReason.LAINNYA)
    act = Act(SYSTEM, moment, reason=str(end.fact_id), code=code)
    for case, policy, penetapan in (await session.execute(statement)).all():
        await _end_case(session, case, policy, penetapan, end, act)


async def _end_case(
    session: AsyncSession, case: Graduasi, policy: Policy, penetapan: Penetapan | None, end: End, act: Act
) -> None:
    """End one locked case.

    A case before its SK is cancelled. A case in effect is complete. A death before the effect annuls the SK. A family
    that joined another keeps its SK, and the case is complete on its effective day.
    """
    if penetapan is None or (case.postponed_from or case.state) in BEFORE_DITETAPKAN:
        await _cancel(session, case, policy, end, act)
    elif case.state is S.SELESAI:
        await close_tasks(session, case, act.moment.on)
        if end.is_death:
            await lapse_sanggah(session, case, act)
    elif await _is_in_effect(session, case, penetapan, end):
        await _complete(session, case, policy, end, act)
    elif end.is_death:
        await lapse_sanggah(session, case, act)
        await annul_after_death(session, case, policy, act)


async def _cancel(session: AsyncSession, case: Graduasi, policy: Policy, end: End, act: Act) -> None:
    await advance(session, [(case, policy)], [S.DIBATALKAN], act)
    emit(session, to_closed_event(case, ClosedAs.DIBATALKAN, end.reason))
    # After a death, what waits for this case waits for the case of the death, whose proposal follows.
    if not end.is_death:
        await retry_waiting(session, case)


async def _is_in_effect(session: AsyncSession, case: Graduasi, penetapan: Penetapan, end: End) -> bool:
    """Return whether the exit was in effect when the end was recorded."""
    if case.state not in PATHS_TO_SELESAI or penetapan.effective_on > end.recorded_on:
        return False
    return case.state is not S.DISANGGAH or (end.is_death and await was_effective(session, case.graduasi_id))


async def _complete(session: AsyncSession, case: Graduasi, policy: Policy, end: End, act: Act) -> None:
    # A sanggah of a family that joined another is decided as usual.
    if end.is_death:
        await lapse_sanggah(session, case, act)
    if path := PATHS_TO_SELESAI[case.state]:
        await advance(session, [(case, policy)], path, act)
    await cancel_due_work(session, case, act.moment.on)
    await complete_without_visit(session, case, policy, act, outcome_of(end.reason))
