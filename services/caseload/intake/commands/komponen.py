"""Decision on the komponen of a family in the file."""

from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.caseload.intake.commands.findings import change
from services.caseload.intake.commands.members import Member
from services.caseload.intake.commands.recorded_data import Known
from services.caseload.intake.rules.precedence import is_later

if TYPE_CHECKING:
    from services.caseload.intake.commands.plan import Plan


def add_komponen(known: Known, plan: "Plan") -> None:
    """Start komponen that are new in the file, and end missing ones.

    Each member's data has the komponen after the intake. A blank keeps what is recorded.
    """
    for member in plan.members.staying:
        recorded = [*known.komponen.get(member.anggota_id, {}).values()] if member.known else []
        in_file = plan.staged.data[member.n]["komponen"] if member.n is not None and member.written else None
        if recorded:
            merge_komponen(known, plan, member, recorded, in_file)
        else:
            member.data["komponen"] = in_file or []
            plan.komponen += (starts := select_starts(known, member, member.data["komponen"]))
            note_start(plan, member, starts if member.known else [])
        note_kept(plan, member, recorded)


def note_start(plan: "Plan", member: Member, starts: list[Any]) -> None:
    """Note that komponen of a member in the file start."""
    if starts and member.n is not None:
        row_no, ids = plan.staged.rows[member.n]["row_no"], {"anggota_id": member.anggota_id}
        plan.notes.append(change(row_no, "komponen", "KOMPONEN_STARTS", **ids))


def note_kept(plan: "Plan", member: Member, recorded: list[Any]) -> None:
    """Note that a member who is recorded later than the file keeps other komponen."""
    in_file = plan.staged.data[member.n]["komponen"] if member.n is not None and not member.written else None
    current = [[row["kind"], row["until"] and row["until"].isoformat()] for row in recorded if row["current"]]
    if member.n is not None and in_file is not None and sorted(in_file, key=str) != sorted(current, key=str):
        row_no, ids = plan.staged.rows[member.n]["row_no"], {"anggota_id": member.anggota_id}
        plan.notes.append(change(row_no, "komponen", "KEPT_NEWER", **ids))


def merge_komponen(
    known: Known, plan: "Plan", member: Member, recorded: list[Any], in_file: list[list[Any]] | None
) -> None:
    """Compare a member's komponen of the file with the recorded ones.

    A komponen that started today is deleted instead of ended. Those in another family are ended there.
    """
    row_no = plan.staged.rows[member.n]["row_no"] if member.n is not None else plan.lead["row_no"]
    ids = {"anggota_id": member.anggota_id}
    kept: list[list[Any]] = []
    fixed: set[str] = set()
    for row in recorded:
        until = row["until"] and row["until"].isoformat()
        own, entry = row["kpm_id"] == plan.kpm_id, [row["kind"], until]
        newer = own and in_file is not None and not is_later(known.as_of, row)
        if own and row["current"] and (in_file is None or entry in in_file or newer):
            kept.append(entry)
            fixed.add(row["kind"])
        elif newer:
            fixed.add(row["kind"])
        elif row["current"]:
            (plan.dropped if row["first"] == known.today else plan.ended).append(row["komponen_id"])
            plan.notes.append(change(row_no, "komponen", "KOMPONEN_ENDS", **ids))
        if newer and (entry in (in_file or ())) != bool(row["current"]):
            plan.notes.append(change(row_no, "komponen", "KEPT_NEWER", **ids))
    added = [entry for entry in in_file or [] if entry[0] not in fixed]
    starts = select_starts(known, member, added)
    plan.komponen += starts
    note_start(plan, member, starts)
    cleared = member.n is not None and "komponen" in plan.staged.data[member.n].get("clear", ())
    if cleared and len(kept) < sum(row["current"] for row in recorded):
        plan.cleared["komponen"] += 1
        plan.notes.append(change(row_no, "komponen", "CLEARED", **ids))
    member.data["komponen"] = kept + added


def select_starts(
    known: Known, member: Member, entries: list[list[Any]]
) -> list[tuple[UUID, str, date | None]]:
    """Return the komponen that start, without those whose end has passed."""
    komponen = [(kind, date.fromisoformat(until) if until else None) for kind, until in entries]
    return [
        (member.anggota_id, kind, until) for kind, until in komponen if until is None or until > known.today
    ]


def last_komponen_end(known: Known, kpm_id: UUID, before: dict[str, Any] | None) -> str | None:
    """Return the last end of a komponen, today if one ends by this intake."""
    today = known.today.isoformat()
    recorded = known.komponen.get(kpm_id, {}).values()
    if any(row["kpm_id"] == kpm_id and row["current"] and row["first"] < known.today for row in recorded):
        return today
    past = before["last_komponen_ends_on"] if before else None
    return past if past and past <= today else None
