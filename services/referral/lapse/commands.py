"""Lapse consents after departures and ends of businesses, and withdraw offers of ended families."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.consent.commands import end_sharing, withdraw_offer
from services.referral.consent.models import Consent, LapseReason
from services.referral.departure.models import FormerMember
from services.referral.follow_up.commands import close_family_tasks, reopen_family_tasks
from services.referral.replicas.models import Kpm
from services.referral.rujukan.commands import SYSTEM, Move
from services.referral.rujukan.models import (
    ENDED,
    UNSENT_STATES,
    Rujukan,
    RujukanProgram,
    RujukanProgramHistory,
    RujukanState,
)
from services.referral.signature.models import ConsentPerson
from services.referral.signature.queries import uses_usaha
from services.referral.tables import MoveReason
from shared import clock
from shared.contracts.caseload import KpmUpdated, UsahaRecorded
from shared.contracts.kinds import UsahaEndReason
from shared.database import upsert
from shared.jobs import schedule
from shared.messaging import Received

# Handled in offer/jobs.py: this module must not import offer.
MATCH_LAPSED = "rujukan.match_lapsed"
CLOSED = frozenset({UsahaEndReason.DITUTUP, UsahaEndReason.DIALIHKAN})


async def apply_departures(session: AsyncSession, facts: Sequence[Received[KpmUpdated]]) -> None:
    """Store who left each family, and end what depends on them.

    A repeated event changes nothing. Events of one family apply in their order: the consents of a person who left and
    returned within a batch lapse.
    """
    noted = await _read_noted(session, {fact.event.kpm_id for fact in facts})
    for fact in facts:
        event, before = fact.event, noted.get(fact.event.kpm_id, set[UUID]())
        members = set(event.former_members)
        if members != before:
            await _note(session, fact, members - before, before - members)
            noted[event.kpm_id] = members
        if members - before:
            await lapse_consents(session, event.kpm_id, members, fact.meta.event_id)
        if event.ended_on is not None:
            await withdraw_offers(session, event.kpm_id)
        elif before - members:
            await reopen_family_tasks(session, event.kpm_id)
            rujukan = await _lock_rujukan(session, event.kpm_id)
            await _reopen_rujukan(session, rujukan)
            await _schedule_matching(session, rujukan)


async def _reopen_rujukan(session: AsyncSession, rujukan: Sequence[Rujukan]) -> None:
    """Open rujukan again whose offers the end of the family had ended."""
    ended = (
        sa.select(RujukanProgram.rujukan_id)
        .join(
            RujukanProgramHistory,
            RujukanProgramHistory.rujukan_program_id == RujukanProgram.rujukan_program_id,
        )
        .where(
            RujukanProgram.rujukan_id.in_([one.rujukan_id for one in rujukan]),
            RujukanProgramHistory.reason_code == MoveReason.FAMILY_ENDED,
        )
    )
    ids = set(await session.scalars(ended))
    for one in rujukan:
        if one.rujukan_id in ids and one.state is RujukanState.TUTUP:
            one.move_to(RujukanState.TERBUKA)


async def _read_noted(session: AsyncSession, kpm_ids: Collection[UUID]) -> dict[UUID, set[UUID]]:
    statement = sa.select(FormerMember.kpm_id, FormerMember.anggota_id).where(
        FormerMember.kpm_id.in_(kpm_ids)
    )
    noted: dict[UUID, set[UUID]] = {}
    for kpm_id, anggota_id in await session.execute(statement):
        noted.setdefault(kpm_id, set()).add(anggota_id)
    return noted


async def _note(
    session: AsyncSession, fact: Received[KpmUpdated], left: Collection[UUID], returned: Collection[UUID]
) -> None:
    kpm_id, today = fact.event.kpm_id, await clock.today(session)
    shared = {"kpm_id": kpm_id, "event_id": fact.meta.event_id, "noted_on": today}
    rows = [{"anggota_id": member, **shared} for member in left]
    await upsert(session, FormerMember, rows, key=("kpm_id", "anggota_id"))
    if returned:
        own = sa.delete(FormerMember).where(FormerMember.kpm_id == kpm_id)
        await session.execute(own.where(FormerMember.anggota_id.in_(returned)))


async def lapse_consents(
    session: AsyncSession, kpm_id: UUID, former: Collection[UUID], event_id: UUID
) -> None:
    """Lapse each consent of the family that names a former member.

    The offer is withdrawn, a partner that may know of it is informed, and the rujukan is matched again. A delivered aid
    and its consent stay.
    """
    rujukan = await _lock_rujukan(session, kpm_id)
    offers = {row.rujukan_program_id: row for row in await _lock_offers(session, kpm_id)}
    named = sa.select(ConsentPerson.consent_id).where(ConsentPerson.anggota_id.in_(former))
    consents = sa.select(Consent).where(
        Consent.rujukan_program_id.in_(offers),
        Consent.consent_id.in_(named),
        Consent.withdrawn_on.is_(None),
        Consent.lapsed_on.is_(None),
    )
    today, lapsed = await clock.today(session), set[UUID]()
    for consent in (await session.scalars(consents.order_by(Consent.rujukan_program_id))).all():
        row = offers[consent.rujukan_program_id]
        if row.delivered_on is None:
            await _lapse(session, row, consent, event_id, Move(SYSTEM, today, MoveReason.PERSON_LEFT))
            lapsed.add(row.rujukan_id)
    await _schedule_matching(session, [one for one in rujukan if one.rujukan_id in lapsed])


async def lapse_unsent_consents(session: AsyncSession, event: UsahaRecorded, event_id: UUID) -> None:
    """Lapse each consent that names the owner of a closed business and was not sent.

    The death or leaving of the owner is handled by `apply_departures`. What was sent stays, because the partner judges
    it.
    """
    if event.end_reason not in CLOSED:
        return
    rujukan, today = await _lock_rujukan(session, event.kpm_id), await clock.today(session)
    move, lapsed = Move(SYSTEM, today, MoveReason.USAHA_ENDED), set[UUID]()
    for row in await _lock_offers(session, event.kpm_id):
        if row.usaha_id == event.usaha_id and row.state in UNSENT_STATES and await uses_usaha(session, row):
            given = sa.select(Consent).where(Consent.rujukan_program_id == row.rujukan_program_id)
            await _lapse(session, row, (await session.scalars(given)).one(), event_id, move)
            lapsed.add(row.rujukan_id)
    await _schedule_matching(session, [one for one in rujukan if one.rujukan_id in lapsed])


async def schedule_rematches(session: AsyncSession, kpm_ids: Collection[UUID]) -> None:
    """Schedule matching of rujukan with a lapsed consent: a new business may fit."""
    lapsed = sa.select(RujukanProgram.rujukan_id).where(
        RujukanProgram.kpm_id.in_(kpm_ids), RujukanProgram.lapsed_on.is_not(None)
    )
    statement = sa.select(Rujukan).where(Rujukan.rujukan_id.in_(lapsed)).order_by(Rujukan.rujukan_id)
    await _schedule_matching(session, (await session.scalars(statement)).all() if kpm_ids else [])


async def _lapse(
    session: AsyncSession, row: RujukanProgram, consent: Consent, event_id: UUID, move: Move
) -> None:
    consent.lapsed_on, consent.lapse_reason = move.on, LapseReason(move.reason)
    consent.lapse_event_id, row.lapsed_on = event_id, move.on
    await end_sharing(session, row, consent, move, move.on)


async def withdraw_offers(session: AsyncSession, kpm_id: UUID) -> None:
    """Withdraw the offers of an ended family whose aid was not delivered, and close tasks."""
    await _lock_rujukan(session, kpm_id)
    move = Move(SYSTEM, await clock.today(session), MoveReason.FAMILY_ENDED)
    for row in await _lock_offers(session, kpm_id):
        if row.state not in ENDED and row.delivered_on is None:
            row.lapsed_on = move.on
            await withdraw_offer(session, row, move, move.on)
    await close_family_tasks(session, kpm_id, move.on)


async def end_reopened_offers(session: AsyncSession, kpm_id: UUID) -> None:
    """End reopened offers whose basis ended while they were closed.

    A person has left, the family has ended, the consent was withdrawn, or the graduation was undone.
    """
    statement = sa.select(FormerMember).where(FormerMember.kpm_id == kpm_id)
    former = (await session.scalars(statement.order_by(FormerMember.event_id))).all()
    if former:
        await lapse_consents(session, kpm_id, {one.anggota_id for one in former}, former[-1].event_id)
    if await session.scalar(sa.select(Kpm.ended_on).where(Kpm.kpm_id == kpm_id)) is not None:
        await withdraw_offers(session, kpm_id)
    rujukan = {one.rujukan_id: one for one in await _lock_rujukan(session, kpm_id)}
    today = await clock.today(session)
    for row in await _lock_offers(session, kpm_id):
        consents = sa.select(Consent).where(Consent.rujukan_program_id == row.rujukan_program_id)
        consent = await session.scalar(consents)
        if consent is None or row.state in ENDED:
            continue
        if not consent.in_force:
            await withdraw_offer(session, row, Move(SYSTEM, today, MoveReason.PERSETUJUAN_DICABUT), today)
        elif rujukan[row.rujukan_id].state is RujukanState.DICABUT:
            await withdraw_offer(session, row, Move(SYSTEM, today, MoveReason.KELULUSAN_DIPULIHKAN), today)


async def _lock_rujukan(session: AsyncSession, kpm_id: UUID) -> Sequence[Rujukan]:
    statement = sa.select(Rujukan).where(Rujukan.kpm_id == kpm_id).order_by(Rujukan.rujukan_id)
    return (await session.scalars(statement.with_for_update(key_share=True))).all()


async def _lock_offers(session: AsyncSession, kpm_id: UUID) -> Sequence[RujukanProgram]:
    statement = sa.select(RujukanProgram).where(RujukanProgram.kpm_id == kpm_id)
    locked = statement.order_by(RujukanProgram.rujukan_program_id).with_for_update(key_share=True)
    return (await session.scalars(locked, execution_options={"populate_existing": True})).all()


async def _schedule_matching(session: AsyncSession, rujukan: Sequence[Rujukan]) -> None:
    now = datetime.now(UTC)
    for one in rujukan:
        await schedule(session, MATCH_LAPSED, now, subject_id=one.rujukan_id, clock="real")
