"""Query for the payable tahap of a bansos, with the reason in words.

Pilar itself pays nothing.
"""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.family.models import Kpm
from services.caseload.membership.models import CaseMark
from services.caseload.membership.queries import MembershipStatus, list_memberships
from shared import clock
from shared.access import Actor
from shared.contracts.kinds import Bansos, ExitReason, FamilyEndReason
from shared.errors import NotFound


class Payable(StrEnum):
    """How far a membership is payable.

    ALL: it has no end. EXCEPT: it has no end, but withheld tahap are not paid back (`not_paid`). UP_TO: up to the last
    payable tahap. HELD: an objection suspends the end, or the only member has died and no case ends it yet. NONE: there
    is no membership on that day.
    """

    ALL = "ALL"
    EXCEPT = "EXCEPT"
    UP_TO = "UP_TO"
    HELD = "HELD"
    NONE = "NONE"


class HeldFor(StrEnum):
    """Why tahap are held: an objection (payable) or a death (not payable)."""

    OBJECTION = "OBJECTION"
    DEATH = "DEATH"


# Reasons in English and Indonesian, filled with values of the answer.
WORDS = MappingProxyType(
    {
        "BEFORE": (
            "On {on} the family is not a member yet; its first membership begins on {valid_from}.",
            "Pada {on} keluarga belum menjadi peserta; kepesertaan pertama dimulai {valid_from}.",
        ),
        "GAP": (
            "On {on} the family is not a member: it left on {ends_on} and re-entered later.",
            "Pada {on} keluarga bukan peserta: keluar sejak {ends_on} dan kembali kemudian.",
        ),
        "HELD": (
            "An objection is not decided yet. The end on {ends_on} is suspended; each tahap stays payable until the decision.",
            "Sanggah belum diputus; akhir kepesertaan {ends_on} ditunda dan setiap tahap tetap dibayarkan sampai diputus.",
        ),
        "DEATH": (
            "The only member has died (recorded {held_from}). Tahap cut off from then on are held; earlier ones stay payable.",
            "Satu-satunya anggota meninggal (tercatat {held_from}). Tahap sejak itu ditahan; sebelumnya tetap dibayarkan.",
        ),
        "ENDS": (
            "The membership ends on {ends_on} ({exit_reason}): payable up to {last_payable_tahap}, not {first_unpayable_tahap}.",
            "Kepesertaan berakhir {ends_on} ({exit_reason}): dibayarkan sampai {last_payable_tahap}, {first_unpayable_tahap} tidak.",
        ),
        "CONTINUED": (
            "The graduation was annulled; from {ends_on} a later membership of the family continues.",
            "Graduasi dibatalkan; mulai {ends_on} dilanjutkan kepesertaan keluarga yang berikutnya.",
        ),
        "ANNOUNCED": (
            "An end is announced for {ends_on} and not in effect yet; each tahap stays payable until then.",
            "Akhir kepesertaan diumumkan {ends_on} dan belum berlaku; setiap tahap tetap dibayarkan sampai berlaku.",
        ),
        "GOES_ON": (
            "The membership continues; it has no end date.",
            "Kepesertaan berlanjut; belum ada tanggal akhir.",
        ),
        "BACK_PAY": (
            " The graduation was annulled; tahap paid back: {back_pay}.",
            " Graduasi dibatalkan; dibayarkan kembali: {back_pay}.",
        ),
        "NO_BACK_PAY": (
            " The graduation was annulled; no tahap is paid back.",
            " Graduasi dibatalkan; tidak ada tahap yang dibayarkan kembali.",
        ),
        "NOT_PAID": (
            " The annulment decided that these withheld tahap are not paid: {not_paid}.",
            " Pembatalan memutuskan tahap tertahan berikut tidak dibayarkan: {not_paid}.",
        ),
    }
)


async def payable_tahap(
    session: AsyncSession, actor: Actor, kpm_id: UUID, bansos: Bansos, on: date | None
) -> dict[str, Any]:
    """Return the payable tahap of a bansos as of a date, by default today.

    Raises:
        NotFound: the actor may not read the family, or it was never a member.
    """
    memberships = await list_memberships(session, actor, kpm_id)
    answers = await payable_by_bansos(session, kpm_id, memberships, on)
    if bansos not in answers:
        raise NotFound("kepesertaan")
    return answers[bansos]


async def payable_by_bansos(
    session: AsyncSession, kpm_id: UUID, memberships: Sequence[dict[str, Any]], on: date | None
) -> dict[Bansos, dict[str, Any]]:
    """Return the payable tahap of each bansos of a family, as of a date."""
    kpm, day = await session.get_one(Kpm, kpm_id), on or await clock.today(session)
    died = kpm.end_recorded_on if kpm.end_reason is FamilyEndReason.MENINGGAL else None
    pending = [row["bansos"] for row in memberships if row["status"] == MembershipStatus.DECISION_PENDING]
    by_bansos: dict[Bansos, list[dict[str, Any]]] = {}
    for row in memberships:
        if row["status"] is not MembershipStatus.VOIDED:
            by_bansos.setdefault(row["bansos"], []).append(row)
    answers: dict[Bansos, dict[str, Any]] = {}
    for bansos, rows in by_bansos.items():
        row = membership_on(rows, day)
        answers[bansos] = payable_answer(row, day, died, is_later=row is not rows[-1]) | {
            "kpm_id": kpm_id,
            "bansos": bansos,
            "pending": pending,
        }
    return answers


def membership_on(memberships: Sequence[dict[str, Any]], day: date) -> dict[str, Any]:
    """Return the last membership that starts up to a day, or else the first one."""
    started = [row for row in memberships if row["valid_from"] <= day]
    return started[-1] if started else memberships[0]


def payable_answer(row: dict[str, Any], day: date, died: date | None, *, is_later: bool) -> dict[str, Any]:
    """Return what is payable of a membership as of a day.

    `died` is the day on which the death of the only member was recorded. `is_later`: another membership follows it.
    """
    case: CaseMark | None = row["case"]
    values = {
        "kepesertaan_id": row["kepesertaan_id"],
        "status": row["status"],
        "on": day,
        "last_payable_tahap": row["last_payable_tahap"],
        "first_unpayable_tahap": case and case.effective_tahap,
        "ends_on": row["valid_to"] or (case and case.effective_on),
        "back_pay": row["back_pay_tahap"],
        "not_paid": [one["tahap"] for one in row["back_pay"] if not one["paid"]],
        "back_pay_decisions": row["back_pay"],
    }
    payable, why = payable_of(row, case, day, is_later=is_later)
    if payable is Payable.ALL and values["not_paid"]:
        payable = Payable.EXCEPT
    if died is not None and died <= day and waits_for_end(row, day):
        payable, why = Payable.HELD, HeldFor.DEATH.value
    held_for = HeldFor.DEATH if why == HeldFor.DEATH else HeldFor.OBJECTION
    values["held_for"] = held_for if payable is Payable.HELD else None
    values["held_from"] = died if values["held_for"] is HeldFor.DEATH else None
    return values | {"payable": payable, "reason": format_reason(row, values, why)}


def waits_for_end(row: dict[str, Any], day: date) -> bool:
    """Return whether no case has ended a membership after the death of the only member."""
    has_end = row["valid_to"] is not None
    ended = has_end and (row["valid_to"] <= day or row["exit_reason"] is ExitReason.MENINGGAL)
    return row["valid_from"] <= day and not ended


def payable_of(
    row: dict[str, Any], case: CaseMark | None, day: date, *, is_later: bool
) -> tuple[Payable, str]:
    """Return how far a membership is payable, and the key of the reason in `WORDS`."""
    if day < row["valid_from"]:
        return Payable.NONE, "BEFORE"
    if case is not None and case.held:
        return Payable.HELD, "HELD"
    if row["continued_by"]:
        return Payable.ALL, "CONTINUED"
    if row["valid_to"] is None:
        return Payable.ALL, "ANNOUNCED" if case is not None and case.effective_on else "GOES_ON"
    if is_later and row["valid_to"] <= day:
        return Payable.NONE, "GAP"
    return Payable.UP_TO, "ENDS"


def format_reason(row: dict[str, Any], answer: dict[str, Any], why: str) -> dict[str, str]:
    """Return the reason in English and Indonesian, with the back pay of an annulment."""
    values = answer | {"valid_from": row["valid_from"], "exit_reason": row["exit_reason"]}
    values = {name: "?" if value is None else value for name, value in values.items()}
    values |= {name: ", ".join(answer[name]) for name in ("back_pay", "not_paid")}
    keys = [why]
    if answer["back_pay"]:
        keys.append("BACK_PAY")
    if answer["not_paid"]:
        keys.append("NOT_PAID")
    elif why == "CONTINUED" and not answer["back_pay"]:
        keys.append("NO_BACK_PAY")
    return {
        language: "".join(WORDS[key][number] for key in keys).format(**values)
        for number, language in enumerate(("en", "id"))
    }
