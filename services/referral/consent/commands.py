"""Texts of consent, consent, its withdrawal, and the sealed identity that arrives in between."""

from datetime import date, timedelta
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.consent.errors import ConsentAlreadyGiven, ConsentMissing, ConsentTextUnknown
from services.referral.consent.models import Consent, ConsentTerms, ConsentText, ConsentTextTerms, Identity
from services.referral.deadline.commands import fall_due
from services.referral.deadline.models import Deadline, Pause
from services.referral.follow_up.commands import close_tasks
from services.referral.matching.queries import require_fit
from services.referral.notice.commands import ask_telling, tell_partner
from services.referral.notice.models import REMINDERS, Notice, PartnerNotice
from services.referral.place.commands import seek_place
from services.referral.rujukan.commands import SYSTEM, Move, walk
from services.referral.rujukan.errors import RujukanNotOpen
from services.referral.rujukan.models import ENDED, Rujukan, RujukanProgram, RujukanState
from services.referral.sending.commands import WAITING, ask_all, ask_sending
from services.referral.visibility import require_care
from shared import clock
from shared.access import Actor
from shared.contracts.kinds import RujukanProgramState
from shared.contracts.referral import ConsentGiven, ConsentWithdrawn, RujukanWithdrawn
from shared.database import insert, load, uuid7, vault_of, write_once
from shared.dates import require_ahead, require_past
from shared.errors import VersionNotLatest
from shared.files import require_evidence
from shared.messaging import emit

RECIPIENT = "referral"


async def give_consent(
    session: AsyncSession, rujukan_program_id: UUID, given: ConsentTerms, actor: Actor
) -> RujukanProgram:
    """Record that the family lets this partner know who it is; caseload seals the identity when it hears.

    Raises:
        NotFound, FamilyNotAccompanied, ConsentAlreadyGiven, RujukanNotOpen, ProgramNoLongerFits, FileNotUploaded, ConsentTextUnknown,
        DateInTheFuture, DateTooEarly, IllegalTransition
    """
    row = await load(session, RujukanProgram, rujukan_program_id, noun="rujukan")
    await require_care(session, actor, row.kpm_id)
    rujukan = await session.get_one(Rujukan, row.rujukan_id)
    if rujukan.state is not RujukanState.TERBUKA:
        raise RujukanNotOpen(state=rujukan.state)
    today = await clock.today(session)
    require_past(given.given_on, today, "/body/given_on", earliest=rujukan.sk_on)
    await require_fit(session, row, today)
    await _require_proof(session, given)
    consent = _consent(row, given, actor)
    await insert(session, consent, uq_consent_rujukan_program_id=ConsentAlreadyGiven())
    await walk(session, row, RujukanProgramState.DISETUJUI_KPM, Move(actor.sub, today, "consent given"))
    await seek_place(session, row, today)
    emit(session, ConsentGiven.of(consent, rujukan_id=row.rujukan_id))
    return row


def _consent(row: RujukanProgram, given: ConsentTerms, actor: Actor) -> Consent:
    return Consent(
        **dict(given),
        consent_id=uuid7(),
        rujukan_program_id=row.rujukan_program_id,
        kpm_id=row.kpm_id,
        kode_wilayah=row.kode_wilayah,
        partner_id=row.partner_id,
        recorded_by=actor.sub,
    )


async def _require_proof(session: AsyncSession, given: ConsentTerms) -> None:
    await require_evidence(session, given.evidence_sha256)
    held = sa.select(ConsentText.version).where(ConsentText.valid_from <= given.given_on)
    if await session.scalar(held.order_by(ConsentText.valid_from.desc()).limit(1)) != given.text_version:
        raise ConsentTextUnknown("/body/text_version", version=given.text_version)


async def withdraw_consent(
    session: AsyncSession, rujukan_program_id: UUID, withdrawn_on: date, reason: str, actor: Actor
) -> RujukanProgram:
    """Take the consent back: nothing more is shared, what was kept of the identity is destroyed, the partner is told.

    Raises:
        NotFound, FamilyNotAccompanied, ConsentMissing, DateInTheFuture, DateTooEarly, IllegalTransition
    """
    row = await load(session, RujukanProgram, rujukan_program_id, noun="rujukan")
    await require_care(session, actor, row.kpm_id)
    consent = await session.scalar(sa.select(Consent).where(Consent.rujukan_program_id == rujukan_program_id))
    if consent is None or consent.withdrawn_on is not None:
        raise ConsentMissing
    today = await clock.today(session)
    require_past(withdrawn_on, today, "/body/withdrawn_on", earliest=consent.given_on)
    consent.withdrawn_on, consent.withdrawn_reason, consent.withdrawn_by = withdrawn_on, reason, actor.sub
    emit(session, ConsentWithdrawn.of(consent, rujukan_id=row.rujukan_id, reason="consent withdrawn"))
    if row.state not in ENDED:
        await withdraw(session, row, Move(actor.sub, today, "consent withdrawn"), withdrawn_on)
    elif row.shared_at is not None:
        await tell_partner(session, row, Notice.DICABUT, withdrawn_on)  # it may keep what it was told
    return row


async def withdraw(session: AsyncSession, row: RujukanProgram, move: Move, withdrawn_on: date) -> None:
    """Take one offer back, and tell the partner if it has ever been told of it, and of nothing else any more."""
    await walk(session, row, RujukanProgramState.DICABUT, move)
    row.withdrawn_on = withdrawn_on
    await close_tasks(session, row.rujukan_program_id, move.on)
    emit(session, RujukanWithdrawn.of(row, status=row.state, reason=move.reason))
    if row.shared_at is not None:
        await tell_partner(session, row, Notice.DICABUT, withdrawn_on)


async def withdraw_rujukan(session: AsyncSession, rujukan: Rujukan, reason: str) -> None:
    """The graduation was undone: the case and every offer in it that has not ended are DICABUT."""
    if rujukan.state is RujukanState.DICABUT:
        return
    rujukan.close(RujukanState.DICABUT)
    rujukan.withdrawn_reason = reason
    move = Move(SYSTEM, await clock.today(session), "graduation annulled")
    wanted = sa.select(RujukanProgram).where(RujukanProgram.rujukan_id == rujukan.rujukan_id)
    for row in await session.scalars(
        wanted.order_by(RujukanProgram.rujukan_program_id).with_for_update(key_share=True)
    ):
        if row.state not in ENDED:
            await withdraw(session, row, move, move.on)


async def keep_identity(session: AsyncSession, for_id: UUID, kpm_id: UUID, person: dict[str, object]) -> None:
    """Keep who the family is for one consented sending, under own keys; the same again changes nothing."""
    row = await session.get(RujukanProgram, for_id, with_for_update={"key_share": True})
    if row is None or row.kpm_id != kpm_id or row.state not in WAITING:
        return  # withdrawn, or over, while it was on its way: what is not needed is not kept
    sealed = vault_of(session).seal(
        orjson.dumps(person).decode(), table="identity", column="sealed", row_id=for_id
    )
    values = {"for_id": for_id, "recipient": RECIPIENT, "kpm_id": kpm_id, "sealed": sealed}
    if await write_once(session, Identity, values):
        await ask_sending(session, for_id)


async def pause_rujukan(session: AsyncSession, rujukan: Rujukan, sanggah_id: UUID) -> None:
    """Hold the case for this sanggah; heard again, nothing changes, whatever has come of the sanggah since."""
    pause = {
        "sanggah_id": sanggah_id,
        "rujukan_id": rujukan.rujukan_id,
        "paused_on": await clock.today(session),
    }
    if await write_once(session, Pause, pause):
        rujukan.paused = True
        rujukan.version += 1


async def hold_like(session: AsyncSession, first: Rujukan, other: Rujukan) -> None:
    """Hold a case that opens while the first of its graduation is held, for the same sanggah, so that they let both go."""
    wanted = sa.select(Pause.sanggah_id).where(
        Pause.rujukan_id == first.rujukan_id, Pause.resumed_on.is_(None)
    )
    for sanggah_id in (await session.scalars(wanted)).all():
        await pause_rujukan(session, other, sanggah_id)


async def resume_rujukan(session: AsyncSession, rujukan: Rujukan, sanggah_id: UUID) -> None:
    """Let the case go on, unless another sanggah holds it; each deadline gains the days that it stood still."""
    mine = await session.get(Pause, (sanggah_id, rujukan.rujukan_id))
    if mine is None or mine.resumed_on is not None:
        return
    today = await clock.today(session)
    mine.resumed_on = today
    await session.flush()
    others = sa.select(sa.func.min(Pause.paused_on)).where(
        Pause.rujukan_id == rujukan.rujukan_id, Pause.resumed_on.is_(None)
    )
    held_since = await session.scalar(others)
    rujukan.paused = held_since is not None
    rujukan.version += 1
    await session.flush()
    await _shift(session, rujukan, mine.paused_on, min(today, held_since or today))
    if not rujukan.paused:
        await _go_on(session, rujukan)


async def _shift(session: AsyncSession, rujukan: Rujukan, begun: date, ended: date) -> None:
    """Move what has not passed by the days between, or by those since it was set, if it was set meanwhile."""
    rows = await session.execute(
        sa.select(Deadline, RujukanProgram)
        .join(RujukanProgram, RujukanProgram.rujukan_program_id == Deadline.rujukan_program_id)
        .where(RujukanProgram.rujukan_id == rujukan.rujukan_id, Deadline.passed_on.is_(None))
        .order_by(Deadline.rujukan_program_id, Deadline.kind)
        .with_for_update(of=Deadline)
    )
    moved: set[UUID] = set()
    for deadline, row in rows:
        still = max(timedelta(), ended - max(begun, deadline.started_on))
        deadline.due_on += still
        if row.sla_due_on is not None and row.rujukan_program_id not in moved:
            row.sla_due_on += still
            moved.add(row.rujukan_program_id)
        if not rujukan.paused:
            await fall_due(session, deadline.rujukan_program_id, deadline.kind, deadline.due_on)


async def _go_on(session: AsyncSession, rujukan: Rujukan) -> None:
    """Ask again for what was held: sendings, and reminders that were not taken."""
    await ask_all(session, rujukan.rujukan_id)
    mine = sa.select(RujukanProgram.rujukan_program_id).where(RujukanProgram.rujukan_id == rujukan.rujukan_id)
    reminders = sa.select(PartnerNotice).where(
        PartnerNotice.rujukan_program_id.in_(mine),
        PartnerNotice.notice.in_(REMINDERS),
        PartnerNotice.taken_at.is_(None),
    )
    for notice in await session.scalars(reminders):
        await ask_telling(session, notice.notice_id, notice.partner_id)


async def set_consent_text(session: AsyncSession, terms: ConsentTextTerms, actor: Actor) -> ConsentText:
    """Set the words that are read to families from a day on; what was agreed to before stays agreed to.

    Raises:
        DateInThePast, VersionNotLatest
    """
    require_ahead(terms.valid_from, await clock.today(session))
    taken_from = VersionNotLatest("/body/valid_from", on=terms.valid_from)
    last = (await session.scalars(sa.select(ConsentText).order_by(ConsentText.version.desc()).limit(1))).one()
    if last.valid_from >= terms.valid_from:
        raise taken_from
    row = ConsentText(**dict(terms), version=last.version + 1, set_by=actor.sub)
    await insert(session, row, uq_consent_text_valid_from=taken_from, pk_consent_text=taken_from)
    return row
