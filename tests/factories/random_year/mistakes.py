"""Mistakes that are corrected: work, statuses, proposals, and answers and deliveries of partners."""

import random
from typing import Any

from deploy.demo.people import DINSOS, KEMENSOS, KETUA
from deploy.demo.programs import PROGRAMS
from tests.factories.random_year.offers import WITH_AMOUNT, partner_account
from tests.factories.random_year.office import Family, Office

REASON = "Salah catat."
ENDED = ("KEDALUWARSA", "DICABUT")


async def void_work(office: Office, chance: random.Random, family: Family) -> None:
    """Void one of the last visits or sessions, as the ketua tim or its author."""
    noun, key = chance.choice((("kunjungan", "kunjungan_id"), ("p2k2", "p2k2_sesi_id")))
    done = await office.read_items("caseload", f"/v1/{noun}?limit=20", KETUA)
    if done:
        who = KETUA if chance.random() < 0.5 else await office.choose_pendamping(chance, family)
        path = f"/v1/{noun}/{chance.choice(done)[key]}/void"
        await office.send_command(f"void of a {noun}", "caseload", path, {"reason": "SALAH_TANGGAL"}, who)


async def correct_partner(office: Office, chance: random.Random, family: Family) -> None:
    """Correct a partner's answer, delivery or outcome, or record what it answers too late."""
    del family
    code = chance.choice(list(PROGRAMS))
    who = partner_account(code)
    offers = await office.read_items("referral", "/v1/rujukan-program?limit=200", who)
    if not offers:
        return
    offer = chance.choice(offers)
    path = f"/v1/rujukan-program/{offer['rujukan_program_id']}"
    if offer["state"] in ENDED:
        noun, verb, body = "late answer", "answer", build_answer(office, chance, offer)
    elif offer["state"] in {"DISALURKAN", "TUTUP"}:
        noun, verb, body = chance.choice(
            (
                ("correction of a delivery", "delivery-correction", {"delivered_on": office.day(-1)}),
                ("correction of an outcome", "outcome-correction", {"month": 3, "still_in_business": True}),
            )
        )
    else:
        noun, verb, body = "correction of an answer", "answer-correction", build_answer(office, chance, offer)
    if verb != "answer":
        body |= {"reason": REASON}
    await office.send_command(noun, "referral", f"{path}/{verb}", body, who)


def build_answer(office: Office, chance: random.Random, offer: dict[str, Any]) -> dict[str, Any]:
    status = chance.choice(("DISETUJUI", "DITOLAK", "DIPROSES"))
    body = {
        "answer_id": f"{offer['rujukan_program_id']}-{offer['version']}-C",
        "status": status,
        "answered_on": office.day(0),
    }
    if status == "DITOLAK":
        body["reason_code"] = "PEMOHON_MENOLAK"
    if status == "DISETUJUI" and offer["program_code"] == WITH_AMOUNT:
        body["amount_rp"] = chance.randrange(1_000_000, 10_000_000, 500_000)
    return body


async def supply_data(office: Office, chance: random.Random, family: Family) -> None:
    """Supply what a partner has asked for."""
    offers = await office.read_items("referral", "/v1/rujukan-program?state=PERLU_DATA&limit=20")
    if offers:
        path = f"/v1/rujukan-program/{chance.choice(offers)['rujukan_program_id']}/supply"
        body = {"fields": ["name"], "text": "Nama sesuai KTP."}
        who = await office.choose_pendamping(chance, family)
        await office.send_command("supply", "referral", path, body, who)


async def withdraw_proposal(office: Office, chance: random.Random, family: Family) -> None:
    """Withdraw an exit proposal that was made in error."""
    made = await office.read_items("caseload", f"/v1/exit-proposal?kpm_id={family.kpm_id}")
    for one in [one for one in made if one["state"] == "PROPOSED"][:1]:
        who = await office.choose_pendamping(chance, family)
        path = f"/v1/exit-proposal/{one['exit_proposal_id']}/withdrawal"
        await office.send_command("withdrawal of a proposal", "caseload", path, {"reason": REASON}, who)


async def retire_in_error(office: Office, chance: random.Random, family: Family) -> None:
    """Record the retirement of a pendamping, and mostly reverse it by two people."""
    del family
    path, today = f"/v1/pendamping/{chance.choice(office.placed).pendamping_id}", office.day(0)
    body: dict[str, Any] = {"status": "PENSIUN", "reason": "BATAS_USIA", "from_on": today}
    retired = await office.send_command("retirement", "registry", f"{path}/status", body, KEMENSOS)
    paper = await office.upload_file("registry", chance.randbytes(16).hex().encode(), DINSOS)
    if retired and paper:
        body |= {"reason": "SALAH_CATAT", "evidence_sha256": paper}
        requested = await office.send_command(
            "request of a reversal", "registry", f"{path}/status-reversal", body, DINSOS
        )
        await office.approve("reversal of a status", "registry", requested, KEMENSOS)
