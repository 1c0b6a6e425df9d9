"""Assignment of a family to a placement, and the purpose of its dampingan."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.dampingan.commands.gap import fill_gaps, open_gap_if_unaccompanied, set_gap_purpose
from services.caseload.dampingan.commands.loads import Limit, add_weight, lock_loads, read_limit
from services.caseload.dampingan.errors import (
    CaseloadFull,
    DampinganOverlaps,
    FamilyOutsideWilayahTugas,
    PenugasanNotInForce,
)
from services.caseload.dampingan.models import Dampingan
from services.caseload.dampingan.rules import schedule_dampingan_end
from services.caseload.family.models import Kpm
from services.caseload.history import SYSTEM, append_history
from services.caseload.membership.models import CaseMark, Kepesertaan
from services.caseload.replicas.models import Penugasan, StatusRange, WilayahTugas
from services.caseload.visibility import require_not_ended
from shared import clock, wilayah
from shared.access import Actor
from shared.accompaniment import require_active, status_on
from shared.contracts.caseload import DampinganChanged, DampinganStarted
from shared.contracts.kinds import Bansos, DampinganPurpose, PilarKind
from shared.database import insert, load, uuid7, vault_of
from shared.errors import DateTooEarly, NotYetKnown, PendampingInactive
from shared.messaging import emit
from shared.validity import covers

LONGEST_BACKDATING = timedelta(days=366)
# In the history of an assignment with `override_reason`.
OVERRIDDEN = "BATAS_DILAMPAUI"
UNABLE = (NotYetKnown, PendampingInactive, PenugasanNotInForce, FamilyOutsideWilayahTugas)


async def assign_dampingan(
    session: AsyncSession,
    actor: Actor,
    *,
    kpm_id: UUID,
    penugasan_id: UUID,
    valid_from: date,
    override_reason: str | None = None,
) -> Dampingan:
    """Assign a family to a placement until a later dampingan begins.

    Above the limit it needs `override_reason`, which is stored sealed. A family that has left PKH is assigned for monitoring,
    which does not count against the limit.

    Raises:
        NotFound, FamilyHasEnded, NotYetKnown, PendampingInactive, PenugasanNotInForce, FamilyOutsideWilayahTugas,
        CaseloadFull, DampinganOverlaps, DateTooEarly.
    """
    kpm = await load(session, Kpm, kpm_id, noun="kpm")
    require_not_ended(kpm, "/body/kpm_id")
    penugasan = await placement_for(session, kpm.kode_wilayah, penugasan_id, valid_from)
    until = await read_next_first_day(session, kpm_id, penugasan, valid_from)
    why = OVERRIDDEN if override_reason else None
    dampingan = await start_dampingan(session, actor, kpm, penugasan, valid_from, why=why, until=until)
    if override_reason is not None:
        place = {"table": "dampingan", "column": "override_reason", "row_id": dampingan.dampingan_id}
        dampingan.override_reason_sealed = vault_of(session).seal(override_reason, **place)
        await session.flush()
    return dampingan


async def read_next_first_day(
    session: AsyncSession, kpm_id: UUID, penugasan: Penugasan, after: date
) -> date | None:
    """Return the first day of the next dampingan that excludes another, if any."""
    exclusive = Dampingan.penugasan_id == penugasan.penugasan_id
    if penugasan.kind is PilarKind.PKH_PENDAMPING:
        exclusive = Dampingan.kind == penugasan.kind
    later = sa.select(sa.func.min(Dampingan.valid_from)).where(
        Dampingan.kpm_id == kpm_id,
        exclusive,
        Dampingan.valid_from > after,
        Dampingan.cancelled_from.is_(None),
    )
    return await session.scalar(later)


async def start_dampingan(
    session: AsyncSession,
    actor: Actor,
    kpm: Kpm,
    penugasan: Penugasan,
    valid_from: date,
    *,
    why: str | None,
    until: date | None = None,
) -> Dampingan:
    """Start a dampingan of a family by a placement, and emit it.

    Above the limit it needs `why`, a code. It ends with the placement, or on `until` before that.

    Raises:
        CaseloadFull, DampinganOverlaps.
    """
    kpm_id, penugasan_id = kpm.kpm_id, penugasan.penugasan_id
    valid_to = min((day for day in (penugasan.valid_to, until) if day), default=None)
    purpose = await read_purpose(session, kpm_id, penugasan.kind, valid_from)
    counts = purpose is DampinganPurpose.PENDAMPINGAN
    exceeded = counts and await reserve_place(session, penugasan, override=why is not None)
    dampingan = Dampingan(
        dampingan_id=uuid7(),
        kpm_id=kpm_id,
        penugasan_id=penugasan_id,
        pendamping_id=penugasan.pendamping_id,
        kind=penugasan.kind,
        purpose=purpose,
        over_limit=bool(exceeded),
        valid=Range(valid_from, valid_to),
    )
    overlaps = DampinganOverlaps("/body/kpm_id")
    await insert(
        session, dampingan, ex_dampingan_one_pkh_pendamping=overlaps, ex_dampingan_once_at_a_time=overlaps
    )
    entry = (kpm_id, "dampingan", dampingan.dampingan_id, "ASSIGNED")
    reason, detail = (why, {"limit_version": exceeded.version}) if exceeded else (None, {})
    await append_history(session, *entry, actor=actor, why=reason, over_limit=bool(exceeded), **detail)
    # Only a PKH pendamping fills a gap.
    starts = [(kpm_id, valid_from)] if penugasan.kind is PilarKind.PKH_PENDAMPING else []
    await fill_gaps(session, actor, starts)
    if valid_to is not None:
        await schedule_dampingan_end(session, valid_to)
    emit(session, DampinganStarted.of(dampingan, kode_wilayah=kpm.kode_wilayah))
    return dampingan


async def continue_dampingan(
    session: AsyncSession, actor: Actor, kpm: Kpm, rows: Sequence[Dampingan], first: date, *, why: str
) -> None:
    """Start a dampingan of a family for each given one, also above the limit.

    A placement that cannot accompany the family today is left out.
    """
    today = await clock.today(session)
    for row in rows:
        try:
            penugasan = await placement_for(session, kpm.kode_wilayah, row.penugasan_id, today)
        except UNABLE:
            continue
        begins = max(first, row.valid_from, penugasan.valid_from)
        await start_dampingan(session, actor, kpm, penugasan, begins, why=why)


async def read_purpose(session: AsyncSession, kpm_id: UUID, kind: PilarKind, first: date) -> DampinganPurpose:
    """Return the purpose of a dampingan that starts on a day.

    It is PEMANTAUAN for a PKH pendamping if the family has left PKH by a case.
    """
    day = max(first, await clock.today(session))
    pkh = sa.and_(Kepesertaan.kpm_id == kpm_id, Kepesertaan.bansos == Bansos.PKH)
    suspended = sa.exists().where(CaseMark.graduasi_id == Kepesertaan.graduasi_id, CaseMark.held)
    has_left = sa.exists().where(
        pkh, Kepesertaan.exit_reason.is_not(None), Kepesertaan.valid_to <= day, ~suspended
    )
    member = sa.exists().where(pkh, Kepesertaan.valid.contains(day))
    monitored = kind is PilarKind.PKH_PENDAMPING and await session.scalar(sa.select(has_left & ~member))
    return DampinganPurpose.PEMANTAUAN if monitored else DampinganPurpose.PENDAMPINGAN


class Pointers(NamedTuple):
    """JSON pointers to placement, day and area in a request."""

    placement: str = "/body/penugasan_id"
    day: str = "/body/valid_from"
    area: str = "/body/kpm_id"


async def placement_for(
    session: AsyncSession,
    kode_wilayah: str,
    penugasan_id: UUID,
    on: date,
    pointers: Pointers = Pointers(),
    *,
    active_on: date | None = None,
) -> Penugasan:
    """Return a placement that covers the area, of a pendamping AKTIF `active_on`.

    By default that is the later one of today and `on`.

    Raises:
        NotYetKnown, DateTooEarly, PendampingInactive, PenugasanNotInForce, FamilyOutsideWilayahTugas.
    """
    penugasan = await session.get(Penugasan, penugasan_id)
    if penugasan is None:
        raise NotYetKnown("penugasan", pointers.placement)
    today = await clock.today(session)
    if on < (earliest := today - LONGEST_BACKDATING):
        raise DateTooEarly(pointers.day, on=on, earliest=earliest)
    status = status_on(StatusRange, penugasan.pendamping_id, active_on or max(on, today))
    require_active(await session.scalar(sa.select(status)), pointers.placement)
    if not covers(penugasan.valid_from, penugasan.valid_to, on):
        raise PenugasanNotInForce(pointers.day, on=on)
    areas = await session.scalars(sa.select(WilayahTugas).where(WilayahTugas.penugasan_id == penugasan_id))
    if not any(
        covers(area.valid_from, area.valid_to, on) and wilayah.is_within(kode_wilayah, area.kode_wilayah)
        for area in areas
    ):
        raise FamilyOutsideWilayahTugas(pointers.area, on=on)
    return penugasan


async def reserve_place(
    session: AsyncSession, penugasan: Penugasan, *, override: bool = False
) -> Limit | None:
    """Add one family to the load of a placement, under its lock.

    Return the limit that this exceeds, or None.

    Raises:
        CaseloadFull: the load is at the limit and there is no override.
    """
    limit = await read_limit(session, penugasan.kind, await clock.today(session))
    loads = await lock_loads(session, {penugasan.penugasan_id: penugasan.pendamping_id})
    count = loads[penugasan.penugasan_id].weighing
    over = limit is not None and count >= limit.refuse_above
    if limit and over and not override:
        raise CaseloadFull("/body/penugasan_id", count=count, limit=limit.refuse_above)
    await add_weight(session, loads, {penugasan.penugasan_id: 1}, limit)
    return limit if over else None


async def resume_accompaniment(
    session: AsyncSession, kpm_id: UUID, *, why: str, graduasi_id: UUID | None
) -> None:
    """Switch the PKH dampingan of a family from PEMANTAUAN back to PENDAMPINGAN.

    Without a PKH pendamping the family gets a gap and a task.
    """
    purpose = DampinganPurpose.PENDAMPINGAN
    await change_purpose(session, kpm_id, purpose, why=why, graduasi_id=graduasi_id)
    await open_gap_if_unaccompanied(session, kpm_id)
    await set_gap_purpose(session, kpm_id, purpose)


async def change_purpose(
    session: AsyncSession, kpm_id: UUID, purpose: DampinganPurpose, *, why: str, graduasi_id: UUID | None
) -> None:
    """Change the purpose of the family's PKH dampingan, update the load and emit it.

    Nothing happens if it has this purpose already.
    """
    today = await clock.today(session)
    rows = await session.scalars(
        sa.select(Dampingan)
        .where(Dampingan.kpm_id == kpm_id, Dampingan.kind == PilarKind.PKH_PENDAMPING)
        .where(Dampingan.purpose != purpose, ~Dampingan.ended)
        .with_for_update(key_share=True)
    )
    for dampingan in rows.all():
        dampingan.purpose, dampingan.version, dampingan.reason = purpose, dampingan.version + 1, why
        change = 1 if purpose is DampinganPurpose.PENDAMPINGAN else -1
        loads = await lock_loads(session, {dampingan.penugasan_id: dampingan.pendamping_id})
        await add_weight(
            session, loads, {dampingan.penugasan_id: change}, await read_limit(session, dampingan.kind, today)
        )
        detail = {"purpose": purpose.value} | ({"graduasi_id": str(graduasi_id)} if graduasi_id else {})
        await append_history(
            session,
            kpm_id,
            "dampingan",
            dampingan.dampingan_id,
            "PURPOSE_CHANGED",
            actor=SYSTEM,
            why=why,
            **detail,
        )
        kpm = await session.get_one(Kpm, kpm_id)
        emit(session, DampinganChanged.of(dampingan, kode_wilayah=kpm.kode_wilayah))
