from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.dampingan.commands.assignment import accompany_anew
from services.caseload.exit_proposal.models import PROPOSAL_MOVES, ExitProposal, ExitProposalState
from services.caseload.membership.commands.ends import settle
from services.caseload.membership.commands.pending import ask_of_others
from services.caseload.membership.models import CaseMark, CaseState, Kepesertaan
from services.caseload.membership.rules import (
    STEPS,
    exit_proposal_of,
    state_of,
    truth_of,
    with_fact,
    with_objection,
)
from shared import clock
from shared.contracts.graduation import SanggahDecided, SanggahLodged
from shared.contracts.kinds import Bansos, ExitReason
from shared.database import write_once
from shared.dates import midnight
from shared.jobs import schedule, unschedule

TO_MONITORING = "dampingan_to_monitoring"
KNOWN_BY_PLACE = {"graduasi_id", "kpm_id", "kode_wilayah", "kepesertaan_id"}
PROPOSAL_BECOMES = {
    CaseState.CLOSED: ExitProposalState.CLOSED,
    CaseState.ANNULLED: ExitProposalState.CLOSED,
    CaseState.EFFECTIVE: ExitProposalState.ENDED,
}


async def hear(session: AsyncSession, event: Any, fact: str) -> None:
    """Keep what graduation says of a case, and let the membership follow from all that was said."""
    said = event.model_dump(mode="json", exclude=KNOWN_BY_PLACE)
    if STEPS[fact] is CaseState.OPEN and await first_said(session, event, with_fact({}, fact, said)):
        return
    mark = await mark_of(session, event)
    mark.facts = with_fact(mark.facts, fact, said)
    await follow(session, mark)
    await close_proposal(session, mark)


async def hear_objection(session: AsyncSession, event: SanggahLodged | SanggahDecided) -> None:
    """An objection in term holds the end, also one already dated; refused, the end goes on, perhaps later."""
    mark = await mark_of(session, event)
    said = event.model_dump(mode="json", exclude=KNOWN_BY_PLACE | {"sanggah_id"})
    mark.facts = with_objection(mark.facts, str(event.sanggah_id), said)
    await follow(session, mark)


async def first_said(session: AsyncSession, event: Any, facts: dict[str, Any]) -> bool:
    """Write the mark of a case that has just opened, in one statement; return whether nothing of it was known before.

    Nothing follows from an open case yet, and most cases are first heard of when they open.
    """
    row = {
        "graduasi_id": event.graduasi_id,
        "kpm_id": event.kpm_id,
        "kepesertaan_id": event.kepesertaan_id,
        "state": state_of(facts),
        "facts": facts,
        "changed_at": await clock.now(session),
        **truth_of(facts),
    }
    return await write_once(session, CaseMark, row)


async def mark_of(session: AsyncSession, event: Any) -> CaseMark:
    """Return the case's mark, locked; the first word of a case makes it, whichever word that is."""
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


async def follow(session: AsyncSession, mark: CaseMark) -> None:
    """Let the mark and, once a case has taken effect, the membership and the dampingan be what the facts say."""
    if (state := state_of(mark.facts)) is not mark.state:
        mark.become(state)
        await ask_of_others(session, mark)
    for name, value in truth_of(mark.facts).items():
        setattr(mark, name, value)
    await session.flush()
    if "graduated" in mark.facts:
        kepesertaan, changed = await settle(session, mark)
        if kepesertaan is not None and kepesertaan.bansos is Bansos.PKH:
            await accompany(session, kepesertaan, mark, changed=changed)


async def accompany(session: AsyncSession, row: Kepesertaan, mark: CaseMark, *, changed: bool) -> None:
    """Let the dampingan become monitoring on the day the family leaves PKH, and go on where the end is taken back."""
    if row.valid_to is None:
        await unschedule(session, TO_MONITORING, row.kpm_id)
        if changed:
            await accompany_anew(session, row.kpm_id, why="annulled", graduasi_id=mark.graduasi_id)
    elif mark.held:
        await unschedule(session, TO_MONITORING, row.kpm_id)
    elif row.graduasi_id == mark.graduasi_id:
        begins = midnight(row.valid_to)
        watched = mark.facts["graduated"].get("monitoring_months") != 0
        payload = {"graduasi_id": str(mark.graduasi_id), "watched": watched}
        await schedule(session, TO_MONITORING, begins, subject_id=row.kpm_id, payload=payload)


async def close_proposal(session: AsyncSession, mark: CaseMark) -> None:
    """Let the proposal that a case came from end with it; one that waits behind another's case goes on waiting."""
    proposal_id, wanted = exit_proposal_of(mark.facts), PROPOSAL_BECOMES.get(mark.state)
    if proposal_id is None or wanted is None:
        return
    proposal = await session.get(ExitProposal, proposal_id, with_for_update={"key_share": True})
    if proposal is not None and wanted in PROPOSAL_MOVES[proposal.state]:
        proposal.become(wanted)
        proposal.changed_at = await clock.now(session)
