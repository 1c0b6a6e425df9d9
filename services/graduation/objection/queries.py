"""Queries of sanggah, and of the tahap that an annulment must decide."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.case.models import Graduasi, Stage
from services.graduation.case.queries import acted_in_other_stage
from services.graduation.decree.models import Penetapan
from services.graduation.objection.models.annulment import (
    Annulment,
    AnnulmentFields,
    BackPayment,
    BackPaymentFields,
)
from services.graduation.objection.models.sanggah import (
    Sanggah,
    SanggahDecision,
    SanggahDecisionFacts,
    SanggahFacts,
    SanggahScan,
    SanggahState,
    ScanView,
)
from services.graduation.policy.models.calendar import TahapCalendar
from services.graduation.visibility import select_accompanied_kpm, visible_to
from shared import clock
from shared.access import Actor, Scope
from shared.areas import in_areas
from shared.database import acted_by, vault_of
from shared.errors import NotFound
from shared.privacy import Vault, open_texts


async def read_tahap_concerned(session: AsyncSession, graduasi_id: UUID, decided_on: date) -> list[str]:
    """Return the tahap that an annulment on a date must decide.

    These are the tahap from the effective one to the last whose cut-off is before the date: their lists were closed
    without payment for the family.
    """
    effective_on = (
        sa.select(Penetapan.effective_on).where(Penetapan.graduasi_id == graduasi_id).scalar_subquery()
    )
    statement = sa.select(TahapCalendar).where(
        TahapCalendar.starts_on >= effective_on, TahapCalendar.cutoff_on < decided_on
    )
    rows = await session.scalars(statement.order_by(TahapCalendar.starts_on))
    return [tahap.tahap for tahap in rows]


def select_open_sanggah(graduasi_id: UUID) -> sa.Select[UUID]:
    """Select the ids of the undecided sanggah on a case."""
    return sa.select(Sanggah.sanggah_id).where(
        Sanggah.graduasi_id == graduasi_id, Sanggah.state == SanggahState.DIAJUKAN
    )


def has_scan_by(actor: Actor, sanggah_id: Any) -> sa.ColumnElement[bool]:
    """Return the condition that the actor recorded a sanggah or added a scan to it."""
    return (
        sa.select(SanggahScan.scan_id)
        .where(
            SanggahScan.sanggah_id == sanggah_id,
            acted_by(actor, SanggahScan.added_by, SanggahScan.added_by_sub),
        )
        .exists()
    )


def may_be_decided_by(actor: Actor) -> sa.ColumnElement[bool]:
    """Return the condition that the actor may decide a sanggah.

    It is open, in the actor's areas, without a scan by the actor, who acted in no other stage of its case.
    """
    return sa.and_(
        Sanggah.state == SanggahState.DIAJUKAN,
        in_areas(Sanggah.kode_wilayah, actor.areas),
        sa.not_(has_scan_by(actor, Sanggah.sanggah_id)),
        sa.not_(acted_in_other_stage(Sanggah.graduasi_id, actor, Stage.SANGGAH)),
    )


SANGGAH_NAMES = (*SanggahFacts.model_fields, "note_sealed")
SANGGAH_COLUMNS = tuple(getattr(Sanggah, name) for name in SANGGAH_NAMES)


def open_note(vault: Vault, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a sanggah with its note in clear text."""
    return open_texts(vault, row, ("note",), table="sanggah", row_id=row["sanggah_id"])


def view_sanggah(session: AsyncSession, sanggah: Sanggah) -> dict[str, Any]:
    """Return a sanggah with its note in clear text."""
    return open_note(vault_of(session), {name: getattr(sanggah, name) for name in SANGGAH_NAMES})


@dataclass(frozen=True, slots=True)
class SanggahFilter:
    """Conditions on the sanggah of a list. `waiting` selects those that the actor may decide."""

    state: SanggahState | None
    graduasi_id: UUID | None
    waiting: bool


async def select_sanggah(session: AsyncSession, actor: Actor, filters: SanggahFilter) -> Any:
    """Select sanggah that the actor may see.

    A pendamping sees those of families that they accompany today.
    """
    statement = sa.select(*SANGGAH_COLUMNS).where(in_areas(Sanggah.kode_wilayah, actor.areas))
    if actor.scope is Scope.OWN_FAMILIES:
        accompanied = select_accompanied_kpm(actor, await clock.today(session))
        statement = statement.where(Sanggah.kpm_id.in_(accompanied))
    if filters.waiting:
        statement = statement.where(may_be_decided_by(actor))
    if filters.state is not None:
        statement = statement.where(Sanggah.state == filters.state)
    if filters.graduasi_id is not None:
        statement = statement.where(Sanggah.graduasi_id == filters.graduasi_id)
    return statement


async def read_sanggah(session: AsyncSession, actor: Actor, sanggah_id: UUID) -> dict[str, Any]:
    """Return a sanggah with its decision, and the tahap that an acceptance today must decide.

    Raises:
        NotFound
    """
    statement = sa.select(Sanggah, Penetapan.term_ends_on, SanggahDecision, Annulment.graduasi_id)
    statement = (
        statement.join(Graduasi, Graduasi.graduasi_id == Sanggah.graduasi_id)
        .join(Penetapan, Penetapan.graduasi_id == Sanggah.graduasi_id)
        .outerjoin(SanggahDecision, SanggahDecision.sanggah_id == Sanggah.sanggah_id)
        .outerjoin(Annulment, Annulment.sanggah_id == Sanggah.sanggah_id)
        .where(Sanggah.sanggah_id == sanggah_id, await visible_to(session, actor))
    )
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        raise NotFound("sanggah")
    sanggah, term_ends_on, decision, annulled_id = row
    view = view_sanggah(session, sanggah)
    view |= {"term_ends_on": term_ends_on, "decision": _view_decision(session, decision)}
    view["scans"] = await read_scans(session, sanggah_id)
    view["annulment"] = await read_annulment(session, annulled_id) if annulled_id else None
    view["back_pay"] = view["annulment"]["back_pay"] if view["annulment"] else []
    is_open = sanggah.state is SanggahState.DIAJUKAN
    today = await clock.today(session)
    concerned = await read_tahap_concerned(session, sanggah.graduasi_id, today) if is_open else []
    return {**view, "tahap_concerned": concerned}


def _view_decision(session: AsyncSession, decision: SanggahDecision | None) -> dict[str, Any] | None:
    if decision is None:
        return None
    names = (*SanggahDecisionFacts.model_fields, "reason_sealed")
    row, place = {name: getattr(decision, name) for name in names}, decision.sanggah_id
    return open_texts(vault_of(session), row, ("reason",), table="sanggah_decision", row_id=place)


async def read_scans(session: AsyncSession, sanggah_id: UUID) -> list[ScanView]:
    """Return the scans of a sanggah, the first one first."""
    statement = sa.select(SanggahScan).where(SanggahScan.sanggah_id == sanggah_id)
    return [*await session.scalars(statement.order_by(SanggahScan.scan_id))]


async def read_annulment(session: AsyncSession, graduasi_id: UUID) -> dict[str, Any] | None:
    """Return the annulment of a case with its decision on each withheld tahap.

    None if it was not annulled.
    """
    annulment = await session.get(Annulment, graduasi_id)
    if annulment is None:
        return None
    statement = sa.select(BackPayment).where(BackPayment.graduasi_id == graduasi_id)
    rows = (await session.scalars(statement.order_by(BackPayment.revision, BackPayment.tahap))).all()
    last = max((row.revision for row in rows), default=1)
    vault, names = vault_of(session), (*AnnulmentFields.model_fields, "reason_sealed")
    fields = {name: getattr(annulment, name) for name in names}
    view = open_texts(vault, fields, ("reason",), table="annulment", row_id=graduasi_id)
    view["back_pay"] = [_view_back_pay(vault, row) for row in rows if row.revision == last]
    view["replaced_back_pay"] = [_view_back_pay(vault, row) for row in rows if row.revision != last]
    return view


def _view_back_pay(vault: Vault, row: BackPayment) -> dict[str, Any]:
    fields = {name: getattr(row, name) for name in (*BackPaymentFields.model_fields, "reason_sealed")}
    return open_texts(vault, fields, ("reason",), table="back_payment", row_id=row.text_id)
