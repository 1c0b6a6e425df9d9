"""Reads of graduation that are more than one get. They lock nothing; row security narrows them to the caller's areas."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.models import (
    Asesmen,
    Certificate,
    Dampingan,
    Graduasi,
    GraduasiHistory,
    GraduasiState,
    Indicator,
    Instrument,
    MonitoringTask,
    Penetapan,
    Pernyataan,
    Policy,
    Rujukan,
    Sk,
    StageAct,
    Usul,
)
from shared import clock
from shared.access import Actor, Role
from shared.contracts.kinds import ExitReason
from shared.errors import NotFound

CASE = (
    Graduasi.graduasi_id,
    Graduasi.kpm_id,
    Graduasi.kepesertaan_id,
    Graduasi.bansos,
    Graduasi.exit_reason,
    Graduasi.kode_wilayah,
    Graduasi.policy_version,
    Graduasi.state,
    Graduasi.since_on,
    Graduasi.outcome,
    Graduasi.version,
)
TASK = (
    MonitoringTask.task_id,
    MonitoringTask.graduasi_id,
    MonitoringTask.kpm_id,
    MonitoringTask.kode_wilayah,
    MonitoringTask.month,
    MonitoringTask.opens_on,
    MonitoringTask.due_on,
    MonitoringTask.recorded_on,
    MonitoringTask.still_out,
    MonitoringTask.cause,
    MonitoringTask.note,
    MonitoringTask.version,
)
IN_EFFECT = (GraduasiState.EFEKTIF, GraduasiState.PEMANTAUAN, GraduasiState.SELESAI)
HISTORY = (
    "history_id",
    "from_state",
    "to_state",
    "person",
    "role",
    "at",
    "reason",
    "evidence_sha256",
    "policy_version",
)


async def cases(session: AsyncSession, caller: Actor, **filters: object) -> Any:
    """Select the cases that the caller may see; `filters` are columns of a case (None: any)."""
    statement = sa.select(*CASE).where(await visible(session, caller))
    for name, value in filters.items():
        if value is not None:
            statement = statement.where(getattr(Graduasi, name) == value)
    return statement


async def visible(session: AsyncSession, caller: Actor) -> sa.ColumnElement[bool]:
    """A pendamping sees families they accompany today, and cases they acted in; others all of their area."""
    if caller.roles != {Role.PENDAMPING}:
        return sa.true()
    on = await clock.today(session)
    acted = (
        sa.select(StageAct.stage_act_id)
        .where(StageAct.graduasi_id == Graduasi.graduasi_id, StageAct.person == caller.person)
        .exists()
    )
    return sa.or_(Graduasi.opened_by == caller.person, acted, accompanied(Graduasi.kpm_id, caller, on))


def accompanied(kpm_id: Any, caller: Actor, on: date) -> sa.ColumnElement[bool]:
    """Whether the caller holds a dampingan on the family on a date."""
    return (
        sa.select(Dampingan.dampingan_id)
        .where(
            Dampingan.kpm_id == kpm_id,
            Dampingan.pendamping_id == caller.pendamping_id,
            Dampingan.valid_from <= on,
            sa.func.coalesce(Dampingan.valid_to > on, sa.true()),
        )
        .exists()
    )


async def case_in_full(session: AsyncSession, caller: Actor, graduasi_id: UUID) -> dict[str, Any]:
    """Return a case with what it stands on: stages, assessment, statement, penetapan, certificate, rujukan.

    Raises:
        NotFound
    """
    shown = sa.select(Graduasi).where(Graduasi.graduasi_id == graduasi_id, await visible(session, caller))
    case = (await session.scalars(shown)).one_or_none()
    if case is None:
        raise NotFound("graduasi")
    found: dict[str, Any] = {column.key: getattr(case, column.key) for column in CASE}
    stages = sa.select(StageAct).where(StageAct.graduasi_id == graduasi_id).order_by(StageAct.stage_act_id)
    found["stages"] = (await session.scalars(stages)).all()
    # A village operator sees that a family was assessed, not its finances (domain.md 7.3).
    sees_detail = caller.roles != {Role.OPERATOR_DESA}
    found["asesmen"] = (
        await session.get(Asesmen, case.asesmen_id) if case.asesmen_id and sees_detail else None
    )
    found["pernyataan"] = await session.get(Pernyataan, case.pernyataan_id) if case.pernyataan_id else None
    found["usul"] = await session.get(Usul, case.usul_id) if case.usul_id else None
    found.update(await _decision(session, graduasi_id))
    return found


async def _decision(session: AsyncSession, graduasi_id: UUID) -> dict[str, Any]:
    row = (
        await session.execute(
            sa.select(Penetapan, Sk, Certificate.certificate_no)
            .join(Sk, Sk.sk_id == Penetapan.sk_id)
            .outerjoin(Certificate, Certificate.graduasi_id == Penetapan.graduasi_id)
            .where(Penetapan.graduasi_id == graduasi_id)
        )
    ).one_or_none()
    rujukan = await session.scalar(
        sa.select(Rujukan.rujukan_id).where(Rujukan.graduasi_id == graduasi_id).limit(1)
    )
    return {"penetapan": as_penetapan(*row) if row else None, "rujukan_id": rujukan}


def as_penetapan(penetapan: Penetapan, sk: Sk, certificate_no: str | None) -> dict[str, Any]:
    """Join a case's decision with its document."""
    return {
        "graduasi_id": penetapan.graduasi_id,
        "sk_id": sk.sk_id,
        "sk_no": sk.sk_no,
        "sk_on": sk.sk_on,
        "announced_on": penetapan.announced_on,
        "term_ends_on": penetapan.term_ends_on,
        "effective_tahap": penetapan.effective_tahap,
        "effective_on": penetapan.effective_on,
        "last_payable_tahap": penetapan.last_payable_tahap,
        "certificate_no": certificate_no,
    }


async def sk_in_full(session: AsyncSession, caller: Actor, sk_id: UUID) -> dict[str, Any]:
    """Return an SK with the penetapan that the caller may see; raise NotFound where there is none of them."""
    rows = (
        await session.execute(
            sa.select(Penetapan, Sk, Certificate.certificate_no)
            .join(Sk, Sk.sk_id == Penetapan.sk_id)
            .outerjoin(Certificate, Certificate.graduasi_id == Penetapan.graduasi_id)
            .join(Graduasi, Graduasi.graduasi_id == Penetapan.graduasi_id)
            .where(Sk.sk_id == sk_id, await visible(session, caller))
            .order_by(Penetapan.graduasi_id)
        )
    ).all()
    if not rows:
        raise NotFound("sk")
    sk: Sk = rows[0][1]
    head = {
        name: getattr(sk, name)
        for name in ("sk_id", "sk_no", "sk_on", "announced_on", "cases", "evidence_sha256")
    }
    return {**head, "penetapan": [as_penetapan(*row) for row in rows]}


async def history(session: AsyncSession, caller: Actor, graduasi_id: UUID) -> Any:
    """Select a case's moves; raise NotFound for a case that is not the caller's to see."""
    shown = sa.select(Graduasi.graduasi_id).where(
        Graduasi.graduasi_id == graduasi_id, await visible(session, caller)
    )
    if await session.scalar(shown) is None:
        raise NotFound("graduasi")
    columns = [getattr(GraduasiHistory, name) for name in HISTORY]
    return sa.select(*columns).where(GraduasiHistory.graduasi_id == graduasi_id)


async def tasks(session: AsyncSession, caller: Actor, graduasi_id: UUID | None, open_only: bool) -> Any:
    """Select monitoring tasks; a pendamping sees those of the families they hold today."""
    statement = sa.select(*TASK)
    if caller.roles == {Role.PENDAMPING}:
        statement = statement.where(accompanied(MonitoringTask.kpm_id, caller, await clock.today(session)))
    if graduasi_id is not None:
        statement = statement.where(MonitoringTask.graduasi_id == graduasi_id)
    if open_only:
        statement = statement.where(MonitoringTask.recorded_on.is_(None))
    return statement


async def policies(session: AsyncSession) -> Sequence[Policy]:
    """Return every policy version, by exit reason."""
    return (await session.scalars(sa.select(Policy).order_by(Policy.exit_reason, Policy.version))).all()


async def policy_in_full(session: AsyncSession, exit_reason: ExitReason) -> dict[str, Any]:
    """Return the newest policy of an exit reason that holds today, with its instrument; raise NotFound."""
    on = await clock.today(session)
    statement = sa.select(Policy).where(
        Policy.exit_reason == exit_reason,
        Policy.valid_from <= on,
        sa.func.coalesce(Policy.valid_to > on, sa.true()),
    )
    policy = (await session.scalars(statement)).one_or_none()
    if policy is None:
        raise NotFound("policy")
    instrument = await session.get(Instrument, policy.instrument_id) if policy.instrument_id else None
    asked = sa.select(Indicator).where(Indicator.instrument_id == policy.instrument_id)
    indicators = (await session.scalars(asked.order_by(Indicator.position))).all()
    fields = {column.key: getattr(policy, column.key) for column in Policy.__table__.columns}
    return {**fields, "instrument": _instrument(instrument, indicators) if instrument else None}


def _instrument(instrument: Instrument, indicators: Sequence[Indicator]) -> dict[str, Any]:
    names = ("version", "threshold_percent", "exempt_below_able", "source")
    return {**{name: getattr(instrument, name) for name in names}, "indicators": indicators}


async def certificate(session: AsyncSession, certificate_no: str) -> dict[str, Any]:
    """Return whether an exit stands, by the number on its piagam; raise NotFound."""
    row = (
        await session.execute(
            sa.select(Certificate, Graduasi.exit_reason, Graduasi.state, Penetapan.effective_on)
            .join(Graduasi, Graduasi.graduasi_id == Certificate.graduasi_id)
            .join(Penetapan, Penetapan.graduasi_id == Certificate.graduasi_id)
            .where(Certificate.certificate_no == certificate_no)
        )
    ).one_or_none()
    if row is None:
        raise NotFound("certificate")
    return {
        "certificate_no": row[0].certificate_no,
        "issued_on": row[0].issued_on,
        "exit_reason": row[1],
        "stands": row[2] in IN_EFFECT,
        "effective_on": row[3],
    }


async def numbers(
    session: AsyncSession, kpm_ids: Sequence[UUID] | None, pendamping_ids: Sequence[UUID] | None
) -> dict[str, dict[str, int]]:
    """Count determined, annulled and effective per exit reason, in the caller's areas (chain.md 9)."""
    annulled = Graduasi.state == GraduasiState.DIPULIHKAN
    effective = sa.and_(Certificate.certificate_no.is_not(None), sa.not_(annulled))
    statement = (
        sa.select(
            Graduasi.exit_reason,
            sa.func.count(),
            sa.func.count().filter(annulled),
            sa.func.count().filter(effective),
        )
        .join(Penetapan, Penetapan.graduasi_id == Graduasi.graduasi_id)
        .outerjoin(Certificate, Certificate.graduasi_id == Graduasi.graduasi_id)
        .group_by(Graduasi.exit_reason)
        .order_by(Graduasi.exit_reason)
    )
    if kpm_ids is not None:
        statement = statement.where(Graduasi.kpm_id.in_(kpm_ids))
    if pendamping_ids is not None:
        statement = statement.where(Penetapan.pendamping_id.in_(pendamping_ids))
    rows = (await session.execute(statement)).all()
    return {
        str(row[0]): dict(zip(("determined", "annulled", "effective"), row[1:], strict=True)) for row in rows
    }
