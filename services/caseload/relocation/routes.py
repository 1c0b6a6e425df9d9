"""Relocations of families, and splits of one into two."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.caseload.family.models import KpmVersionView
from services.caseload.member.commands.split import split_family
from services.caseload.member.models import SplitTerms
from services.caseload.relocation.commands import move_family
from shared.access import Permission
from shared.fields import Body, Day, Sha256, View, Wilayah
from shared.http import CurrentActor, IfMatch, Router, Session, may

moves = Router(tag="kpm")
Home = Annotated[str, Field(min_length=1, max_length=300, pattern=r"\S", examples=["Dusun Krajan RT 2"])]


class Move(Body):
    """To which desa or kelurahan, since when, on which evidence."""

    kode_wilayah: Wilayah
    address: Home | None = None
    on: Day
    evidence_sha256: Sha256


class SplitRequest(SplitTerms, Body):
    """Who leaves together under which new family card; without `kode_wilayah` they live where they did."""


class SplitView(View):
    """The family that remains, and the new one; `version` is that of the one that remains, which was edited."""

    version: int
    old: KpmVersionView
    new: KpmVersionView


@moves.post("/kpm/{kpm_id}/move")
@may(Permission.KPM_MOVE, key_required=True)
async def move_kpm(
    kpm_id: UUID, body: Move, session: Session, actor: CurrentActor, version: IfMatch
) -> KpmVersionView:
    """A family moves within or between areas; its memberships go on, whose area it no longer is leaves it."""
    return await move_family(session, actor, kpm_id, version=version, **dict(body))


@moves.post("/kpm/{kpm_id}/split", status_code=201)
@may(Permission.KPM_UPDATE, key_required=True)
async def split_kpm(
    kpm_id: UUID, body: SplitRequest, session: Session, actor: CurrentActor, version: IfMatch
) -> SplitView:
    """Members become a family of their own; memberships stay where they are."""
    old, new = await split_family(session, actor, kpm_id, body, version=version)
    return SplitView(version=old.version, old=old, new=new)
