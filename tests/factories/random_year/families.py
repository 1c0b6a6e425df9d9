"""Random changes in a family: members, businesses, desil, moves and memberships."""

import random
from datetime import date, timedelta
from typing import Any

from deploy.demo.people import DINSOS, KELURAHAN_OPERATOR, OTHER_DINSOS
from tests.factories.random_year.office import A, B, Family, Office

ELSEWHERE = ("33.24.09.2011", "33.24.15.1003")
SECTORS = ("MAKANAN", "PERDAGANGAN", "JASA", "PERTANIAN")


async def change_family(
    office: Office,
    chance: random.Random,
    family: Family,
    noun: str,
    path: str,
    body: dict[str, Any],
    version: int,
) -> Any:
    """Change the family, as its pendamping or as Dinsos."""
    who = DINSOS if chance.random() < 0.5 else await office.choose_pendamping(chance, family)
    where = f"/v1/kpm/{family.kpm_id}/{path}"
    return await office.send_command(noun, "caseload", where, body, who, version=version)


async def change_something(office: Office, chance: random.Random, family: Family) -> None:
    """Apply a random change to the family."""
    current = await office.read("caseload", f"/v1/kpm/{family.kpm_id}")
    if current and current["ended_on"]:
        await revive(office, chance, family)
    elif current:
        event = chance.choice(EVENTS)
        await event(office, chance, family, current)


async def add_birth(office: Office, chance: random.Random, family: Family, current: dict[str, Any]) -> None:
    on = office.today - timedelta(days=chance.randrange(20))
    body = {
        "nik": build_number(chance, current["kode_wilayah"], on),
        "name": "Bayi Contoh",
        "birth_on": str(on),
        "sex": "L",
        "relation": "ANAK",
        "married": False,
        "on": str(on),
        "reason": "LAHIR",
    }
    await change_family(office, chance, family, "birth", "anggota", body, current["version"])


def build_number(chance: random.Random, kode: str, born: date) -> str:
    """Return a number with a serial that no office has issued."""
    return f"{kode[:8].replace('.', '')}{born:%d%m%y}{chance.randrange(9000, 9999)}"


async def end_member(office: Office, chance: random.Random, family: Family, current: dict[str, Any]) -> None:
    """Record that a member has died or left, and seldom undo it."""
    who = chance.choice(current["members"])
    reason = chance.choice(("MENINGGAL", "MENINGGAL", "KAWIN_KELUAR", "PINDAH"))
    body = {
        "reason": reason,
        "on": office.day(0),
        "evidence_sha256": await office.choose_paper(chance, "caseload"),
    }
    path = f"anggota/{who['anggota_id']}/end"
    ended = await change_family(office, chance, family, "end of a member", path, body, current["version"])
    if ended and chance.random() < 0.3:
        path = f"anggota/{who['anggota_id']}/return"
        body = {"reason": "SALAH_CATAT"}
        reread = await office.read("caseload", f"/v1/kpm/{family.kpm_id}")
        if reread:
            await change_family(office, chance, family, "return of a member", path, body, reread["version"])


async def die_out(office: Office, chance: random.Random, family: Family, current: dict[str, Any]) -> None:
    """Seldom record the death of every member, one after another."""
    if chance.random() < 0.95:
        return
    body = {
        "reason": "MENINGGAL",
        "on": office.day(0),
        "evidence_sha256": await office.choose_paper(chance, "caseload"),
    }
    for who in current["members"]:
        reread = await office.read("caseload", f"/v1/kpm/{family.kpm_id}")
        path = f"/v1/kpm/{family.kpm_id}/anggota/{who['anggota_id']}/end"
        if reread:
            version = reread["version"]
            await office.send_command("death in a family", "caseload", path, body, DINSOS, version=version)


async def revive(office: Office, chance: random.Random, family: Family) -> None:
    """Seldom undo the death that ended a family."""
    past = await office.read("caseload", f"/v1/kpm/{family.kpm_id}/past")
    current = await office.read("caseload", f"/v1/kpm/{family.kpm_id}")
    if past and past["members"] and current and chance.random() < 0.1:
        path = f"/v1/kpm/{family.kpm_id}/anggota/{past['members'][-1]['anggota_id']}/return"
        body, version = {"reason": "SALAH_CATAT"}, current["version"]
        await office.send_command("return of the dead", "caseload", path, body, DINSOS, version=version)


async def join(office: Office, chance: random.Random, family: Family, current: dict[str, Any]) -> None:
    """Let a person of the intake leave another family for this one."""
    row = chance.choice(office.people)
    body = {
        "nik": row["nik"],
        "name": row["name"],
        "birth_on": row["birth_date"],
        "sex": row["sex"],
        "relation": "FAMILI_LAIN",
        "married": False,
        "on": office.day(0),
        "reason": chance.choice(("KAWIN_MASUK", "GABUNG")),
        "evidence_sha256": await office.choose_paper(chance, "caseload"),
    }
    await change_family(office, chance, family, "join from elsewhere", "anggota", body, current["version"])


async def record_marriage(
    office: Office, chance: random.Random, family: Family, current: dict[str, Any]
) -> None:
    who = chance.choice(current["members"])
    body = {"married": not who["married"], "on": office.day(0)}
    path = f"anggota/{who['anggota_id']}/marriage"
    await change_family(office, chance, family, "marriage", path, body, current["version"])


async def change_pengurus(
    office: Office, chance: random.Random, family: Family, current: dict[str, Any]
) -> None:
    who = chance.choice(current["members"])
    body = {"anggota_id": who["anggota_id"], "on": office.day(0), "reason": "PENGURUS_SAKIT"}
    await change_family(office, chance, family, "pengurus", "pengurus", body, current["version"])


async def change_komponen(
    office: Office, chance: random.Random, family: Family, current: dict[str, Any]
) -> None:
    """Add a komponen, or end one."""
    who = chance.choice(current["members"])
    running = [item for member in current["members"] for item in member["komponen"] if not item["valid_to"]]
    if running and chance.random() < 0.5:
        item = chance.choice(running)
        body = {"valid_to": office.day(chance.randrange(30)), "reason": "LULUS_SEKOLAH"}
        path = f"/v1/komponen/{item['komponen_id']}/end"
        await office.send_command(
            "end of a komponen", "caseload", path, body, DINSOS, version=item["version"]
        )
        return
    kind = chance.choice(("ANAK_SD", "LANJUT_USIA", "DISABILITAS_BERAT", "IBU_HAMIL"))
    body = {"anggota_id": who["anggota_id"], "kind": kind, "valid_from": office.day(0)}
    await change_family(office, chance, family, "komponen", "komponen", body, current["version"])


async def record_usaha(
    office: Office, chance: random.Random, family: Family, current: dict[str, Any]
) -> None:
    """Record a business, or revise, close or transfer one."""
    body = {
        "sector": chance.choice(SECTORS),
        "started_on": office.day(-chance.randrange(30, 900)),
        "omzet_rp": chance.randrange(1_000_000, 9_000_000, 100_000),
        "has_letter": chance.random() < 0.7,
        "as_of": office.day(0),
    }
    businesses = [member["usaha"] for member in current["members"] if member["usaha"]]
    if businesses:
        item = chance.choice(businesses)
        if chance.random() < 0.3:
            to = chance.choice(current["members"])["anggota_id"]
            act, more = chance.choice((("end", {}), ("transfer", {"anggota_id": to})))
            path = f"/v1/usaha/{item['usaha_id']}/{act}"
            closed = {"on": office.day(0)} | more
            await office.send_command(
                f"usaha {act}", "caseload", path, closed, DINSOS, version=item["version"]
            )
            return
        path = f"/v1/usaha/{item['usaha_id']}/revision"
        await office.send_command("usaha revision", "caseload", path, body, DINSOS, version=item["version"])
        return
    who = chance.choice(current["members"])["anggota_id"]
    await change_family(
        office, chance, family, "usaha", "usaha", body | {"anggota_id": who}, current["version"]
    )


async def record_desil(
    office: Office, chance: random.Random, family: Family, current: dict[str, Any]
) -> None:
    body = {
        "scope": chance.choice(("NAS", "NAS", "KABKOTA")),
        "value": chance.randrange(1, 8),
        "snapshot": f"2026-Q{chance.randrange(1, 5)}",
    }
    path = f"/v1/kpm/{family.kpm_id}/desil"
    await office.send_command("desil", "caseload", path, body, DINSOS, version=current["version"])


async def move_family(office: Office, chance: random.Random, family: Family, current: dict[str, Any]) -> None:
    where = chance.choice((A, B, A, B, A, B, *ELSEWHERE))
    body = {
        "kode_wilayah": where,
        "on": office.day(0),
        "evidence_sha256": await office.choose_paper(chance, "caseload"),
    }
    path = f"/v1/kpm/{family.kpm_id}/move"
    await office.send_command("move", "caseload", path, body, DINSOS, version=current["version"])


async def split_family(
    office: Office, chance: random.Random, family: Family, current: dict[str, Any]
) -> None:
    adults = [one["anggota_id"] for one in current["members"] if not one["pengurus"]]
    if adults:
        who = chance.choice(adults)
        body = {
            "no_kk": build_number(chance, current["kode_wilayah"], date(2020, 5, 17)),
            "anggota_ids": [who],
            "pengurus_id": who,
            "on": office.day(0),
            "evidence_sha256": await office.choose_paper(chance, "caseload"),
        }
        path = f"/v1/kpm/{family.kpm_id}/split"
        made = await office.send_command("split", "caseload", path, body, DINSOS, version=current["version"])
        if made:
            office.families.append(Family(made["new"]["kpm_id"], ""))


async def start_kepesertaan(
    office: Office, chance: random.Random, family: Family, current: dict[str, Any]
) -> None:
    del current
    body = {"bansos": chance.choice(("PBI", "PKH", "SEMBAKO")), "valid_from": office.day(0)}
    await office.send_command("kepesertaan", "caseload", f"/v1/kpm/{family.kpm_id}/kepesertaan", body, DINSOS)


EVENTS = (
    *(
        add_birth,
        end_member,
        die_out,
        join,
        record_marriage,
        change_pengurus,
        change_komponen,
        record_usaha,
        record_usaha,
        record_desil,
        move_family,
        split_family,
    ),
    start_kepesertaan,
)


async def change_usulan(office: Office, chance: random.Random, family: Family) -> None:
    """Decide an open usulan, or lodge one."""
    waiting = await office.read_items("caseload", f"/v1/usulan?kpm_id={family.kpm_id}&state=LODGED")
    for one in waiting[:1]:
        accepted = chance.random() < 0.75
        body: dict[str, Any] = {"accepted": accepted, "reason": "Diperiksa."}
        if accepted:
            body["valid_from"] = office.day(chance.randrange(-5, 40))
        path = f"/v1/usulan/{one['usulan_id']}/decision"
        await office.send_command("decision on a usulan", "caseload", path, body, OTHER_DINSOS)
        return
    body = {
        "kpm_id": family.kpm_id,
        "bansos": chance.choice(("PKH", "PKH", "PKH", "SEMBAKO")),
        "reason": "Keluarga mengajukan kembali.",
        "ground": chance.choice(("KAMBUH", "LAINNYA")),
        "lodged_on": office.day(-chance.randrange(10)),
        "evidence_sha256": await office.choose_paper(chance, "caseload"),
    }
    await office.send_command("usulan", "caseload", "/v1/usulan", body, KELURAHAN_OPERATOR)
