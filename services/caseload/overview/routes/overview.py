"""Route of a family with all that its screen shows."""

from typing import Annotated
from uuid import UUID

from services.caseload.activity.routes import KunjunganItem
from services.caseload.membership.routes import KepesertaanView, PayableTahapView
from services.caseload.overview.queries.overview import read_overview
from services.caseload.overview.routes.families import KpmView
from services.caseload.task.routes import TugasItem
from shared.access import Permission
from shared.field_classes import SPESIFIK, ReadUnder
from shared.fields import View
from shared.http import CurrentActor, Router, Session, may

overview = Router(tag="kpm")


class OverviewView(View):
    """A family with its memberships, payable tahap, last five visits and open tasks.

    The last visit comes first, and the task that is due first. A part that the caller's role may not read is absent.
    """

    kpm_id: UUID
    kpm: KpmView
    kepesertaan: list[KepesertaanView]
    payable_tahap: Annotated[list[PayableTahapView], SPESIFIK, ReadUnder(Permission.TAHAP_READ)]
    kunjungan: Annotated[list[KunjunganItem], SPESIFIK, ReadUnder(Permission.KUNJUNGAN_READ)]
    tugas: Annotated[list[TugasItem], ReadUnder(Permission.TUGAS_READ)]


@overview.get("/kpm/{kpm_id}/overview")
@may(Permission.KPM_READ)
async def read_kpm_overview(kpm_id: UUID, session: Session, actor: CurrentActor) -> OverviewView:
    """Read a family with all that its screen shows, in one call."""
    return OverviewView.model_validate(await read_overview(session, actor, kpm_id))
