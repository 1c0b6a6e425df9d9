"""Start and end of komponen. The end of a family's last komponen leads to ALAMIAH."""

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.family.commands.changes import change_family, lock_member
from services.caseload.family.errors import (
    CORRECT_MEMBER,
    KomponenHasEnded,
    KomponenImpossible,
    KomponenOverlaps,
    KomponenVoided,
)
from services.caseload.family.models import Komponen
from services.caseload.family.queries import read_ages
from services.caseload.family.rules import REFUSED, age, komponen_fault
from services.caseload.tables import Source
from services.caseload.visibility import LockedFamily, lock_family
from shared import clock
from shared.access import Actor
from shared.contracts.kinds import KomponenKind
from shared.database import insert, load, uuid7
from shared.dates import require_not_future
from shared.errors import InvalidRange, NotFound, VersionOutdated


async def start_komponen(
    session: AsyncSession,
    actor: Actor,
    kpm_id: UUID,
    *,
    anggota_id: UUID,
    kind: KomponenKind,
    valid_from: date,
    valid_to: date | None,
) -> Komponen:
    """Start a komponen of a member. `valid_to` is the first day without it, if known.

    Raises:
        NotFound, PendampingInactive, FamilyHasEnded, MemberUnknown, KomponenImpossible, DateInTheFuture, InvalidRange,
        KomponenOverlaps.
    """
    family = await lock_family(session, actor, kpm_id)
    member = await lock_member(session, kpm_id, anggota_id)
    today = await clock.today(session)
    years = age(member.birth_on.isoformat(), today)
    if komponen_fault(kind.value, member.sex.value, years, await read_ages(session, today)) in REFUSED:
        raise KomponenImpossible("/body/kind", remedy=CORRECT_MEMBER)
    require_not_future(valid_from, today, "/body/valid_from")
    require_order(valid_from, valid_to)
    facts = {"kind": kind, "valid": Range(valid_from, valid_to), "as_of": today}
    komponen = Komponen(komponen_id=uuid7(), kpm_id=kpm_id, anggota_id=anggota_id, **facts)
    await insert(session, komponen, ex_komponen_once_at_a_time=KomponenOverlaps("/body/valid_from"))
    subject = ("komponen", komponen.komponen_id)
    await change_family(session, family.kpm, actor, subject, "BEGAN", None, kind=kind.value)
    return komponen


async def end_komponen(
    session: AsyncSession, actor: Actor, komponen_id: UUID, *, valid_to: date, reason: str, version: int
) -> Komponen:
    """Set the end of a komponen. `valid_to` is the first day without it.

    Raises:
        NotFound, PendampingInactive, VersionOutdated, KomponenHasEnded, InvalidRange.
    """
    family, komponen = await lock_komponen(session, actor, komponen_id, version)
    end, first, today = komponen.valid_to, komponen.valid_from, await clock.today(session)
    if end is not None and end <= today:
        raise KomponenHasEnded(valid_to=end)
    require_order(first, valid_to)
    komponen.valid, komponen.version = Range(first, valid_to), komponen.version + 1
    komponen.as_of, komponen.source = today, Source.HTTP
    subject = ("komponen", komponen_id)
    await change_family(session, family.kpm, actor, subject, "ENDED", reason, valid_to=str(valid_to))
    return komponen


async def void_komponen(
    session: AsyncSession, actor: Actor, komponen_id: UUID, *, reason: str, version: int
) -> Komponen:
    """Void a komponen that was recorded in error, also an ended one.

    Raises:
        NotFound, PendampingInactive, VersionOutdated, KomponenVoided.
    """
    family, komponen = await lock_komponen(session, actor, komponen_id, version)
    if komponen.cancelled_from is not None:
        raise KomponenVoided
    before = {"valid_from": str(komponen.valid_from), "valid_to": str(komponen.valid_to)}
    komponen.cancelled_from, komponen.valid = komponen.valid_from, Range(empty=True)
    komponen.version, komponen.source = komponen.version + 1, Source.HTTP
    komponen.as_of = await clock.today(session)
    subject = ("komponen", komponen_id)
    await change_family(session, family.kpm, actor, subject, "VOIDED", reason, **before)
    return komponen


async def lock_komponen(
    session: AsyncSession, actor: Actor, komponen_id: UUID, version: int
) -> tuple[LockedFamily, Komponen]:
    """Lock a komponen of a version and its family.

    Raises:
        NotFound, PendampingInactive, VersionOutdated.
    """
    kpm_id = await session.scalar(sa.select(Komponen.kpm_id).where(Komponen.komponen_id == komponen_id))
    if kpm_id is None:
        raise NotFound("komponen")
    family = await lock_family(session, actor, kpm_id)
    komponen = await load(session, Komponen, komponen_id, noun="komponen")
    if komponen.version != version:
        raise VersionOutdated("/header/If-Match")
    return family, komponen


def require_order(first: date, end: date | None) -> None:
    """Raise InvalidRange unless the range has at least one day."""
    if end and end <= first:
        raise InvalidRange("/body/valid_to", valid_from=first, valid_to=end)
