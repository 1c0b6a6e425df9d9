"""What pendamping do among the families in a random year, and who accompanies whom."""

import random

from deploy.demo.people import DINSOS, KEMENSOS, KETUA
from tests.factories.random_year.cases import membership
from tests.factories.random_year.office import FIELD, A, B, Family, Office


async def visit(office: Office, chance: random.Random, family: Family) -> None:
    body = {
        "kpm_id": family.kpm_id,
        "visited_on": office.day(-chance.choice((0, 0, 1, 9))),
        "purpose": "PENDAMPINGAN",
        "findings": "Ditemui di rumah.",
    }
    await office.ask("kunjungan", "caseload", "/v1/kunjungan", body, await office.holder(chance, family))


async def hold_p2k2(office: Office, chance: random.Random, family: Family) -> None:
    """A session for some of one's own families of a kelurahan."""
    del family
    number = chance.randrange(len(FIELD))
    kode = chance.choice((A, B))
    own = await office.items("caseload", f"/v1/kpm?kode_wilayah={kode}&limit=12", FIELD[number])
    if not own:
        return
    came = [
        {"kpm_id": one["kpm_id"], "presence": chance.choice(("HADIR", "HADIR", "HADIR", "IZIN", "ALPA"))}
        for one in own
    ]
    body = {
        "penugasan_id": office.placed[number].penugasan_id,
        "kode_wilayah": kode,
        "held_on": office.day(0),
        "module": 1,
        "session": chance.randrange(1, 4),
        "kelompok": f"Melati {chance.randrange(1, 4)}",
        "attendance": came,
    }
    await office.ask("p2k2", "caseload", "/v1/p2k2", body, FIELD[number])


async def propose_exit(office: Office, chance: random.Random, family: Family) -> None:
    held = await membership(office, chance, family)
    if held is None:
        return
    body = {
        "kpm_id": family.kpm_id,
        "kepesertaan_id": held,
        "exit_reason": chance.choice(("PINDAH", "DATA_GANDA", "TIDAK_DITEMUKAN", "MENINGGAL")),
        "evidence_sha256": office.papers["caseload"],
        "on": office.day(0),
    }
    who = DINSOS if chance.random() < 0.2 else await office.holder(chance, family)
    await office.ask("exit-proposal", "caseload", "/v1/exit-proposal", body, who)


async def finish_task(office: Office, chance: random.Random, family: Family) -> None:
    del family
    tasks = await office.items("caseload", "/v1/tugas?open_only=true&limit=20")
    if tasks:
        path = f"/v1/tugas/{chance.choice(tasks)['tugas_id']}/done"
        await office.ask("tugas", "caseload", path, {"note": "Sudah dikerjakan."}, DINSOS)


async def hand_over(office: Office, chance: random.Random, family: Family) -> None:
    """Today or on a day to come; now and then the job is stopped."""
    del family
    giving, taking = chance.sample(office.placed, 2)
    on = office.day(chance.choice((0, 0, chance.randrange(40))))
    body = order(giving.penugasan_id, taking.penugasan_id, chance.choice((A, B)), on)
    asked = await office.ask("hand-over", "caseload", "/v1/hand-over", body, KETUA)
    if asked and asked["job"] and chance.random() < 0.3:
        path = f"/v1/jobs/{asked['job'].rpartition('/')[2]}/cancellation"
        await office.ask("cancellation of a job", "caseload", path, None, DINSOS)


def order(giving: str, taking: str, kode: str, on: str) -> dict[str, str]:
    return {
        "from_penugasan_id": giving,
        "to_penugasan_id": taking,
        "kode_wilayah": kode,
        "on": on,
        "reason": "Pembagian tugas.",
    }


async def accompany(office: Office, chance: random.Random, family: Family) -> None:
    """Somebody is found for a family that has nobody; or an accompaniment ends."""
    gaps = await office.items("caseload", "/v1/dampingan-gap?limit=50")
    if gaps and chance.random() < 0.85:
        for gap in chance.sample(gaps, min(5, len(gaps))):
            body = {
                "kpm_id": gap["kpm_id"],
                "penugasan_id": chance.choice(office.placed).penugasan_id,
                "valid_from": office.day(chance.choice((0, 0, chance.randrange(10)))),
            }
            await office.ask("dampingan", "caseload", "/v1/dampingan", body, DINSOS)
        return
    held = await office.items("caseload", f"/v1/dampingan?kpm_id={family.kpm_id}")
    for one in [one for one in held if not one["valid_to"]][:1]:
        body = {"valid_to": office.day(chance.randrange(20)), "reason": "PERMINTAAN_KELUARGA"}
        path = f"/v1/dampingan/{one['dampingan_id']}/end"
        await office.ask("end of a dampingan", "caseload", path, body, KETUA, version=one.get("version"))


async def leave(office: Office, chance: random.Random, family: Family) -> None:
    """A pendamping goes on leave; who is on leave comes back."""
    del family
    everybody = await office.items("registry", "/v1/pendamping?limit=20", KEMENSOS)
    away = [one for one in everybody if one["status"] == "CUTI"]
    if not everybody or (not away and chance.random() < 0.4):
        return
    one, wanted = (chance.choice(away), "AKTIF") if away else (chance.choice(everybody), "CUTI")
    body = {"status": wanted, "reason": "CUTI_BESAR", "from_on": office.day(0)}
    path = f"/v1/pendamping/{one['pendamping_id']}/status"
    await office.ask("status", "registry", path, body, KEMENSOS, version=one.get("version"))


async def place_anew(office: Office, chance: random.Random, family: Family) -> None:
    """A placement ends on a day; the same person is placed anew from that day on, and takes the families along."""
    del family
    placed = chance.choice(office.placed)
    before = placed.penugasan_id
    last = office.day(chance.choice((0, chance.randrange(1, 25))))
    path = f"/v1/penugasan/{placed.penugasan_id}/end"
    body = {"valid_to": last, "reason": "KONTRAK_HABIS"}
    if not await office.ask("end of a penugasan", "registry", path, body, KEMENSOS):
        return
    body = {
        "pendamping_id": placed.pendamping_id,
        "kind": "PKH_PENDAMPING",
        "ditjen": "LINJAMSOS",
        "employer_status": "PPPK",
        "sk_no": "9/SK/2026",
        "sk_on": office.day(0),
        "valid_from": last,
    }
    made = await office.ask("penugasan", "registry", "/v1/penugasan", body, KEMENSOS)
    if made is None:
        return
    placed.penugasan_id = made["penugasan_id"]
    for kode in (A, B):
        area = {"penugasan_id": placed.penugasan_id, "kode_wilayah": kode, "valid_from": last}
        held = await office.ask("wilayah tugas", "registry", "/v1/wilayah-tugas", area, KEMENSOS)
        if held:
            placed.areas[kode] = held["wilayah_tugas_id"]
            body = order(before, placed.penugasan_id, kode, last)
            await office.ask("hand-over", "caseload", "/v1/hand-over", body, KETUA)
