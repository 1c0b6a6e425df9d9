"""Who belongs to a family, and who holds its card."""

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import StrictBool

from services.caseload.family.models import Belonging, EndReason, Kpm, KpmAnggota, Relation
from services.caseload.member.commands import members as member_members
from services.caseload.member.commands.pengurus import change_pengurus
from services.caseload.member.models import JoinTerms
from services.caseload.overview.queries.past import read_past
from shared.access import Permission
from shared.fields import Body, Code, Day, Sha256, View
from shared.http import CurrentActor, IfMatch, Router, Session, may

members = Router(tag="kpm")


class AnggotaRequest(JoinTerms, Body):
    """Who is born or joins, and on which day."""


class AnggotaEnd(Body):
    """Why somebody no longer belongs to the family, and since when; a death with its evidence."""

    reason: Literal[EndReason.MENINGGAL, EndReason.KAWIN_KELUAR, EndReason.PINDAH, EndReason.LAINNYA]
    on: Day
    evidence_sha256: Sha256 | None = None


class Marriage(Body):
    """Married or no longer, since when, and what the member then is to the head of the family."""

    married: StrictBool
    on: Day
    relation: Relation | None = None


class Return(Body):
    """Why an end was an error."""

    reason: Code


class PengurusChange(Body):
    """Who holds the family's card from which day, and why."""

    anggota_id: UUID
    on: Day
    reason: Code


class MemberView(Belonging):
    """A member after the change; `version` is the family's, which the next edit needs (If-Match)."""

    version: int


class FormerMember(View):
    """Somebody who has left or belonged to the family before; `valid_to` is the first day without."""

    anggota_id: UUID
    relation: Relation
    end_reason: EndReason
    valid_from: date
    valid_to: date


class FormerArea(View):
    """Where the family lived."""

    kode_wilayah: str
    address: str | None
    valid_from: date
    valid_to: date


class PastView(View):
    """What was true of a family before."""

    kpm_id: UUID
    members: list[FormerMember]
    areas: list[FormerArea]


@members.post("/kpm/{kpm_id}/anggota", status_code=201)
@may(Permission.KPM_UPDATE, key_required=True)
async def add_anggota(
    kpm_id: UUID, body: AnggotaRequest, session: Session, actor: CurrentActor
) -> MemberView:
    """Somebody is born or joins; a person belongs to one family."""
    return await view_of(session, await member_members.add_anggota(session, actor, kpm_id, body))


@members.post("/kpm/{kpm_id}/anggota/{anggota_id}/end")
@may(Permission.KPM_UPDATE, key_required=True)
async def end_anggota(
    kpm_id: UUID, anggota_id: UUID, body: AnggotaEnd, session: Session, actor: CurrentActor, version: IfMatch
) -> MemberView:
    """Somebody dies, marries out, moves or leaves; a pengurus who died leaves a task to name another."""
    ended = await member_members.end_anggota(
        session, actor, kpm_id, anggota_id, version=version, **dict(body)
    )
    return await view_of(session, ended)


@members.post("/kpm/{kpm_id}/anggota/{anggota_id}/marriage")
@may(Permission.KPM_UPDATE, key_required=True)
async def record_marriage(
    kpm_id: UUID, anggota_id: UUID, body: Marriage, session: Session, actor: CurrentActor, version: IfMatch
) -> MemberView:
    """A member marries, or is married no longer."""
    married = await member_members.marry(session, actor, kpm_id, anggota_id, version=version, **dict(body))
    return await view_of(session, married)


@members.post("/kpm/{kpm_id}/anggota/{anggota_id}/return")
@may(Permission.KPM_UPDATE, key_required=True)
async def take_anggota_back(
    kpm_id: UUID, anggota_id: UUID, body: Return, session: Session, actor: CurrentActor, version: IfMatch
) -> MemberView:
    """Undo an end that was recorded in error, also a death."""
    back = await member_members.take_back(
        session, actor, kpm_id, anggota_id, version=version, reason=body.reason
    )
    return await view_of(session, back)


@members.post("/kpm/{kpm_id}/pengurus")
@may(Permission.KPM_UPDATE, key_required=True)
async def change_pengurus_of_kpm(
    kpm_id: UUID, body: PengurusChange, session: Session, actor: CurrentActor, version: IfMatch
) -> MemberView:
    """Another adult of the family holds its card."""
    chosen = await change_pengurus(session, actor, kpm_id, version=version, **dict(body))
    return await view_of(session, chosen)


async def view_of(session: Session, member: KpmAnggota) -> MemberView:
    """Return a member with the version of the family that the change made."""
    kpm = await session.get_one(Kpm, member.kpm_id)
    names = Belonging.model_fields
    return MemberView(version=kpm.version, **{name: getattr(member, name) for name in names})


@members.get("/kpm/{kpm_id}/past")
@may(Permission.KPM_READ)
async def read_kpm_past(kpm_id: UUID, session: Session, actor: CurrentActor) -> PastView:
    """Who belonged to a family before, and where it lived."""
    return PastView.model_validate(await read_past(session, actor, kpm_id))
