"""Refusals of a family of the file that has no faulty row."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from services.caseload.intake.commands.findings import refusal
from services.caseload.intake.commands.recorded_data import Known, Staged
from services.caseload.intake.commands.survey import MOST_MEMBERS
from shared.access import Actor
from shared.jobs import RowError


def outside_area(family: Staged, actor: Actor) -> list[RowError]:
    """Return the refusal of a family with an area outside the actor's areas."""
    kodes = {data["kode"] for data in family.data} - {None}
    outside = {kode for kode in kodes if not actor.covers(kode)}
    for row, data in zip(family.rows, family.data, strict=True):
        if data["kode"] in outside:
            return [refusal(row["row_no"], "kode_wilayah", "NOT_YOUR_AREA")]
    return []


def not_accepted_refusals(family: Staged) -> list[RowError]:
    """Return the refusal of a family with a number recorded elsewhere, without naming the number."""
    return [refusal(family.rows[0]["row_no"], None, "NOT_ACCEPTED_HERE")]


def family_refusals(known: Known, family: Staged) -> Iterator[RowError]:
    """Yield the refusals of the family as a whole."""
    first = family.rows[0]["row_no"]
    kodes = {data["kode"] for data in family.data} - {None}
    recorded = known.families.get(family.no_kk_index)
    if recorded and recorded["ended_on"] is not None:
        yield refusal(first, "no_kk", "FAMILY_HAS_ENDED")
    if len(family.rows) > MOST_MEMBERS:
        yield refusal(first, "no_kk", "TOO_MANY_MEMBERS")
    if len(kodes) > 1:
        yield refusal(first, "kode_wilayah", "WILAYAH_DIFFERS")
    if not kodes and not recorded:
        yield refusal(first, "kode_wilayah", "REQUIRED")


def lead_refusals(known: Known, family: Staged, kode: str) -> Iterator[RowError]:
    """Yield the refusals of memberships and pendamping in the pengurus' row."""
    row_no, data = family.rows[family.lead]["row_no"], family.data[family.lead]
    recorded = known.families.get(family.no_kk_index)
    memberships = known.kepesertaan.get(recorded["kpm_id"], []) if recorded else []
    for bansos, first in data["bansos"]:
        if overlaps(memberships, bansos, date.fromisoformat(first)):
            yield refusal(row_no, "bansos", "KEPESERTAAN_OVERLAPS")
        elif is_re_entry(memberships, bansos, date.fromisoformat(first)):
            yield refusal(row_no, "bansos", "RE_ENTRY_BY_USULAN")
    if data["pendamping_no"] and (code := pendamping_fault(known, data, recorded, kode)):
        yield refusal(row_no, "pendamping_no", code)


def overlaps(memberships: list[Any], bansos: str, first: date) -> bool:
    """Return whether a new membership from `first` overlaps a recorded one."""
    same = [row for row in memberships if row["bansos"] == bansos]
    return not any(row["first"] == first for row in same) and any(
        row["until"] is None or row["until"] > first for row in same
    )


def is_re_entry(memberships: list[Any], bansos: str, first: date) -> bool:
    """Return whether a new membership would follow an ended one, which needs an application."""
    same = [row for row in memberships if row["bansos"] == bansos]
    return bool(same) and not any(row["first"] == first for row in same)


def pendamping_fault(known: Known, data: dict[str, Any], recorded: Any, kode: str) -> str | None:
    """Return the code why the named pendamping cannot accompany the family, or None."""
    placements = known.placements.get(data["pendamping_no"])
    if placements is None:
        return "UNKNOWN_PENDAMPING"
    current = known.placement_by_family.get(recorded["kpm_id"]) if recorded else None
    if current is not None:
        named = {penugasan for penugasan, _ in placements.areas}
        return (
            None
            if current in named or recorded["kpm_id"] in known.accompanied_later
            else "ACCOMPANIED_BY_ANOTHER"
        )
    if not placements.active:
        return "PENDAMPING_NOT_ACTIVE"
    return None if placements.covering(kode) else "NO_PKH_PENUGASAN"
