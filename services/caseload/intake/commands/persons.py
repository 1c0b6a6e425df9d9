"""Search for recorded persons, and for the family of a new card."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from services.caseload.intake.commands.recorded_data import Known, Staged
from shared.privacy import Vault
from shared.text import name_key


def match_persons(known: Known, family: Staged, vault: Vault) -> None:
    """Set each row's recorded person, the pengurus' row, and the family of a new card.

    A row whose NIK is unknown is that of a person of the family who is not in the file and has the same name and date
    of birth, or of the person who had this NIK before.
    """
    card = family.no_kk_index
    recorded = known.families.get(card) or known.candidates.get(card)
    family.persons = [known.persons.get(row["nik_index"]) for row in family.rows]
    present = {person["anggota_id"] for person in family.persons if person}
    people = list_people(known, recorded["kpm_id"]) if recorded else []
    absent = [person for person in people if person["anggota_id"] not in present]
    if absent or known.former_niks:
        match_absent(known, family, absent, vault)
    family.duplicates = find_duplicates(family, vault)
    if card in known.candidates:
        accept_card(known, family)
    marked = (n for n, data in enumerate(family.data) if data["pengurus"])
    current = (n for n, person in enumerate(family.persons) if person and person["pengurus"])
    family.lead = next(marked, next(current, 0))


def match_absent(known: Known, family: Staged, absent: list[Any], vault: Vault) -> None:
    """Find the persons of the rows whose NIK is unknown.

    `absent` are the people of the family who are not in the file.
    """
    present = {person["anggota_id"] for person in family.persons if person}
    for n, data in enumerate(family.data):
        if family.persons[n] is not None:
            continue
        former = known.former_niks.get(family.rows[n]["nik_index"], [])
        same = find_same(absent, family.rows[n], data, vault) or find_former(
            former, family.rows[n], data, vault
        )
        if same is None or same["anggota_id"] in present:
            continue
        present.add(same["anggota_id"])
        absent = [person for person in absent if person["anggota_id"] != same["anggota_id"]]
        family.persons[n] = same
        if same["anggota_id"] not in {person["anggota_id"] for person in former}:
            family.renamed.add(n)


def list_people(known: Known, kpm_id: UUID) -> list[Any]:
    """Return the members of a family, and who has died or left it."""
    return [*known.members.get(kpm_id, {}).values(), *known.left.get(kpm_id, {}).values()]


def accept_card(known: Known, family: Staged) -> None:
    """Take the card as a former or new one of a recorded family.

    A new card needs every member under it. Otherwise the family has split, which a file does not record.
    """
    card, recorded = family.no_kk_index, known.candidates[family.no_kk_index]
    kpm_id, persons = recorded["kpm_id"], {person["anggota_id"] for person in family.persons if person}
    former = kpm_id in known.cards.get(card, ())
    if not former and not known.members[kpm_id].keys() <= persons:
        return
    known.families[card] = recorded
    if not former and recorded["card_since"] <= known.as_of:
        known.new_cards.add(card)


def find_duplicates(family: Staged, vault: Vault) -> set[int]:
    """Return the rows without a NIK of somebody on another row with one."""
    duplicates: set[int] = set()
    for n, row in enumerate(family.rows):
        if row["nik_sealed"] is not None or row["name_sealed"] is None:
            continue
        numbered = [
            other
            for other, data in zip(family.rows, family.data, strict=True)
            if other["nik_sealed"] is not None and other["name_sealed"] is not None
            if data["birth"] == family.data[n]["birth"]
        ]
        if any(read_name_key(vault, other) == read_name_key(vault, row) for other in numbered):
            duplicates.add(n)
    return duplicates


def find_same(people: Iterable[Any], row: Any, data: dict[str, Any], vault: Vault) -> Any:
    """Return the only person of the same name and birth date, members first."""
    born = [person for person in people if person["birth_on"].isoformat() == data["birth"]]
    if not born or row["name_sealed"] is None:
        return None
    name = read_name_key(vault, row)
    same = [person for person in born if name and read_name_key(vault, person) == name]
    same = [person for person in same if person["left_on"] is None] or same
    return same[0] if len(same) == 1 else None


def find_former(people: Iterable[Any], row: Any, data: dict[str, Any], vault: Vault) -> Any:
    """Return the person who had this NIK before.

    Somebody whose name and date of birth both differ is another person.
    """
    for person in people:
        if data["birth"] in {None, person["birth_on"].isoformat()} or row["name_sealed"] is None:
            return person
        if read_name_key(vault, person) == read_name_key(vault, row):
            return person
    return None


def read_name_key(vault: Vault, row: Any) -> str:
    """Return a sealed name for comparison."""
    row_id = row["nik_index"].hex()
    return name_key(vault.open(row["name_sealed"], table="kpm_anggota", column="name", row_id=row_id))
