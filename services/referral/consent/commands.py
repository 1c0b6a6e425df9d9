"""Texts of consent, consent and its withdrawal, sealed identities, and pauses by sanggah."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.consent.errors import ConsentAlreadyGiven, ConsentTextUnknown
from services.referral.consent.models import (
    Consent,
    ConsentFacts,
    ConsentTerms,
    ConsentText,
    ConsentTextTerms,
    Identity,
)
from services.referral.consent.queries import require_consent
from services.referral.deadline.commands import schedule_deadline
from services.referral.deadline.models import Deadline, RujukanPause
from services.referral.follow_up.commands import close_tasks
from services.referral.matching.queries import require_fit
from services.referral.notice.commands import notify_partner, schedule_notice
from services.referral.notice.models import REMINDERS, Notice, PartnerNotice
from services.referral.partner_call.commands import schedule_all_sendings, schedule_sending
from services.referral.place.commands import reserve_place
from services.referral.rujukan.commands import SYSTEM, Move, move_rujukan_program
from services.referral.rujukan.models import ENDED, UNSENT_STATES, Rujukan, RujukanProgram, RujukanState
from services.referral.rujukan.rules import require_consentable
from services.referral.signature.commands import name_persons
from services.referral.signature.queries import ids_of, read_persons
from services.referral.tables import MoveReason
from services.referral.visibility import require_family_access
from shared import clock
from shared.access import Actor
from shared.contracts.referral import ConsentGiven, ConsentWithdrawn, RujukanWithdrawn
from shared.contracts.rujukan_kinds import RujukanProgramState
from shared.database import insert, load, upsert, uuid7, vault_of, write_once
from shared.dates import require_not_future, require_not_past
from shared.errors import VersionNotLatest
from shared.evidence import EvidenceKind, EvidenceUse, require_evidence
from shared.messaging import emit

RECIPIENT = "referral"


async def give_consent(
    session: AsyncSession, rujukan_program_id: UUID, given: ConsentTerms, actor: Actor
) -> RujukanProgram:
    """Record that the family consents to share the identity of the persons named.

    Caseload seals their identity when it receives the event.

    Raises:
        NotFound, FamilyNotAccompanied, RujukanNotOpen, OfferWithdrawn, OfferLapsed, ConsentAlreadyGiven,
        ProgramNoLongerFits, FileNotUploaded, ConsentTextUnknown, DateInTheFuture, DateTooEarly,
        FamilyHasEnded, PengurusMissing, PersonHasLeft, SignerUnknown, SignatureMissing
    """
    row = await load(session, RujukanProgram, rujukan_program_id, noun="rujukan")
    await require_family_access(session, actor, row.kpm_id, acted_on=given.given_on)
    rujukan = await session.get_one(Rujukan, row.rujukan_id)
    require_consentable(row, rujukan.state)
    today = await clock.today(session)
    latest = await clock.latest_today(session)
    require_not_future(given.given_on, latest, "/body/given_on", earliest=rujukan.sk_on)
    fit = await require_fit(session, row, today)
    text = await _require_proof(session, row, given, actor)
    consent = _consent(row, given, actor)
    persons = await name_persons(session, consent, fit, given, text.adult_from)
    await insert(session, consent, uq_consent_rujukan_program_id=ConsentAlreadyGiven())
    session.add_all(persons)
    row.pin_usaha(fit.usaha, [reason.as_json() for reason in fit.reasons])
    await move_rujukan_program(
        session, row, RujukanProgramState.DISETUJUI_KPM, Move(actor, today, MoveReason.PERSETUJUAN_DIBERIKAN)
    )
    await reserve_place(session, row, today)
    emit(session, ConsentGiven.of(consent, rujukan_id=row.rujukan_id, persons=ids_of(persons)))
    return row


def _consent(row: RujukanProgram, given: ConsentTerms, actor: Actor) -> Consent:
    return Consent(
        **{name: getattr(given, name) for name in ConsentFacts.model_fields},
        consent_id=uuid7(),
        rujukan_program_id=row.rujukan_program_id,
        kpm_id=row.kpm_id,
        kode_wilayah=row.kode_wilayah,
        partner_id=row.partner_id,
        recorded_by=actor.sub,
    )


async def _require_proof(
    session: AsyncSession, row: RujukanProgram, given: ConsentTerms, actor: Actor
) -> ConsentText:
    use = EvidenceUse(EvidenceKind.PERSETUJUAN, row.rujukan_program_id, row.kpm_id, row.kode_wilayah, actor)
    await require_evidence(session, given.evidence_sha256, use)
    begun = (ConsentText.valid_from <= given.given_on, ConsentText.voided_on.is_(None))
    latest = sa.select(ConsentText).where(*begun).order_by(ConsentText.valid_from.desc())
    text = await session.scalar(latest.limit(1))
    if text is None or text.version != given.text_version:
        raise ConsentTextUnknown("/body/text_version", version=given.text_version)
    return text


async def withdraw_consent(
    session: AsyncSession, rujukan_program_id: UUID, withdrawn_on: date, reason: str, actor: Actor
) -> RujukanProgram:
    """Withdraw the consent, delete the stored identity, and notify the partner.

    Raises:
        NotFound, FamilyNotAccompanied, ConsentMissing, DateInTheFuture, DateTooEarly, IllegalTransition
    """
    row = await load(session, RujukanProgram, rujukan_program_id, noun="rujukan")
    await require_family_access(session, actor, row.kpm_id)
    consent = await require_consent(session, row)
    today, latest = await clock.today(session), await clock.latest_today(session)
    require_not_future(withdrawn_on, latest, "/body/withdrawn_on", earliest=consent.given_on)
    place = {"table": "consent", "column": "withdrawn_reason", "row_id": consent.consent_id}
    consent.withdrawn_reason_sealed = vault_of(session).seal(reason, **place)
    consent.withdrawn_on, consent.withdrawn_by = withdrawn_on, actor.sub
    await end_sharing(session, row, consent, Move(actor, today, MoveReason.PERSETUJUAN_DICABUT), withdrawn_on)
    return row


async def end_sharing(
    session: AsyncSession, row: RujukanProgram, consent: Consent, move: Move, ended_on: date
) -> None:
    """Withdraw the offer of an ended consent, and inform caseload and the partner."""
    persons = ids_of(await read_persons(session, row.rujukan_program_id))
    emit(
        session,
        ConsentWithdrawn.of(consent, rujukan_id=row.rujukan_id, reason=move.reason, persons=persons),
    )
    if row.state not in ENDED:
        await withdraw_offer(session, row, move, ended_on)
    elif row.shared_at is not None:
        await notify_partner(session, row, Notice.DICABUT, ended_on)  # it may have stored what was shared


async def withdraw_offer(session: AsyncSession, row: RujukanProgram, move: Move, withdrawn_on: date) -> None:
    """Withdraw one offer.

    A partner that may have been notified of the offer is notified of this, and of nothing after it.
    """
    await move_rujukan_program(session, row, RujukanProgramState.DICABUT, move)
    row.withdrawn_on = withdrawn_on
    await close_tasks(session, row.rujukan_program_id, move.on)
    emit(session, RujukanWithdrawn.of(row, status=row.state, reason=move.reason))
    if row.shared_at is not None:
        await notify_partner(session, row, Notice.DICABUT, withdrawn_on)


async def withdraw_rujukan(
    session: AsyncSession, rujukan: Rujukan, reason: str, *, why: MoveReason = MoveReason.KELULUSAN_DIPULIHKAN
) -> None:
    """Withdraw the rujukan of an undone graduation or relapse, with its open offers."""
    if rujukan.state is RujukanState.DICABUT:
        return
    rujukan.move_to(RujukanState.DICABUT)
    rujukan.withdrawn_reason = reason
    move = Move(SYSTEM, await clock.today(session), why)
    statement = sa.select(RujukanProgram).where(RujukanProgram.rujukan_id == rujukan.rujukan_id)
    for row in await session.scalars(
        statement.order_by(RujukanProgram.rujukan_program_id).with_for_update(key_share=True)
    ):
        if row.state not in ENDED:
            await withdraw_offer(session, row, move, move.on)


async def store_identity(session: AsyncSession, for_id: UUID, kpm_id: UUID, person: dict[str, Any]) -> None:
    """Store the identity of the persons of one consented sending, sealed under referral's own keys.

    Values that caseload has corrected since replace those that are not sent yet. An identity of other persons than the
    consent names is not stored.
    """
    row = await session.get(RujukanProgram, for_id, with_for_update={"key_share": True})
    if row is None or row.kpm_id != kpm_id or row.state not in UNSENT_STATES:
        return  # the offer was withdrawn or has ended meanwhile, so the identity is not needed
    named = await read_persons(session, for_id)
    roles = {str(one): [str(p.role) for p in named if p.anggota_id == one] for one in ids_of(named)}
    if [one["anggota_id"] for one in person["persons"]] != list(roles):
        return
    for one in person["persons"]:
        one["roles"] = roles[one["anggota_id"]]
    sealed = vault_of(session).seal(
        orjson.dumps(person).decode(), table="identity", column="sealed", row_id=for_id
    )
    values = {"for_id": for_id, "recipient": RECIPIENT, "kpm_id": kpm_id, "sealed": sealed}
    await upsert(session, Identity, [values], key=["for_id", "recipient"])
    await schedule_sending(session, for_id)


async def pause_rujukan(session: AsyncSession, rujukan: Rujukan, sanggah_id: UUID) -> None:
    """Pause the rujukan for a sanggah.

    A repeated event changes nothing, even after the sanggah was decided.
    """
    pause = {
        "sanggah_id": sanggah_id,
        "rujukan_id": rujukan.rujukan_id,
        "paused_on": await clock.today(session),
    }
    if await write_once(session, RujukanPause, pause):
        rujukan.paused = True
        rujukan.version += 1


async def copy_pauses(session: AsyncSession, first: Rujukan, other: Rujukan) -> None:
    """Pause a new rujukan for each open sanggah of the first rujukan of its graduation.

    The same decision then resumes both.
    """
    statement = sa.select(RujukanPause.sanggah_id).where(
        RujukanPause.rujukan_id == first.rujukan_id, RujukanPause.resumed_on.is_(None)
    )
    for sanggah_id in (await session.scalars(statement)).all():
        await pause_rujukan(session, other, sanggah_id)


async def resume_rujukan(session: AsyncSession, rujukan: Rujukan, sanggah_id: UUID) -> None:
    """End the pause of a sanggah. The rujukan continues unless another sanggah pauses it.

    Each deadline is moved by the days of the pause.
    """
    pause = await session.get(RujukanPause, (sanggah_id, rujukan.rujukan_id))
    if pause is None or pause.resumed_on is not None:
        return
    today = await clock.today(session)
    pause.resumed_on = today
    await session.flush()
    other_pauses = sa.select(sa.func.min(RujukanPause.paused_on)).where(
        RujukanPause.rujukan_id == rujukan.rujukan_id, RujukanPause.resumed_on.is_(None)
    )
    paused_since = await session.scalar(other_pauses)
    rujukan.paused = paused_since is not None
    rujukan.version += 1
    await session.flush()
    await _shift_deadlines(session, rujukan, pause.paused_on, min(today, paused_since or today))
    if not rujukan.paused:
        await _resume_calls(session, rujukan)


async def _shift_deadlines(session: AsyncSession, rujukan: Rujukan, started: date, ended: date) -> None:
    """Move each deadline by the days of the pause.

    A deadline that was set during the pause is moved by the days since then. Deadlines that have passed are
    not moved.
    """
    rows = await session.execute(
        sa.select(Deadline, RujukanProgram)
        .join(RujukanProgram, RujukanProgram.rujukan_program_id == Deadline.rujukan_program_id)
        .where(RujukanProgram.rujukan_id == rujukan.rujukan_id, Deadline.passed_on.is_(None))
        .order_by(Deadline.rujukan_program_id, Deadline.kind)
        .with_for_update(of=Deadline)
    )
    moved: set[UUID] = set()
    for deadline, row in rows:
        pause = max(timedelta(), ended - max(started, deadline.started_on))
        deadline.due_on += pause
        if row.sla_due_on is not None and row.rujukan_program_id not in moved:
            row.sla_due_on += pause
            moved.add(row.rujukan_program_id)
        if not rujukan.paused:
            await schedule_deadline(session, deadline.rujukan_program_id, deadline.kind, deadline.due_on)


async def _resume_calls(session: AsyncSession, rujukan: Rujukan) -> None:
    """Schedule again the sendings, supplied data and reminders that were paused."""
    await schedule_all_sendings(session, rujukan.rujukan_id)
    programs = sa.select(RujukanProgram.rujukan_program_id).where(
        RujukanProgram.rujukan_id == rujukan.rujukan_id
    )
    reminders = sa.select(PartnerNotice).where(
        PartnerNotice.rujukan_program_id.in_(programs),
        PartnerNotice.notice.in_([*REMINDERS, Notice.KELENGKAPAN]),
        PartnerNotice.taken_at.is_(None),
    )
    for notice in await session.scalars(reminders):
        await schedule_notice(session, notice.notice_id, notice.partner_id)


async def set_consent_text(session: AsyncSession, terms: ConsentTextTerms, actor: Actor) -> ConsentText:
    """Set the text for consents from a day on. Earlier ones stay valid.

    Raises:
        DateInThePast, VersionNotLatest
    """
    require_not_past(terms.valid_from, await clock.today(session))
    taken_from = VersionNotLatest("/body/valid_from", on=terms.valid_from)
    newest = sa.select(ConsentText).order_by(ConsentText.version.desc()).limit(1)
    last, not_voided = (await session.scalars(newest)).one(), ConsentText.voided_on.is_(None)
    if (await session.scalars(newest.where(not_voided))).one().valid_from >= terms.valid_from:
        raise taken_from
    row = ConsentText(**dict(terms), version=last.version + 1, set_by=actor.sub)
    await insert(session, row, uq_consent_text_valid_from=taken_from, pk_consent_text=taken_from)
    return row
