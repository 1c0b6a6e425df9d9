"""Reads of a case: the list, the whole with what it stands on, its moves. Row security narrows them to the caller's areas."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.models import (
    Asesmen,
    Certificate,
    Graduasi,
    GraduasiHistory,
    Penetapan,
    Pernyataan,
    Rujukan,
    Sk,
    StageAct,
    Usul,
)
from services.graduation.queries.penetapan import as_penetapan
from services.graduation.queries.seen import theirs, visible
from services.graduation.queries.waiting import waiting_cases
from shared.access import Actor, Permission
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


async def cases(session: AsyncSession, caller: Actor, *, waiting: bool = False, **filters: object) -> Any:
    """Select the cases that the caller may see; `filters` are columns of a case (None: any).

    `waiting`: those whose next step is the caller's.
    """
    statement = sa.select(*CASE)
    if waiting:
        statement = statement.where(await waiting_cases(session, caller))
    else:
        statement = statement.where(await theirs(session, caller))
    for name, value in filters.items():
        if value is not None:
            statement = statement.where(getattr(Graduasi, name) == value)
    return statement


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
    sees_detail = caller.may(Permission.ASESMEN_READ)
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


async def history(session: AsyncSession, caller: Actor, graduasi_id: UUID) -> Any:
    """Select a case's moves; raise NotFound for a case that is not the caller's to see."""
    shown = sa.select(Graduasi.graduasi_id).where(
        Graduasi.graduasi_id == graduasi_id, await visible(session, caller)
    )
    if await session.scalar(shown) is None:
        raise NotFound("graduasi")
    columns = [getattr(GraduasiHistory, name) for name in HISTORY]
    return sa.select(*columns).where(GraduasiHistory.graduasi_id == graduasi_id)
