"""The day of the file on what its rows state, also where they change nothing."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.intake.commands.members import Member
from services.caseload.intake.commands.plan import Plan
from shared.database import raw
from shared.jobs import Job

# Each statement sets the day of the file ($2) on what is older.
SET_INTAKE_DAY = """
UPDATE kpm SET intake_as_of = greatest(intake_as_of, $2) WHERE kpm_id = ANY($1)
"""
SET_GROUP_DAY = """
UPDATE kpm SET {group}_as_of = $2, {group}_source = 'FILE'
WHERE kpm_id = ANY($1) AND coalesce({group}_as_of < $2, true)
"""
SET_MEMBER_DAY = """
UPDATE kpm_anggota SET as_of = $2, source = 'FILE'
WHERE anggota_id = ANY($1) AND left_on IS NULL AND coalesce(as_of < $2, true)
"""
SET_KOMPONEN_DAY = """
UPDATE komponen SET as_of = $2, source = 'FILE'
WHERE anggota_id = ANY($1) AND coalesce(upper(valid) > $2, true) AND coalesce(as_of < $2, true)
"""
SET_USAHA_DAY = """
UPDATE usaha SET as_of = $2, source = 'FILE'
WHERE anggota_id = ANY($1) AND ended_on IS NULL AND coalesce(as_of < $2, true)
"""
SET_DESIL_DAY = """
UPDATE desil SET as_of = $2, source = 'FILE' FROM unnest($1::uuid[], $3::text[], $4::text[]) AS f(kpm_id, scope, snapshot)
WHERE desil.kpm_id = f.kpm_id AND desil.scope = f.scope AND desil.snapshot = f.snapshot
    AND coalesce(desil.as_of < $2, true)
"""


async def set_file_day(session: AsyncSession, job: Job, plans: Sequence[Plan]) -> None:
    """Set the day of the file on what the rows of known families state.

    A blank cell states nothing, so what it keeps keeps its day.
    """
    known = [plan for plan in plans if not plan.new]
    if not known:
        return
    # Fast path: one statement for each table for the families of a step (bench: intake).
    connection, day = await raw(session), date.fromisoformat(job.params["as_of"])
    await connection.execute(SET_INTAKE_DAY, [plan.kpm_id for plan in known], day)
    for group, states in GROUPS.items():
        kpm_ids = [plan.kpm_id for plan in known if states(plan)]
        await connection.execute(SET_GROUP_DAY.format(group=group), kpm_ids, day)
    members = [(plan, member) for plan in known for member in plan.members.staying if member.n is not None]
    for statement, name in ((SET_MEMBER_DAY, ""), (SET_KOMPONEN_DAY, "komponen"), (SET_USAHA_DAY, "usaha")):
        ids = [member.anggota_id for plan, member in members if not name or states_value(plan, member, name)]
        await connection.execute(statement, ids, day)
    desil = [
        (plan.kpm_id, scope, snapshot)
        for plan in known
        for scope, snapshot, _ in plan.staged.data[plan.staged.lead]["desil"]
    ]
    if desil:
        kpm_ids, *key = map(list, zip(*desil, strict=True))
        await connection.execute(SET_DESIL_DAY, kpm_ids, day, *key)


def states_contact(plan: Plan, column: str) -> bool:
    """Return whether the pengurus' row has address or phone, or clears it."""
    cleared: Any = plan.staged.data[plan.staged.lead].get("clear", ())
    return plan.lead[f"{column}_sealed"] is not None or column in cleared


def states_value(plan: Plan, member: Member, name: str) -> bool:
    """Return whether a member's row has komponen or a usaha."""
    return member.n is not None and plan.staged.data[member.n][name] is not None


GROUPS = {
    "address": lambda plan: states_contact(plan, "address") or any(data["kode"] for data in plan.staged.data),
    "contact": lambda plan: states_contact(plan, "phone"),
    "pengurus": lambda plan: any(data["pengurus"] for data in plan.staged.data),
}
