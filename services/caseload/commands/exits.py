"""What a case of graduation means here: a mark, an announced end, an end, and the way back. A reaction never refuses."""

from datetime import datetime, time
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.commands.dampingan import change_purpose
from services.caseload.commands.history import remember
from services.caseload.commands.work import WORK
from services.caseload.models import CaseMark, CaseState, Kepesertaan, Kpm
from shared import clock
from shared.contracts.caseload import KepesertaanEnded, KepesertaanRestored
from shared.contracts.graduation import GraduasiAnnulled, GraduasiDetermined, KpmGraduated, SanggahDecided
from shared.contracts.kinds import Bansos, DampinganPurpose, SanggahOutcome
from shared.database import raw
from shared.jobs import Due, schedule, unschedule
from shared.messaging import emit

TO_MONITORING = "dampingan_to_monitoring"
MARKED = ("graduasi_id", "kpm_id", "kepesertaan_id", "exit_reason")


async def mark(session: AsyncSession, event: Any, state: CaseState, **said: Any) -> None:
    """Keep what graduation says of a case; what it does not say stays as it was."""
    said = {"state": state.value, "changed_at": await clock.now(session), **said}
    case = [event.graduasi_id, event.kpm_id, event.kepesertaan_id, event.exit_reason.value]
    connection = await raw(session)
    await session.flush()
    await connection.execute(mark_of(tuple(said)), *case, *said.values())


@cache
def mark_of(said: tuple[str, ...]) -> str:
    """Return the statement that keeps these columns; written once, because each event of a case runs it."""
    numbered = [f"${number}" for number in range(1, len(MARKED) + len(said) + 1)]
    changes = ", ".join(f"{name} = EXCLUDED.{name}" for name in said)
    return (
        f"INSERT INTO case_mark ({', '.join(MARKED + said)}) VALUES ({', '.join(numbered)})"  # noqa: S608  # our columns
        f" ON CONFLICT (graduasi_id) DO UPDATE SET {changes}"
    )


async def announce_end(session: AsyncSession, event: GraduasiDetermined) -> None:
    """The case stands in an SK: the end is announced, nothing has ended."""
    said = {
        name: getattr(event, name)
        for name in ("sk_no", "sk_on", "term_ends_on", "effective_tahap", "effective_on")
    }
    await mark(session, event, CaseState.DETERMINED, **said)


async def end_kepesertaan(session: AsyncSession, event: KpmGraduated) -> None:
    """Date the end of the membership at `effective_on`; on that day the dampingan becomes monitoring."""
    said = {
        name: getattr(event, name)
        for name in ("effective_on", "effective_tahap", "last_payable_tahap", "certificate_no")
    }
    await mark(session, event, CaseState.EFFECTIVE, held=False, **said)
    kepesertaan = await session.get(Kepesertaan, event.kepesertaan_id, with_for_update={"key_share": True})
    if kepesertaan is None or kepesertaan.graduasi_id == event.graduasi_id:
        return
    await end_on(session, kepesertaan, event)
    if event.bansos is Bansos.PKH:
        await monitor_from(session, event)


async def end_on(session: AsyncSession, kepesertaan: Kepesertaan, event: KpmGraduated) -> None:
    """Write the end, and confirm it to graduation and registry."""
    kepesertaan.valid = Range(kepesertaan.valid.lower, event.effective_on)
    kepesertaan.exit_reason, kepesertaan.graduasi_id = event.exit_reason, event.graduasi_id
    kepesertaan.last_payable_tahap, kepesertaan.version = event.last_payable_tahap, kepesertaan.version + 1
    await note(session, kepesertaan, "ENDED", event.exit_reason.value)
    emit(session, await ended(session, kepesertaan))


async def ended(session: AsyncSession, kepesertaan: Kepesertaan) -> KepesertaanEnded:
    """Return the word that a membership ends."""
    said = {"valid_to": kepesertaan.valid.upper, "exit_reason": kepesertaan.exit_reason}
    said |= {"graduasi_id": kepesertaan.graduasi_id, "last_payable_tahap": kepesertaan.last_payable_tahap}
    return KepesertaanEnded.model_validate(await told(session, kepesertaan) | said)


async def told(session: AsyncSession, kepesertaan: Kepesertaan) -> dict[str, Any]:
    """Return what is always told of a membership."""
    kpm = await session.get_one(Kpm, kepesertaan.kpm_id)
    return {
        "kepesertaan_id": kepesertaan.kepesertaan_id,
        "kpm_id": kepesertaan.kpm_id,
        "kode_wilayah": kpm.kode_wilayah,
        "bansos": kepesertaan.bansos,
        "valid_from": kepesertaan.valid.lower,
    }


async def monitor_from(session: AsyncSession, event: KpmGraduated) -> None:
    """Let the dampingan become monitoring on `effective_on`, at the first moment of that day in Jakarta."""
    begins = datetime.combine(event.effective_on, time(), clock.JAKARTA)
    payload = {"graduasi_id": str(event.graduasi_id)}
    await schedule(session, TO_MONITORING, begins, subject_id=event.kpm_id, payload=payload)


@WORK.due(TO_MONITORING)
async def begin_monitoring(session: AsyncSession, due: Due) -> None:
    """The family has left PKH: access stays, it weighs nothing."""
    graduasi_id = UUID(due.payload["graduasi_id"])
    await change_purpose(
        session, UUID(due.subject_id), DampinganPurpose.PEMANTAUAN, why="graduasi", graduasi_id=graduasi_id
    )


async def restore(session: AsyncSession, event: GraduasiAnnulled) -> None:
    """The SK is undone for this family: the membership is as if it had never ended."""
    await mark(session, event, CaseState.ANNULLED, held=False, reason=event.reason)
    kepesertaan = await session.get(Kepesertaan, event.kepesertaan_id, with_for_update={"key_share": True})
    if kepesertaan is None or kepesertaan.graduasi_id != event.graduasi_id:
        return
    await undo_end(session, kepesertaan, event.graduasi_id, event.reason)
    if event.bansos is Bansos.PKH:
        await unschedule(session, TO_MONITORING, event.kpm_id)
        await change_purpose(
            session,
            event.kpm_id,
            DampinganPurpose.PENDAMPINGAN,
            why="annulled",
            graduasi_id=event.graduasi_id,
        )


async def undo_end(session: AsyncSession, kepesertaan: Kepesertaan, graduasi_id: UUID, why: str) -> None:
    """Take the end back and tell it."""
    kepesertaan.valid = Range(kepesertaan.valid.lower, None)
    kepesertaan.exit_reason = kepesertaan.graduasi_id = kepesertaan.last_payable_tahap = None
    kepesertaan.version += 1
    await note(session, kepesertaan, "RESTORED", why, graduasi_id=str(graduasi_id))
    said = await told(session, kepesertaan) | {"graduasi_id": graduasi_id}
    emit(session, KepesertaanRestored.model_validate(said))


async def note(session: AsyncSession, kepesertaan: Kepesertaan, act: str, why: str, **detail: Any) -> None:
    """Add to the history what happened to a membership."""
    kept = {"valid_to": str(kepesertaan.valid.upper), "version": kepesertaan.version, **detail}
    place = (kepesertaan.kpm_id, "kepesertaan", kepesertaan.kepesertaan_id, act)
    await remember(session, *place, who="system:caseload", why=why, **kept)


async def hold(session: AsyncSession, graduasi_id: UUID) -> None:
    """An objection in term stops the end; what was already dated waits for the decision."""
    case = await session.get(CaseMark, graduasi_id, with_for_update={"key_share": True})
    if case is not None:
        case.held, case.changed_at = True, await clock.now(session)
        await unschedule(session, TO_MONITORING, case.kpm_id)


async def let_go(session: AsyncSession, event: SanggahDecided) -> None:
    """Refused: what was held goes on, effective as said; accepted: graduation annuls, which is told apart."""
    case = await session.get(CaseMark, event.graduasi_id, with_for_update={"key_share": True})
    if case is None or event.outcome is not SanggahOutcome.DITOLAK:
        return
    case.held, case.changed_at = False, await clock.now(session)
    case.effective_tahap = event.effective_tahap or case.effective_tahap
    case.effective_on = event.effective_on or case.effective_on
    kepesertaan = await session.get(Kepesertaan, event.kepesertaan_id, with_for_update={"key_share": True})
    if kepesertaan is not None and kepesertaan.graduasi_id == event.graduasi_id and case.effective_on:
        await move_end(session, kepesertaan, case)


async def move_end(session: AsyncSession, kepesertaan: Kepesertaan, case: CaseMark) -> None:
    """Date an end that was already written anew, after an objection to a case in effect was refused."""
    if case.effective_on and kepesertaan.valid.upper != case.effective_on:
        kepesertaan.valid = Range(kepesertaan.valid.lower, case.effective_on)
        kepesertaan.version += 1
        await note(session, kepesertaan, "END_MOVED", "sanggah refused")
        emit(session, await ended(session, kepesertaan))
    if kepesertaan.bansos is Bansos.PKH and case.effective_on:
        begins = datetime.combine(case.effective_on, time(), clock.JAKARTA)
        payload = {"graduasi_id": str(case.graduasi_id)}
        await schedule(session, TO_MONITORING, begins, subject_id=case.kpm_id, payload=payload)
