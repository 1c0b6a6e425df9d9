"""Decision on the businesses of a family in the file."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.caseload.intake.commands.findings import change, refusal
from services.caseload.intake.commands.members import Member
from services.caseload.intake.commands.recorded_data import Known
from services.caseload.intake.rules.precedence import is_later
from services.caseload.tables import new_id

if TYPE_CHECKING:
    from services.caseload.intake.commands.plan import Plan

NEEDED = ("sector", "started_on", "omzet_rp")
VALUES = (*NEEDED, "has_nib", "has_letter", "continues")
OWNER = ("sex", "birth", "married")


def add_usaha(known: Known, plan: "Plan") -> None:
    """Add new and changed businesses, and close those that HAPUS closes.

    Each member's data has the business after the intake, None without one.
    """
    for member in plan.members.staying:
        before = known.usaha.get(member.anggota_id) if member.known else None
        recorded = values_of(before) if before else None
        if before and member.before and any(member.data[name] != member.before[name] for name in OWNER):
            plan.owned[before["usaha_id"]] = member
        if member.n is None:
            member.data["usaha"] = recorded
            continue
        data, row_no = plan.staged.data[member.n], plan.staged.rows[member.n]["row_no"]
        clear, given = data.get("clear", ()), data["usaha"]
        member.data["usaha"] = recorded
        if before is None:
            if given is not None:
                add_new_usaha(known, plan, member, given, row_no)
        elif given is not None or "nib" in clear or "usaha" in clear:
            change_usaha(known, plan, member, before, row_no)


def add_new_usaha(known: Known, plan: "Plan", member: Member, given: dict[str, Any], row_no: int) -> None:
    """Add a business that is not recorded, unless it was closed."""
    if any(given[name] is None for name in NEEDED):
        plan.errors.append(refusal(row_no, "usaha_sector", "INCOMPLETE_USAHA"))
        return
    closed = known.closed_usaha.get(member.anggota_id, ()) if member.known else ()
    if any(str(row["started_on"]) == given["started_on"] or row["ended_on"] >= known.as_of for row in closed):
        plan.notes.append(change(row_no, "usaha_sector", "KEPT_NEWER", anggota_id=member.anggota_id))
        return
    usaha_id: UUID = new_id()
    member.data["usaha"] = given | {name: bool(given[name]) for name in ("has_nib", "has_letter")}
    plan.usaha.append((usaha_id, member))
    if not plan.new:
        plan.notes.append(change(row_no, "usaha_sector", "BUSINESS_STARTS", usaha_id=usaha_id))


def change_usaha(known: Known, plan: "Plan", member: Member, before: Any, row_no: int) -> None:
    """Change or close a recorded business, unless it is recorded later than the file."""
    data, ids = plan.staged.data[member.n or 0], {"usaha_id": before["usaha_id"]}
    clear, recorded = data.get("clear", ()), values_of(before)
    given: dict[str, Any] = {
        name: value for name, value in (data["usaha"] or {}).items() if value is not None
    }
    after = recorded | given | ({"has_nib": False} if "nib" in clear else {})
    if "usaha" not in clear and after == recorded:
        if "has_nib" in given and is_later(known.as_of, before):
            # The number itself may be another one, which only its sealed text shows.
            plan.nibs.append((before["usaha_id"], plan.staged.rows[member.n or 0]["nib_sealed"]))
        return
    if not is_later(known.as_of, before):
        plan.notes.append(change(row_no, "usaha_sector", "KEPT_NEWER", **ids))
        return
    if "usaha" in clear:
        plan.closed.append(member.anggota_id)
        plan.cleared["usaha"] += 1
        plan.notes.append(change(row_no, "usaha_sector", "BUSINESS_ENDS", **ids))
        member.data["usaha"] = None
        return
    if recorded["has_nib"] and not after["has_nib"]:
        plan.cleared["nib"] += 1
        plan.notes.append(change(row_no, "usaha_nib", "CLEARED", **ids))
    plan.notes.append(change(row_no, "usaha_sector", "BUSINESS_CHANGES", **ids))
    member.data["usaha"] = after
    plan.usaha.append((before["usaha_id"], member))


def values_of(usaha: Any) -> dict[str, Any]:
    """Return the published values of a recorded business, in the form of a row."""
    return {name: usaha[name] for name in VALUES} | {"started_on": usaha["started_on"].isoformat()}
