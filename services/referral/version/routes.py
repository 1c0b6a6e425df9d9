"""Routes of voided versions."""

from starlette.responses import Response

from services.referral import visibility
from services.referral.version import commands, queries
from services.referral.version.errors import SET_AGAIN
from services.referral.version.models import VersionVoid, VersionVoidTerms, VersionVoidView
from shared.access import Permission
from shared.fields import Body
from shared.http import CurrentActor, Page, Paging, Router, Session, may

versions = Router(tag="version")


class VersionVoidBody(VersionVoidTerms, Body):
    """What is voided, and why. `version_id` is the id, or the number, of the version."""


class VersionVoidPage(Page):
    """A page of voided versions."""

    items: list[VersionVoidView]


@versions.post("/version-void", status_code=201)
@may(Permission.PROGRAM_PUBLISH, key_required=True, undo=SET_AGAIN)
async def void_version(body: VersionVoidBody, session: Session, actor: CurrentActor) -> VersionVoidView:
    """Void a version that was set by mistake. The version before it applies again.

    A rule or a text is voided until its first day has passed, a quota or an intake window until it has ended. A
    program that began earlier ends today.
    """
    return await commands.void_version(session, body, actor)


@versions.get("/version-void", response_model=VersionVoidPage)
@may(Permission.PROGRAM_READ)
async def list_version_voids(session: Session, paging: Paging) -> Response:
    """List the voided versions by kind, with who voided them and why."""
    statement = visibility.select_columns(VersionVoid, list(VersionVoidView.model_fields))
    return await paging.answer(session, statement, queries.VOID_ORDER)
