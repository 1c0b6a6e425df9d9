"""Routes of responsible pendamping and of families without one."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from services.caseload.dampingan.models import DampinganGap, GapOfFamily, GapView, ResponsibleItem
from services.caseload.dampingan.queries import list_gaps, read_responsible_on
from shared.access import Permission
from shared.fields import Day, View, Wilayah
from shared.http import CurrentActor, Page, Paging, Router, Session, may

coverage = Router(tag="coverage")


class ResponsibleView(View):
    """Dampingan of a family on a day.

    `gap` is set if no PKH pendamping accompanied it.
    """

    kpm_id: UUID
    on: date
    responsible: list[ResponsibleItem]
    gap: GapView | None


class GapItem(GapOfFamily):
    """A family without the PKH pendamping that it needs. `penugasan_id` accompanied it last.

    `until` is the first day of its next one, if that is known.
    """

    until: date | None
    kode_wilayah: str


class GapPage(Page):
    """Families without a pendamping, the oldest gap first."""

    items: list[GapItem]


@coverage.get("/kpm/{kpm_id}/responsible")
@may(Permission.KPM_READ)
async def read_responsible(
    kpm_id: UUID, session: Session, actor: CurrentActor, on: Annotated[Day | None, Query()] = None
) -> ResponsibleView:
    """Return who accompanied a family on a day, by default today."""
    return ResponsibleView.model_validate(await read_responsible_on(session, actor, kpm_id, on))


@coverage.get("/dampingan-gap", response_model=GapPage)
@may(Permission.DAMPINGAN_GAP_READ)
async def list_families_alone(
    session: Session,
    actor: CurrentActor,
    paging: Paging,
    kode_wilayah: Annotated[Wilayah | None, Query()] = None,
) -> Response:
    """List families without the PKH pendamping that they need today.

    They are in PKH, or monitored after an exit.
    """
    statement = await list_gaps(session, actor, kode_wilayah)
    return await paging.answer(session, statement, (DampinganGap.gap_id,))
