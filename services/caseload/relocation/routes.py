"""Routes to move a family and to split it."""

from uuid import UUID

from services.caseload.family.models import Home, KpmVersionView
from services.caseload.member.commands.split import split_family
from services.caseload.member.models import SplitTerms
from services.caseload.relocation.commands import move_family, void_move
from shared.access import Permission
from shared.fields import Body, Code, Day, Sha256, View, Wilayah
from shared.http import CurrentActor, IfMatch, Router, Session, may
from shared.remedies import operation
from shared.roles import DINSOS, FIELD, MINISTRY

moves = Router(tag="kpm")


class Move(Body):
    """New desa or kelurahan, first day and evidence of a move."""

    kode_wilayah: Wilayah
    address: Home | None = None
    on: Day
    evidence_sha256: Sha256


class MoveVoid(Body):
    """The day of the family's last move, and why it is wrong, as a code."""

    on: Day
    reason: Code


class SplitRequest(SplitTerms, Body):
    """Members who leave together with a new family card. `kode_wilayah` defaults to the old one."""


class SplitView(View):
    """The remaining and the new family. `version` is that of the remaining one."""

    version: int
    old: KpmVersionView
    new: KpmVersionView


@moves.post("/kpm/{kpm_id}/move")
@may(Permission.KPM_MOVE, key_required=True, undo=operation("void_move_of_kpm", DINSOS | MINISTRY))
async def move_kpm(
    kpm_id: UUID, body: Move, session: Session, actor: CurrentActor, version: IfMatch
) -> KpmVersionView:
    """Move a family to another area. Its memberships continue."""
    return await move_family(session, actor, kpm_id, version=version, **dict(body))


@moves.post("/kpm/{kpm_id}/move/void")
@may(Permission.KPM_MOVE, key_required=True, undo=operation("move_kpm", DINSOS | MINISTRY))
async def void_move_of_kpm(
    kpm_id: UUID, body: MoveVoid, session: Session, actor: CurrentActor, version: IfMatch
) -> KpmVersionView:
    """Void the last move of a family, which was recorded in error.

    The family lives where it lived before, with its former pendamping. The right move can be recorded.
    """
    return await void_move(session, actor, kpm_id, version=version, **dict(body))


@moves.post("/kpm/{kpm_id}/split", status_code=201)
@may(Permission.KPM_UPDATE, key_required=True, undo=operation("add_anggota", FIELD | DINSOS))
async def split_kpm(
    kpm_id: UUID, body: SplitRequest, session: Session, actor: CurrentActor, version: IfMatch
) -> SplitView:
    """Split members off into a new family. Memberships in bansos stay with the old one."""
    old, new = await split_family(session, actor, kpm_id, body, version=version)
    return SplitView(version=old.version, old=old, new=new)
