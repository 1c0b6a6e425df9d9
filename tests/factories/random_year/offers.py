"""Random acts of families and partners on offers after an exit."""

import random
from datetime import timedelta
from typing import Any

from deploy.demo.people import DINSOS, KEMENSOS
from deploy.demo.programs import PARTNERS, PROGRAMS
from tests.factories.random_year.office import Family, Office

ANSWERABLE = ("TERKIRIM", "DITERIMA_SISTEM", "DIPROSES", "PERLU_DATA", "DAFTAR_TUNGGU")
ANSWERS = (
    *("DITERIMA_SISTEM", "DIPROSES", "PERLU_DATA", "DAFTAR_TUNGGU"),
    *("DISETUJUI",) * 5,
    *("DITOLAK",) * 2,
)
SIGNED_BY_ALL = 0.6
WITH_AMOUNT = "KUR_SUPERMIKRO"
# How often a partner answers that leaves most notices unanswered.
SILENT = 0.05


def partner_account(program_code: str) -> str:
    """Return the account of the partner that offers a program."""
    return f"partner:{PROGRAMS[program_code]['partner']}"


async def read_offers(office: Office, family: Family) -> list[dict[str, Any]]:
    return await office.read_items("referral", f"/v1/rujukan-program?kpm_id={family.kpm_id}")


async def change_consent(office: Office, chance: random.Random, family: Family) -> None:
    """Record or withdraw the family's consent to an offer."""
    offers = await read_offers(office, family)
    if not offers:
        return
    offer = chance.choice(offers)
    path = f"/v1/rujukan-program/{offer['rujukan_program_id']}"
    who = await office.choose_pendamping(chance, family)
    if offer["state"] != "DRAF" and chance.random() < 0.25:
        body: dict[str, Any] = {"withdrawn_on": office.day(0), "reason": "Keluarga berubah pikiran."}
        await office.send_command("consent withdrawal", "referral", f"{path}/consent-withdrawal", body, who)
        return
    body = {
        "text_version": 1,
        "channel": "TATAP_MUKA",
        "evidence_sha256": await office.choose_paper(chance, "referral"),
        "given_on": office.choose_day(chance),
    }
    if chance.random() < SIGNED_BY_ALL:
        body["signed_by"] = await read_adults(office, family, who)
    await office.send_command("consent", "referral", f"{path}/consent", body, who)


async def read_adults(office: Office, family: Family, who: str) -> list[str] | None:
    """Return the ids of the family's adults, or None if they cannot be read."""
    shown = await office.read("caseload", f"/v1/kpm/{family.kpm_id}", who)
    latest = str(office.today - timedelta(days=18 * 366))
    members = shown["members"] if shown else []
    return [member["anggota_id"] for member in members if member["birth_on"] < latest] or None


async def answer_rujukan(office: Office, chance: random.Random, family: Family) -> None:
    """Answer a sent rujukan as its partner, sometimes twice, or deliver an approved one."""
    del family
    code = chance.choice(list(PROGRAMS))
    if PROGRAMS[code]["partner"] == office.silent_partner and chance.random() > SILENT:
        return None
    offers = await office.read_items("referral", "/v1/rujukan-program?limit=200", partner_account(code))
    answerable = [offer for offer in offers if offer["state"] in ANSWERABLE]
    approved = [offer for offer in offers if offer["state"] == "DISETUJUI"]
    if approved and chance.random() < 0.6:
        return await deliver_rujukan(office, chance, chance.choice(approved))
    if not answerable:
        return None
    offer = chance.choice(answerable)
    status = chance.choice(ANSWERS)
    body: dict[str, Any] = {
        "answer_id": f"{offer['rujukan_program_id']}-{offer['version']}",
        "status": status,
        "answered_on": office.day(0),
    }
    if status == "DITOLAK":
        body["reason_code"] = chance.choice(("KUOTA_HABIS", "SLIK_BURUK", "PEMOHON_MENOLAK"))
    if status == "PERLU_DATA":
        body["reason_text"] = "Mohon lengkapi foto tempat usaha."
    if status == "DISETUJUI" and offer["program_code"] == WITH_AMOUNT:
        body["amount_rp"] = chance.randrange(1_000_000, 10_000_000, 500_000)
    path = f"/v1/rujukan-program/{offer['rujukan_program_id']}/answer"
    for _ in range(chance.choice((1, 1, 2))):
        await office.send_command("answer", "referral", path, body, partner_account(offer["program_code"]))
    return None


async def deliver_rujukan(office: Office, chance: random.Random, offer: dict[str, Any]) -> None:
    body: dict[str, Any] = {
        "delivery_id": f"{offer['rujukan_program_id']}-D",
        "delivered_on": office.day(-chance.choice((0, 0, 3))),
    }
    if offer["program_code"] == WITH_AMOUNT:
        body["amount_rp"] = offer["amount_rp"] or 2_000_000
    path = f"/v1/rujukan-program/{offer['rujukan_program_id']}/delivery"
    await office.send_command("delivery", "referral", path, body, partner_account(offer["program_code"]))


async def record_outcome(office: Office, chance: random.Random, family: Family) -> None:
    """Record an outcome that is due. The business may have closed."""
    del family
    tasks = await office.read_items("referral", f"/v1/outcome-task?due_by={office.day(0)}", DINSOS)
    if not tasks:
        return
    task = chance.choice(tasks)
    still_in_business = chance.random() < 0.7
    body = {"month": task["month"], "still_in_business": still_in_business}
    path = f"/v1/rujukan-program/{task['rujukan_program_id']}/outcome"
    await office.send_command("outcome", "referral", path, body, partner_account(task["program_code"]))


async def report_relapse(office: Office, chance: random.Random, family: Family) -> None:
    """Report a possible relapse of the family."""
    rujukan = await office.read_items("referral", f"/v1/rujukan?kpm_id={family.kpm_id}")
    for offer in rujukan[-1:]:
        body = {"month": chance.randrange(7), "cause": "USAHA_TUTUP", "reported_on": office.day(0)}
        path = f"/v1/rujukan/{offer['rujukan_id']}/relapse-report"
        await office.send_command(
            "relapse report", "referral", path, body, await office.choose_pendamping(chance, family)
        )


async def propose_next(office: Office, chance: random.Random, family: Family) -> None:
    """Request the next best program after a refusal."""
    offers = [
        offer for offer in await read_offers(office, family) if offer["state"] in {"DITOLAK", "KEDALUWARSA"}
    ]
    if offers:
        offer = chance.choice(offers)
        body = {"after_rujukan_program_id": offer["rujukan_program_id"]}
        await office.send_command(
            "next best", "referral", f"/v1/rujukan/{offer['rujukan_id']}/next", body, DINSOS
        )


async def set_places(office: Office, chance: random.Random, family: Family) -> None:
    """Set a program's quota, its intake window or its SLA terms."""
    del family
    program = chance.choice(await office.read_items("referral", "/v1/program", KEMENSOS) or [None])
    if program is None:
        return
    path = f"/v1/program/{program['program_id']}"
    kind = chance.random()
    if kind < 0.5:
        area = chance.choice(("*", "33.24", "33.24.15.1001"))
        body: dict[str, Any] = {
            "kode_wilayah": area,
            "places": chance.randrange(2, 9),
            "valid_from": office.day(0),
        }
        await office.send_command("quota", "referral", f"{path}/quota", body, KEMENSOS)
    elif kind < 0.8:
        opens = chance.randrange(0, 10)
        body = {"opens_on": office.day(opens), "closes_on": office.day(opens + chance.randrange(5, 60))}
        await office.send_command("intake window", "referral", f"{path}/intake", body, KEMENSOS)
    else:
        body = {
            "program_code": program["code"],
            "remind_before_days": 2,
            "escalate_after_days": 1,
            "expire_after_days": chance.randrange(5, 40),
            "close_after_days": chance.randrange(60),
            "deliver_within_days": chance.randrange(1, 60),
            "valid_from": office.day(chance.randrange(5)),
            "basis": "Perjanjian kerja sama.",
        }
        await office.send_command("sla term", "referral", "/v1/sla-term", body, KEMENSOS)


async def acknowledge_escalation(office: Office, chance: random.Random, family: Family) -> None:
    del family
    raised = await office.read_items("referral", "/v1/escalation?open_only=true")
    if raised:
        path = f"/v1/escalation/{chance.choice(raised)['escalation_id']}/acknowledgement"
        await office.send_command("acknowledgement", "referral", path, {"note": "Mitra dihubungi."}, DINSOS)


async def toggle_partner(office: Office, chance: random.Random, family: Family) -> None:
    """Stop a partner's system, or start it again."""
    del family
    simulator = office.ministry.partners[chance.choice(list(PARTNERS))]
    simulator.down = not simulator.down and chance.random() < 0.5
