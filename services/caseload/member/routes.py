"""Routes of a family's members and its pengurus."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field, StrictBool
from starlette.responses import Response

from services.caseload.approval.commands import FORM
from services.caseload.family.models import (
    Belonging,
    EndReason,
    Kpm,
    KpmAnggota,
    KpmVersionView,
    Relation,
)
from services.caseload.member.commands import members as member_members
from services.caseload.member.commands.correction import correct_anggota
from services.caseload.member.commands.joins import add_anggota as add_anggota_to
from services.caseload.member.commands.numbers import change_no_kk, correct_nik
from services.caseload.member.commands.pengurus import change_pengurus
from services.caseload.member.commands.reversal import is_recorded_dead, restore_anggota
from services.caseload.member.models import (
    CorrectionTerms,
    DeathReversalTerms,
    JoinTerms,
    NikTerms,
    NoKkTerms,
    ReturnTerms,
)
from services.caseload.overview.queries.family import read_family
from services.caseload.overview.queries.history import read_past
from services.caseload.overview.routes.families import WarningView
from shared.access import Permission
from shared.approval import ApprovalKind, request_approval
from shared.field_classes import PRIBADI
from shared.fields import Body, Code, Day, Known, Sha256, View
from shared.http import CurrentActor, IfMatch, Router, Session, may
from shared.http.approvals import WAITS_FOR_APPROVAL, accepted_answer
from shared.remedies import CORRECT_REQUEST, one_of, operation, to_call
from shared.roles import DINSOS, FIELD

members = Router(tag="kpm")
LEAVE = one_of(to_call("end_anggota", FIELD | DINSOS), to_call("take_anggota_back", FIELD | DINSOS))
RETURN = operation("take_anggota_back", FIELD | DINSOS)
END_AGAIN = one_of(to_call("end_anggota", FIELD | DINSOS), to_call("add_anggota", FIELD | DINSOS))


class AnggotaRequest(JoinTerms, Body):
    """A person who joins the family, also by birth, and the day.

    Somebody who leaves another family for it (KAWIN_MASUK, GABUNG) needs evidence.
    """


class AnggotaEnd(Body):
    """Why and when a member leaves. A death needs evidence."""

    reason: Annotated[
        EndReason, Known(EndReason.MENINGGAL, EndReason.KAWIN_KELUAR, EndReason.PINDAH, EndReason.LAINNYA)
    ]
    on: Day
    evidence_sha256: Sha256 | None = None


class Marriage(Body):
    """A marriage or divorce, its day, and the new relation to the head."""

    married: StrictBool
    on: Day
    relation: Relation | None = None


class MemberReturn(ReturnTerms, Body):
    """Why the end was recorded in error. Evidence is needed to undo a death."""


class PengurusChange(Body):
    """The new pengurus, from which day, and why.

    `reason` is a code of your own, which the history keeps.
    """

    anggota_id: UUID
    on: Day
    reason: Code = Field(examples=["PENGURUS_MENINGGAL"])


class NikRequest(NikTerms, Body):
    """The corrected NIK, and the evidence."""


class CorrectionRequest(CorrectionTerms, Body):
    """Values of a member that were recorded wrongly, and the evidence.

    What is left out stays.
    """


class NoKkRequest(NoKkTerms, Body):
    """The family's new card, its first day and the evidence."""


class MemberView(Belonging):
    """A member after the change. `version` is the family's, needed for the next edit (If-Match).

    `warnings` are those of the family's view about this member.
    """

    version: int
    warnings: list[WarningView]


class FormerMember(View):
    """A former period of a member. `valid_to` is the first day after it."""

    anggota_id: UUID
    relation: Annotated[Relation, PRIBADI]
    end_reason: Annotated[EndReason, PRIBADI]
    valid_from: date
    valid_to: date


class FormerArea(View):
    """A former area of the family."""

    kode_wilayah: str
    address: Annotated[str | None, PRIBADI]
    valid_from: date
    valid_to: date


class PastView(View):
    """Former members and areas of a family."""

    kpm_id: UUID
    members: list[FormerMember]
    areas: list[FormerArea]


@members.post("/kpm/{kpm_id}/anggota", status_code=201)
@may(Permission.KPM_UPDATE, key_required=True, undo=LEAVE)
async def add_anggota(
    kpm_id: UUID, body: AnggotaRequest, session: Session, actor: CurrentActor
) -> MemberView:
    """Add a person to the family, also by birth. A person belongs to one family.

    Somebody of another family leaves it on that day. If nobody remains there, that family ends (BERGABUNG).
    """
    return await view_of(session, actor, await add_anggota_to(session, actor, kpm_id, body))


@members.post("/kpm/{kpm_id}/anggota/{anggota_id}/end")
@may(Permission.KPM_UPDATE, key_required=True, author_reads=True, undo=RETURN)
async def end_anggota(
    kpm_id: UUID, anggota_id: UUID, body: AnggotaEnd, session: Session, actor: CurrentActor, version: IfMatch
) -> MemberView:
    """End a person's membership in the family.

    A pengurus's death opens a task to name another. The death of the only member ends the family (MENINGGAL).
    """
    ended = await member_members.end_anggota(
        session, actor, kpm_id, anggota_id, version=version, **dict(body)
    )
    return await view_of(session, actor, ended)


@members.post("/kpm/{kpm_id}/anggota/{anggota_id}/marriage")
@may(Permission.KPM_UPDATE, key_required=True, undo=operation("correct_values_of_anggota", FIELD | DINSOS))
async def record_marriage(
    kpm_id: UUID, anggota_id: UUID, body: Marriage, session: Session, actor: CurrentActor, version: IfMatch
) -> MemberView:
    """Record a marriage or a divorce of a member."""
    married = await member_members.change_marriage(
        session, actor, kpm_id, anggota_id, version=version, **dict(body)
    )
    return await view_of(session, actor, married)


@members.post(
    "/kpm/{kpm_id}/anggota/{anggota_id}/return", response_model=MemberView, responses=WAITS_FOR_APPROVAL
)
@may(Permission.KPM_UPDATE, key_required=True, undo=END_AGAIN)
async def take_anggota_back(
    kpm_id: UUID,
    anggota_id: UUID,
    body: MemberReturn,
    session: Session,
    actor: CurrentActor,
    version: IfMatch,
) -> MemberView | Response:
    """Undo an end that was recorded in error: death, departure or move.

    A family that ended with it is open again. The reversal of a death is only requested (202), by Dinsos: Kemensos
    approves it.
    """
    if await is_recorded_dead(session, kpm_id, anggota_id, version):
        terms = DeathReversalTerms(kpm_id=kpm_id, **dict(body))
        kind = ApprovalKind.DEATH_REVERSAL
        return accepted_answer(session, await request_approval(session, actor, FORM, kind, anggota_id, terms))
    back = await restore_anggota(session, actor, kpm_id, anggota_id, body, version=version)
    return await view_of(session, actor, back)


@members.post("/kpm/{kpm_id}/pengurus")
@may(Permission.KPM_UPDATE, key_required=True, undo=CORRECT_REQUEST)
async def change_pengurus_of_kpm(
    kpm_id: UUID, body: PengurusChange, session: Session, actor: CurrentActor, version: IfMatch
) -> MemberView:
    """Make another adult of the family its pengurus."""
    chosen = await change_pengurus(session, actor, kpm_id, version=version, **dict(body))
    return await view_of(session, actor, chosen)


async def view_of(session: Session, actor: CurrentActor, member: KpmAnggota) -> MemberView:
    """Return a member with the family's new version and the warnings about the member."""
    kpm = await session.get_one(Kpm, member.kpm_id)
    values = {name: getattr(member, name) for name in Belonging.model_fields}
    warnings: list[WarningView] = []
    if member.left_on is None:
        await session.flush()
        family = await read_family(session, actor, member.kpm_id)
        warnings = [
            WarningView(**warning)
            for warning in family["warnings"]
            if warning["anggota_id"] == str(member.anggota_id)
        ]
    return MemberView(version=kpm.version, warnings=warnings, **values)


@members.post("/kpm/{kpm_id}/anggota/{anggota_id}/nik")
@may(Permission.KPM_UPDATE, key_required=True, undo=CORRECT_REQUEST)
async def correct_nik_of_anggota(
    kpm_id: UUID,
    anggota_id: UUID,
    body: NikRequest,
    session: Session,
    actor: CurrentActor,
    version: IfMatch,
) -> MemberView:
    """Correct the NIK of a member.

    The person stays the same, and the former number is kept.
    """
    corrected = await correct_nik(session, actor, kpm_id, anggota_id, body, version=version)
    return await view_of(session, actor, corrected)


@members.post("/kpm/{kpm_id}/anggota/{anggota_id}/correction")
@may(Permission.KPM_UPDATE, key_required=True, undo=CORRECT_REQUEST)
async def correct_values_of_anggota(
    kpm_id: UUID,
    anggota_id: UUID,
    body: CorrectionRequest,
    session: Session,
    actor: CurrentActor,
    version: IfMatch,
) -> MemberView:
    """Correct name, date of birth, sex, relation or marriage of a member, with evidence."""
    corrected = await correct_anggota(session, actor, kpm_id, anggota_id, body, version=version)
    return await view_of(session, actor, corrected)


@members.post("/kpm/{kpm_id}/no-kk")
@may(Permission.KPM_UPDATE, key_required=True, undo=CORRECT_REQUEST)
async def change_no_kk_of_kpm(
    kpm_id: UUID, body: NoKkRequest, session: Session, actor: CurrentActor, version: IfMatch
) -> KpmVersionView:
    """Give a family another card. The former number is kept."""
    return await change_no_kk(session, actor, kpm_id, body, version=version)


@members.get("/kpm/{kpm_id}/past")
@may(Permission.KPM_READ)
async def read_kpm_past(kpm_id: UUID, session: Session, actor: CurrentActor) -> PastView:
    """Return former members and areas of a family."""
    return PastView.model_validate(await read_past(session, actor, kpm_id))
