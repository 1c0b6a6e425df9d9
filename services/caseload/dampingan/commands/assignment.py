"""Who accompanies a family: assigned within the placement's areas and the limit; its purpose follows the exit."""

from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.dampingan.commands.gap import fill_gaps, open_if_alone, turn_gap
from services.caseload.dampingan.commands.loads import Limit, add_weight, limit_on, lock_loads
from services.caseload.dampingan.errors import (
    CaseloadFull,
    DampinganOverlaps,
    FamilyOutsideWilayahTugas,
    PenugasanNotInForce,
)
from services.caseload.dampingan.models import Dampingan
from services.caseload.dampingan.rules import end_on
from services.caseload.family.models import Kpm
from services.caseload.history import remember
from services.caseload.membership.models import CaseMark, Kepesertaan
from services.caseload.replicas.models import Pendamping, Penugasan, WilayahTugas
from shared import clock, wilayah
from shared.access import Actor
from shared.contracts.caseload import DampinganChanged, DampinganStarted
from shared.contracts.kinds import Bansos, DampinganPurpose, PendampingStatus, PilarKind
from shared.database import insert, load, uuid7
from shared.errors import DateTooEarly, NotYetKnown, PendampingInactive
from shared.messaging import emit
from shared.validity import covers

FARTHEST_BACK = timedelta(days=366)


async def assign_dampingan(
    session: AsyncSession,
    actor: Actor,
    *,
    kpm_id: UUID,
    penugasan_id: UUID,
    valid_from: date,
    override_reason: str | None = None,
) -> Dampingan:
    """Put a family under a pendamping from a day on; above the limit only for a reason, which is kept.

    One that has left PKH is put under him for its monitoring, which weighs nothing.

    Raises:
        NotFound, NotYetKnown, PendampingInactive, PenugasanNotInForce, FamilyOutsideWilayahTugas, CaseloadFull,
        DampinganOverlaps, DateTooEarly.
    """
    kpm = await load(session, Kpm, kpm_id, noun="kpm")
    penugasan = await placement_for(session, kpm.kode_wilayah, penugasan_id, valid_from)
    purpose = await purpose_on(session, kpm_id, penugasan.kind, valid_from)
    weighs = purpose is DampinganPurpose.PENDAMPINGAN
    passed = weighs and await take_a_place(session, penugasan, override=override_reason is not None)
    dampingan = Dampingan(
        dampingan_id=uuid7(),
        kpm_id=kpm_id,
        penugasan_id=penugasan_id,
        pendamping_id=penugasan.pendamping_id,
        kind=penugasan.kind,
        purpose=purpose,
        valid=Range(valid_from, penugasan.valid_to),
    )
    overlaps = DampinganOverlaps("/body/kpm_id")
    await insert(
        session, dampingan, ex_dampingan_one_pkh_pendamping=overlaps, ex_dampingan_once_at_a_time=overlaps
    )
    place = (kpm_id, "dampingan", dampingan.dampingan_id, "ASSIGNED")
    why, by = (override_reason, {"limit_version": passed.version}) if passed else (None, {})
    await remember(session, *place, who=actor.sub, why=why, over_limit=bool(passed), **by)
    # A gap is one of PKH: whoever else comes to the family leaves it open.
    starts = [(kpm_id, valid_from)] if penugasan.kind is PilarKind.PKH_PENDAMPING else []
    await fill_gaps(session, starts, who=actor.sub)
    if penugasan.valid_to is not None:
        await end_on(session, penugasan.valid_to)
    emit(session, DampinganStarted.of(dampingan, kode_wilayah=kpm.kode_wilayah))
    return dampingan


async def purpose_on(session: AsyncSession, kpm_id: UUID, kind: PilarKind, first: date) -> DampinganPurpose:
    """Return what a dampingan that begins on a day is for: monitoring, where the family has left PKH by a case."""
    day = max(first, await clock.today(session))
    pkh = sa.and_(Kepesertaan.kpm_id == kpm_id, Kepesertaan.bansos == Bansos.PKH)
    held = sa.exists().where(CaseMark.graduasi_id == Kepesertaan.graduasi_id, CaseMark.held)
    left = sa.exists().where(pkh, Kepesertaan.exit_reason.is_not(None), Kepesertaan.valid_to <= day, ~held)
    member = sa.exists().where(pkh, Kepesertaan.valid.contains(day))
    monitored = kind is PilarKind.PKH_PENDAMPING and await session.scalar(sa.select(left & ~member))
    return DampinganPurpose.PEMANTAUAN if monitored else DampinganPurpose.PENDAMPINGAN


class Pointers(NamedTuple):
    """Where in a request the placement, the day and the area stand."""

    placement: str = "/body/penugasan_id"
    day: str = "/body/valid_from"
    area: str = "/body/kpm_id"


async def placement_for(
    session: AsyncSession, kode_wilayah: str, penugasan_id: UUID, on: date, at: Pointers = Pointers()
) -> Penugasan:
    """Return the placement, if its pendamping is active and it covers the area on the day.

    Raises:
        NotYetKnown, DateTooEarly, PendampingInactive, PenugasanNotInForce, FamilyOutsideWilayahTugas.
    """
    penugasan = await session.get(Penugasan, penugasan_id)
    if penugasan is None:
        raise NotYetKnown("penugasan", at.placement)
    if on < (earliest := await clock.today(session) - FARTHEST_BACK):
        raise DateTooEarly(at.day, on=on, earliest=earliest)
    pendamping = await session.get(Pendamping, penugasan.pendamping_id)
    if pendamping is None:
        raise NotYetKnown("pendamping", at.placement)
    if pendamping.status is not PendampingStatus.AKTIF:
        raise PendampingInactive(at.placement, status=pendamping.status.value)
    if not covers(penugasan.valid_from, penugasan.valid_to, on):
        raise PenugasanNotInForce(at.day, on=on)
    areas = await session.scalars(sa.select(WilayahTugas).where(WilayahTugas.penugasan_id == penugasan_id))
    if not any(
        covers(area.valid_from, area.valid_to, on) and wilayah.is_within(kode_wilayah, area.kode_wilayah)
        for area in areas
    ):
        raise FamilyOutsideWilayahTugas(at.area, on=on)
    return penugasan


async def take_a_place(
    session: AsyncSession, penugasan: Penugasan, *, override: bool = False
) -> Limit | None:
    """Count one family more on a placement, under its lock; return the limit that this passes, or None.

    Raises:
        CaseloadFull: policy refuses more, and nobody overrides it.
    """
    limit = await limit_on(session, penugasan.kind, await clock.today(session))
    loads = await lock_loads(session, {penugasan.penugasan_id: penugasan.pendamping_id})
    count = loads[penugasan.penugasan_id].weighing
    over = limit is not None and count >= limit.refuse_above
    if limit and over and not override:
        raise CaseloadFull("/body/penugasan_id", count=count, limit=limit.refuse_above)
    await add_weight(session, loads, {penugasan.penugasan_id: 1}, limit)
    return limit if over else None


async def accompany_anew(session: AsyncSession, kpm_id: UUID, *, why: str, graduasi_id: UUID | None) -> None:
    """The family is in PKH, perhaps again: its dampingan weighs, and where nobody has it, that is a gap and a task."""
    purpose = DampinganPurpose.PENDAMPINGAN
    await change_purpose(session, kpm_id, purpose, why=why, graduasi_id=graduasi_id)
    await open_if_alone(session, kpm_id)
    await turn_gap(session, kpm_id, purpose)


async def change_purpose(
    session: AsyncSession, kpm_id: UUID, purpose: DampinganPurpose, *, why: str, graduasi_id: UUID | None
) -> None:
    """Give the family's PKH dampingan another purpose, count it anew and tell it; done before: nothing."""
    today = await clock.today(session)
    found = await session.scalars(
        sa.select(Dampingan)
        .where(Dampingan.kpm_id == kpm_id, Dampingan.kind == PilarKind.PKH_PENDAMPING)
        .where(Dampingan.purpose != purpose, ~Dampingan.ended)
        .with_for_update(key_share=True)
    )
    for dampingan in found.all():
        dampingan.purpose, dampingan.version, dampingan.reason = purpose, dampingan.version + 1, why
        change = 1 if purpose is DampinganPurpose.PENDAMPINGAN else -1
        loads = await lock_loads(session, {dampingan.penugasan_id: dampingan.pendamping_id})
        await add_weight(
            session, loads, {dampingan.penugasan_id: change}, await limit_on(session, dampingan.kind, today)
        )
        detail = {"purpose": purpose.value} | ({"graduasi_id": str(graduasi_id)} if graduasi_id else {})
        await remember(
            session,
            kpm_id,
            "dampingan",
            dampingan.dampingan_id,
            "PURPOSE_CHANGED",
            who="system:caseload",
            why=why,
            **detail,
        )
        kpm = await session.get_one(Kpm, kpm_id)
        emit(session, DampinganChanged.of(dampingan, kode_wilayah=kpm.kode_wilayah))
