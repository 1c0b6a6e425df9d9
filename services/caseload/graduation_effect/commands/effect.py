from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.dampingan.commands.assignment import resume_accompaniment
from services.caseload.dampingan.commands.gap import finish_needless_tasks, open_gap_if_unaccompanied
from services.caseload.dampingan.models import GapCause
from services.caseload.dampingan.rules import day_after
from services.caseload.exit_proposal.models import PROPOSAL_MOVES, ExitProposal, ExitProposalState
from services.caseload.history import SYSTEM
from services.caseload.membership.commands.ends import recompute_membership_end
from services.caseload.membership.commands.pending_decisions import update_pending_decisions
from services.caseload.membership.models import CaseMark, CaseState, Kepesertaan
from services.caseload.membership.rules import (
    MONITORED,
    STEPS,
    columns_from_facts,
    exit_proposal_of,
    state_of,
    with_fact,
    with_objection,
)
from shared import clock
from shared.contracts.graduation import MonitoringRecorded, SanggahDecided, SanggahLodged
from shared.contracts.kinds import Bansos, ExitReason
from shared.database import write_once
from shared.dates import midnight
from shared.jobs import schedule, unschedule

START_MONITORING = "kpm.start_monitoring"
OPEN_GAP = "dampingan_gap.open"
KEY_FIELDS = {"graduasi_id", "kpm_id", "kode_wilayah", "kepesertaan_id"}
PROPOSAL_STATES = {
    CaseState.CLOSED: ExitProposalState.CLOSED,
    CaseState.ANNULLED: ExitProposalState.CLOSED,
    CaseState.EFFECTIVE: ExitProposalState.ENDED,
}


async def apply_fact(session: AsyncSession, event: Any, fact: str) -> None:
    """Store an event of a case in its mark, and apply all its facts.

    This updates the membership and the dampingan.
    """
    values = event.model_dump(mode="json", exclude=KEY_FIELDS)
    if STEPS[fact] is CaseState.OPEN and await insert_new_mark(session, event, with_fact({}, fact, values)):
        return
    mark = await lock_mark(session, event)
    mark.facts = with_fact(mark.facts, fact, values)
    await update_from_facts(session, mark)
    await close_proposal(session, mark)


async def apply_objection(session: AsyncSession, event: SanggahLodged | SanggahDecided) -> None:
    """Apply a lodged or decided objection to the case and its membership.

    An objection in term suspends the end, also one that has a date already. A refusal lifts that, perhaps with a later
    end.
    """
    mark = await lock_mark(session, event)
    values = event.model_dump(mode="json", exclude=KEY_FIELDS | {"sanggah_id"})
    mark.facts = with_objection(mark.facts, str(event.sanggah_id), values)
    await update_from_facts(session, mark)


async def apply_result(session: AsyncSession, event: MonitoringRecorded) -> None:
    """Record in the case mark that the monitoring is complete, or continues."""
    mark = await session.get(CaseMark, event.graduasi_id, with_for_update={"key_share": True})
    if event.completes and mark is not None:
        mark.facts = with_fact(mark.facts, MONITORED, {"recorded_on": str(event.recorded_on)})
        mark.monitoring_ended_on = event.recorded_on
        await finish_needless_tasks(session, SYSTEM, event.kpm_id, day_after(event.recorded_on))
    elif event.reopens and mark is not None:
        mark.facts = {name: fact for name, fact in mark.facts.items() if name != MONITORED}
        mark.monitoring_ended_on = None
        await open_gap_if_unaccompanied(session, event.kpm_id, GapCause.PEMANTAUAN_DIMULAI)


async def insert_new_mark(session: AsyncSession, event: Any, facts: dict[str, Any]) -> bool:
    """Insert the mark of an open case, and return whether there was none before.

    One statement is enough, because an open case has no effect yet and most cases start with this event.
    """
    row = {
        "graduasi_id": event.graduasi_id,
        "kpm_id": event.kpm_id,
        "kepesertaan_id": event.kepesertaan_id,
        "state": state_of(facts),
        "facts": facts,
        "changed_at": await clock.now(session),
        **columns_from_facts(facts),
    }
    return await write_once(session, CaseMark, row)


async def lock_mark(session: AsyncSession, event: Any) -> CaseMark:
    """Lock and return the case's mark. The first event of a case creates it."""
    await session.flush()
    mark = await session.get(CaseMark, event.graduasi_id, with_for_update={"key_share": True})
    now = await clock.now(session)
    if mark is None:
        mark = CaseMark(
            graduasi_id=event.graduasi_id,
            kpm_id=event.kpm_id,
            kepesertaan_id=event.kepesertaan_id,
            exit_reason=ExitReason.UNKNOWN,
            state=CaseState.OPEN,
            facts={},
            changed_at=now,
        )
        session.add(mark)
    mark.changed_at = now
    return mark


async def update_from_facts(session: AsyncSession, mark: CaseMark) -> None:
    """Update the mark from its facts, and after a graduation also membership and dampingan."""
    if (state := state_of(mark.facts)) is not mark.state:
        mark.transition_to(state)
        await update_pending_decisions(session, mark)
    for name, value in columns_from_facts(mark.facts).items():
        setattr(mark, name, value)
    await session.flush()
    if "graduated" in mark.facts:
        kepesertaan, changed = await recompute_membership_end(session, mark)
        if kepesertaan is not None and kepesertaan.bansos is Bansos.PKH:
            await update_monitoring(session, kepesertaan, mark, changed=changed)
        elif kepesertaan is not None:
            await schedule_gap(session, kepesertaan, mark)


async def update_monitoring(
    session: AsyncSession, row: Kepesertaan, mark: CaseMark, *, changed: bool
) -> None:
    """Schedule the switch to monitoring, or cancel it if the end is undone or suspended."""
    if row.valid_to is None:
        await unschedule(session, START_MONITORING, row.kpm_id)
        if changed:
            await resume_accompaniment(session, row.kpm_id, why="ANNULLED", graduasi_id=mark.graduasi_id)
    elif mark.held:
        await unschedule(session, START_MONITORING, row.kpm_id)
    elif row.graduasi_id == mark.graduasi_id:
        starts_at = midnight(row.valid_to)
        payload = {"graduasi_id": str(mark.graduasi_id), "watched": mark.monitored}
        await schedule(session, START_MONITORING, starts_at, subject_id=row.kpm_id, payload=payload)


async def schedule_gap(session: AsyncSession, row: Kepesertaan, mark: CaseMark) -> None:
    """Schedule the gap of a family whose monitoring after an exit from another bansos begins.

    If the membership has no end, finish the task that is not needed.
    """
    if row.valid_to is None:
        await finish_needless_tasks(session, SYSTEM, row.kpm_id, await clock.today(session))
    elif mark.monitored:
        await schedule(session, OPEN_GAP, midnight(row.valid_to), subject_id=mark.graduasi_id)


async def close_proposal(session: AsyncSession, mark: CaseMark) -> None:
    """Close the exit proposal that the case came from, when the case has ended."""
    proposal_id, target = exit_proposal_of(mark.facts), PROPOSAL_STATES.get(mark.state)
    if proposal_id is None or target is None:
        return
    proposal = await session.get(ExitProposal, proposal_id, with_for_update={"key_share": True})
    if proposal is not None and target in PROPOSAL_MOVES[proposal.state]:
        proposal.transition_to(target)
        proposal.changed_at = await clock.now(session)
