"""Random field work of pendamping, hand-overs and placements."""

import random
from datetime import timedelta

from deploy.demo.people import DINSOS, KEMENSOS, KETUA
from tests.factories.random_year.cases import choose_membership
from tests.factories.random_year.office import FIELD, A, B, Family, Office


async def record_visit(office: Office, chance: random.Random, family: Family) -> None:
    """Record a visit of today or earlier by the pendamping of that day."""
    on = office.today - timedelta(days=chance.choice((0, 0, 1, 9, chance.randrange(45))))
    body = {
        "kpm_id": family.kpm_id,
        "visited_on": str(on),
        "purpose": "PENDAMPINGAN",
        "findings": "Ditemui di rumah.",
    }
    who = await office.choose_pendamping(chance, family, on)
    await office.send_command("kunjungan", "caseload", "/v1/kunjungan", body, who)


async def record_p2k2(office: Office, chance: random.Random, family: Family) -> None:
    """Record a session with some families of one's own in a kelurahan."""
    del family
    number = chance.randrange(len(FIELD))
    kode_wilayah = chance.choice((A, B))
    own = await office.read_items("caseload", f"/v1/kpm?kode_wilayah={kode_wilayah}&limit=12", FIELD[number])
    if not own:
        return
    attendance = [
        {"kpm_id": item["kpm_id"], "presence": chance.choice(("HADIR", "HADIR", "HADIR", "IZIN", "ALPA"))}
        for item in own
    ]
    body = {
        "penugasan_id": office.placed[number].penugasan_id,
        "kode_wilayah": kode_wilayah,
        "held_on": office.day(-chance.choice((0, 0, 0, chance.randrange(35)))),
        "module": 1,
        "session": chance.randrange(1, 4),
        "kelompok": f"Melati {chance.randrange(1, 4)}",
        "attendance": attendance,
    }
    await office.send_command("p2k2", "caseload", "/v1/p2k2", body, FIELD[number])


async def propose_exit(office: Office, chance: random.Random, family: Family) -> None:
    kepesertaan_id = await choose_membership(office, chance, family)
    if kepesertaan_id is None:
        return
    body = {
        "kpm_id": family.kpm_id,
        "kepesertaan_id": kepesertaan_id,
        "exit_reason": chance.choice(("PINDAH", "DATA_GANDA", "TIDAK_DITEMUKAN", "MENINGGAL")),
        "evidence_sha256": await office.choose_paper(chance, "caseload"),
        "on": office.day(0),
    }
    who = DINSOS if chance.random() < 0.2 else await office.choose_pendamping(chance, family)
    await office.send_command("exit-proposal", "caseload", "/v1/exit-proposal", body, who)


async def finish_task(office: Office, chance: random.Random, family: Family) -> None:
    del family
    tasks = await office.read_items("caseload", "/v1/tugas?open_only=true&limit=20")
    if tasks:
        path = f"/v1/tugas/{chance.choice(tasks)['tugas_id']}/done"
        await office.send_command("tugas", "caseload", path, {"note": "Sudah dikerjakan."}, DINSOS)


async def order_hand_over(office: Office, chance: random.Random, family: Family) -> None:
    """Order a hand-over for today or later, and seldom cancel its job."""
    del family
    giving, taking = chance.sample(office.placed, 2)
    on = office.day(chance.choice((0, 0, chance.randrange(40))))
    body = build_hand_over(giving.penugasan_id, taking.penugasan_id, chance.choice((A, B)), on)
    created = await office.send_command("hand-over", "caseload", "/v1/hand-over", body, KETUA)
    if created and created["job"] and chance.random() < 0.3:
        path = f"/v1/jobs/{created['job'].rpartition('/')[2]}/cancellation"
        await office.send_command("cancellation of a job", "caseload", path, None, DINSOS)


def build_hand_over(giving: str, taking: str, kode_wilayah: str, on: str) -> dict[str, str]:
    return {
        "from_penugasan_id": giving,
        "to_penugasan_id": taking,
        "kode_wilayah": kode_wilayah,
        "on": on,
        "reason": "Pembagian tugas.",
    }


async def change_dampingan(office: Office, chance: random.Random, family: Family) -> None:
    """Assign pendamping to families without one, or end a dampingan."""
    gaps = await office.read_items("caseload", "/v1/dampingan-gap?limit=50")
    if gaps and chance.random() < 0.85:
        for gap in chance.sample(gaps, min(5, len(gaps))):
            body = {
                "kpm_id": gap["kpm_id"],
                "penugasan_id": chance.choice(office.placed).penugasan_id,
                "valid_from": office.day(chance.choice((0, 0, chance.randrange(10)))),
            }
            await office.send_command("dampingan", "caseload", "/v1/dampingan", body, DINSOS)
        return
    dampingan = await office.read_items("caseload", f"/v1/dampingan?kpm_id={family.kpm_id}")
    for item in [item for item in dampingan if not item["valid_to"]][:1]:
        body = {"valid_to": office.day(chance.randrange(20)), "reason": "PERMINTAAN_KELUARGA"}
        path = f"/v1/dampingan/{item['dampingan_id']}/end"
        await office.send_command(
            "end of a dampingan", "caseload", path, body, KETUA, version=item.get("version")
        )


async def change_leave(office: Office, chance: random.Random, family: Family) -> None:
    """Set a pendamping to CUTI, also ahead, or one back to AKTIF."""
    del family
    pendamping = await office.read_items("registry", "/v1/pendamping?limit=20", KEMENSOS)
    on_leave = [item for item in pendamping if item["status"] == "CUTI"]
    if not pendamping or (not on_leave and chance.random() < 0.4):
        return
    person, target_status = (
        (chance.choice(on_leave), "AKTIF") if on_leave else (chance.choice(pendamping), "CUTI")
    )
    from_on = office.day(chance.choice((0, 0, chance.randrange(20))))
    body = {"status": target_status, "reason": "CUTI_BESAR", "from_on": from_on}
    path = f"/v1/pendamping/{person['pendamping_id']}/status"
    await office.send_command("status", "registry", path, body, KEMENSOS, version=person.get("version"))


async def replace_placement(office: Office, chance: random.Random, family: Family) -> None:
    """End a placement, place the same person again, and hand over the families."""
    del family
    placed = chance.choice(office.placed)
    before = placed.penugasan_id
    last = office.day(chance.choice((0, chance.randrange(1, 25))))
    path = f"/v1/penugasan/{placed.penugasan_id}/end"
    body = {"valid_to": last, "reason": "KONTRAK_HABIS"}
    if not await office.send_command("end of a penugasan", "registry", path, body, KEMENSOS):
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
    created = await office.send_command("penugasan", "registry", "/v1/penugasan", body, KEMENSOS)
    if created is None:
        return
    placed.penugasan_id = created["penugasan_id"]
    for kode_wilayah in (A, B):
        area = {"penugasan_id": placed.penugasan_id, "kode_wilayah": kode_wilayah, "valid_from": last}
        created = await office.send_command("wilayah tugas", "registry", "/v1/wilayah-tugas", area, KEMENSOS)
        if created:
            placed.areas[kode_wilayah] = created["wilayah_tugas_id"]
            body = build_hand_over(before, placed.penugasan_id, kode_wilayah, last)
            await office.send_command("hand-over", "caseload", "/v1/hand-over", body, KETUA)
