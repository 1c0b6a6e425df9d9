"""Decision on each person of a family: joins, stays, changes or leaves."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from services.caseload.family.models import EndReason
from services.caseload.family.rules import age
from services.caseload.intake.commands.findings import change, refusal, warning
from services.caseload.intake.commands.recorded_data import Known, Staged, is_recorded_dead
from services.caseload.intake.rules.precedence import is_later
from services.caseload.tables import new_id
from shared.jobs import RowError

REQUIRED = {"sex": "sex", "birth": "birth_date", "relation": "relation"}
PERSONAL = ("sex", "birth", "relation", "married")


@dataclass(slots=True)
class Member:
    """A member of the family after the intake.

    `data` has the values that count then. `n` is the index of the row, None for a member who is not in the file.
    `written` members get the values of their row. `before` has the recorded values of a member.
    """

    anggota_id: UUID
    data: dict[str, Any]
    n: int | None
    known: bool
    written: bool
    before: dict[str, Any] | None = None


@dataclass(slots=True)
class Members:
    """The members after the intake, who leaves, and the errors and notes to list."""

    staying: list[Member] = field(default_factory=list[Member])
    leaving: list[UUID] = field(default_factory=list[UUID])
    renamed: list[tuple[UUID, int]] = field(default_factory=list[tuple[UUID, int]])
    """Members with a corrected or a first NIK, and the index of the row."""
    errors: list[RowError] = field(default_factory=list[RowError])
    notes: list[RowError] = field(default_factory=list[RowError])

    @property
    def pengurus(self) -> Member | None:
        """Return the pengurus after the intake."""
        return next((member for member in self.staying if member.data["pengurus"]), None)


def decide_members(known: Known, family: Staged) -> Members:
    """Return who belongs to a family after the intake, with refusals and notes."""
    members, recorded = Members(), known.families.get(family.no_kk_index)
    kpm_id = recorded["kpm_id"] if recorded else None
    for n, person in enumerate(family.persons):
        if family.rows[n]["repeated"]:
            members.errors.append(refusal(family.rows[n]["row_no"], "nik", "DUPLICATE_NIK"))
        elif n in family.duplicates:
            members.errors.append(refusal(family.rows[n]["row_no"], "nik", "DUPLICATE_PERSON"))
        elif (person is None or person["kpm_id"] != kpm_id) and is_listed_later(known, recorded, person):
            members.notes.append(change(family.rows[n]["row_no"], None, "KEPT_NEWER"))
        elif person is None:
            add_new(known, family, n, members, recorded=recorded is not None)
        elif person["kpm_id"] == kpm_id:
            add_own(known, family, n, members)
        else:
            add_from_elsewhere(known, family, n, members)
    if recorded:
        remove_absent(known, family, recorded["kpm_id"], members)
    decide_pengurus(known, family, recorded, members)
    return members


def is_listed_later(known: Known, recorded: Any, person: Any) -> bool:
    """Return whether a later file lists the family without somebody who has no family."""
    later = recorded and recorded["intake_as_of"] is not None and recorded["intake_as_of"] > known.as_of
    return bool(later) and (
        person is None or (person["left_on"] is not None and not is_recorded_dead(person))
    )


def add_new(known: Known, family: Staged, n: int, members: Members, *, recorded: bool) -> None:
    """Add a person who is not recorded. What is blank is empty."""
    row, data = family.rows[n], family.data[n]
    members.errors += required_refusals(row, data)
    if row["nik_sealed"] is None and data["birth"] and not may_lack_nik(known, data["birth"]):
        years = known.ages.without_nik_below
        members.errors.append(refusal(row["row_no"], "nik", "NIK_REQUIRED", without_nik_below=years))
    anggota_id: UUID = new_id()
    members.staying.append(Member(anggota_id, with_defaults(data), n, known=False, written=True))
    if recorded:
        members.notes.append(change(row["row_no"], None, "MEMBER_JOINS", anggota_id=anggota_id))


def with_defaults(data: dict[str, Any]) -> dict[str, Any]:
    """Fill the blanks of a person who is not recorded."""
    data["married"], data["komponen"] = bool(data["married"]), data["komponen"] or []
    return data


def may_lack_nik(known: Known, birth: str) -> bool:
    """Return whether a person is a child that may be recorded without a NIK."""
    return age(birth, known.today) < known.ages.without_nik_below


def required_refusals(row: Any, data: dict[str, Any]) -> Iterator[RowError]:
    """Yield a refusal for each value that a new person needs."""
    if row["name_sealed"] is None:
        yield refusal(row["row_no"], "name", "REQUIRED")
    for name, column in REQUIRED.items():
        if data[name] is None:
            yield refusal(row["row_no"], column, "REQUIRED")


def add_own(known: Known, family: Staged, n: int, members: Members) -> None:
    """Add a person who is recorded in this family.

    A row is left out if the person's end is the act of an official.
    """
    person, row, data = family.persons[n], family.rows[n], family.data[n]
    if person["left_on"] is not None and person["end_reason"] != EndReason.TIDAK_DALAM_DATA:
        code = "RECORDED_DEAD" if is_recorded_dead(person) else "LEFT_BY_ACT"
        members.notes.append(warning(row["row_no"], "nik", code))
        return
    later, recorded = is_later(known.as_of, person), recorded_values(person)
    ids = {"anggota_id": person["anggota_id"]}
    if not later:
        if person["left_on"] is not None or any(
            data[name] not in {None, recorded[name]} for name in PERSONAL
        ):
            members.notes.append(change(row["row_no"], None, "KEPT_NEWER", **ids))
        if person["left_on"] is not None:
            return
    elif person["left_on"] is not None:
        members.notes.append(change(row["row_no"], None, "MEMBER_JOINS", **ids))
    if later and n in family.renamed and row["nik_sealed"] is not None:
        members.renamed.append((person["anggota_id"], n))
        members.notes.append(
            warning(row["row_no"], "nik", "NIK_CORRECTED" if person["has_nik"] else "NIK_ADDED")
        )
    values = data | (fill_blanks(data, recorded) if later else recorded)
    if later and any(values[name] != recorded[name] for name in PERSONAL):
        members.notes.append(change(row["row_no"], None, "MEMBER_CHANGES", **ids))
    member = Member(person["anggota_id"], values, n, known=True, written=later, before=recorded)
    members.staying.append(member)


def recorded_values(person: Any) -> dict[str, Any]:
    """Return the recorded values of a person in the form of a row."""
    return {
        "sex": person["sex"],
        "birth": person["birth_on"].isoformat(),
        "relation": person["relation"],
        "married": person["married"],
    }


def fill_blanks(data: dict[str, Any], recorded: dict[str, Any]) -> dict[str, Any]:
    """Return the values of a row, with what is recorded where a cell is blank."""
    return {name: recorded[name] if data[name] is None else data[name] for name in PERSONAL}


def add_from_elsewhere(known: Known, family: Staged, n: int, members: Members) -> None:
    """Add a person who has left another family.

    A person who still belongs to another family, or is dead, is refused. If the person joined it later than the file,
    the row is left out of a recorded family.
    """
    person, row, data = family.persons[n], family.rows[n], family.data[n]
    if is_recorded_dead(person):
        members.errors.append(refusal(row["row_no"], "nik", "RECORDED_DEAD"))
        return
    if person["left_on"] is None:
        if family.no_kk_index in known.families and not is_later(known.as_of, person):
            members.notes.append(change(row["row_no"], None, "KEPT_NEWER", anggota_id=person["anggota_id"]))
            return
        members.errors.append(refusal(row["row_no"], "nik", "NIK_IN_ANOTHER_FAMILY"))
        return
    members.notes.append(change(row["row_no"], None, "MEMBER_JOINS", anggota_id=person["anggota_id"]))
    values = data | fill_blanks(data, recorded_values(person))
    members.staying.append(Member(person["anggota_id"], values, n, known=True, written=True))


def remove_absent(known: Known, family: Staged, kpm_id: UUID, members: Members) -> None:
    """Remove members who are not in the file, unless they are recorded later."""
    first = family.rows[0]["row_no"]
    present = {person["anggota_id"] for person in family.persons if person}
    for anggota_id, person in known.members.get(kpm_id, {}).items():
        if anggota_id in present:
            continue
        if is_later(known.as_of, person):
            members.leaving.append(anggota_id)
            members.notes.append(change(first, None, "MEMBER_LEAVES", anggota_id=anggota_id))
            continue
        members.notes.append(change(first, None, "KEPT_NEWER", anggota_id=anggota_id))
        values = recorded_values(person) | {"pengurus": person["pengurus"], "komponen": None, "usaha": None}
        members.staying.append(Member(anggota_id, values, None, known=True, written=False))


def decide_pengurus(known: Known, family: Staged, recorded: Any, members: Members) -> None:
    """Mark the pengurus: of the file if it is later, else the recorded one."""
    marked = [member for member in members.staying if member.n is not None and member.data["pengurus"]]
    for member in marked[1:]:
        row_no = family.rows[member.n or 0]["row_no"]
        members.errors.append(refusal(row_no, "pengurus", "SEVERAL_PENGURUS"))
    persons = known.members.get(recorded["kpm_id"], {}) if recorded else {}
    head_id = next((id_ for id_, person in persons.items() if person["pengurus"]), None)
    current = next((member for member in members.staying if member.anggota_id == head_id), None)
    head, first = marked[0] if marked else current, family.rows[family.lead]["row_no"]
    if current is not None and head is not current:
        if is_later(known.as_of, recorded, "pengurus_"):
            members.notes.append(change(first, "pengurus", "PENGURUS_CHANGES"))
        else:
            head = current
            members.notes.append(change(first, "pengurus", "KEPT_NEWER"))
    if head is None and not members.errors:
        members.errors.append(refusal(family.rows[0]["row_no"], "pengurus", "NO_PENGURUS"))
    for member in members.staying:
        member.data["pengurus"] = member is head
