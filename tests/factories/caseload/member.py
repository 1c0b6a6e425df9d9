"""Members of a family, and their ends, by requests."""

from typing import Any

from tests.factories.caseload.family import Family
from tests.factories.caseload.intake import dinsos_token, no_kk

DEATH_ON = SPLIT_ON = "2026-01-10"
BANSOS = "PKH:2019-02-01|SEMBAKO:2020-01-01"


async def read_as_office(family: Family) -> dict[str, Any]:
    """Return the family as Dinsos reads it, also after its dampingan has ended."""
    answer = await family.caseload.get(f"/v1/kpm/{family.kpm_id}", as_=dinsos_token(family.caseload))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def find_member(family: Family, **values: Any) -> tuple[dict[str, Any], int]:
    """Return the first matching member and the family's version."""
    whole = await read_as_office(family)
    members = [m for m in whole["members"] if all(m[name] == value for name, value in values.items())]
    return members[0], whole["version"]


async def record_death(family: Family, on: str = DEATH_ON, **values: Any) -> str:
    """Record the death of the first matching member, and return the anggota_id."""
    member, version = await find_member(family, **values)
    body = {"reason": "MENINGGAL", "on": on, "evidence_sha256": await family.upload_evidence()}
    await family.post_ok(f"anggota/{member['anggota_id']}/end", body, version)
    return str(member["anggota_id"])


async def take_back(family: Family, anggota_id: str) -> dict[str, Any]:
    """Undo the end of a member, as Dinsos."""
    version = (await read_as_office(family))["version"]
    body, office = {"reason": "SALAH_CATAT"}, dinsos_token(family.caseload)
    return await family.post_ok(f"anggota/{anggota_id}/return", body, version, as_=office)


def joining(row: dict[str, str], **more: Any) -> dict[str, Any]:
    """Return the request of a person of an intake row to join a family."""
    return {
        "nik": row["nik"],
        "name": row["name"],
        "birth_on": row["birth_date"],
        "sex": row["sex"],
        "relation": "ISTRI",
        "married": True,
        "on": DEATH_ON,
        "reason": "KAWIN_MASUK",
    } | more


async def split_family(family: Family, **more: Any) -> tuple[dict[str, Any], int]:
    """Return the request that splits the eldest child off, and the version that it needs."""
    whole = await family.read()
    eldest = next(m for m in whole["members"] if m["birth_on"] == "2009-06-01")
    body = {"no_kk": no_kk(77), "anggota_ids": [eldest["anggota_id"]], "pengurus_id": eldest["anggota_id"]}
    return body | {"on": SPLIT_ON, "evidence_sha256": await family.upload_evidence()} | more, whole["version"]
