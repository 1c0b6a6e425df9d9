"""Random acts on a case, from its opening to the months after the exit."""

import random
from typing import Any

from deploy.demo.answers import ANSWERS, WITH_EVIDENCE
from deploy.demo.people import (
    DINSOS,
    KELURAHAN_OPERATOR,
    KEMENSOS,
    KETUA,
    OTHER_DINSOS,
    OTHER_KEMENSOS,
    THIRD_KEMENSOS,
)
from tests.factories.random_year.office import FIELD, FIRST, USUAL, Family, Office

# An ALAMIAH case starts with the proposal, every other with an assessment.
FIRST_VERBS = {"ALAMIAH": ("proposal",) * 5 + ("cancellation",)}
NEXT = {
    "TERIDENTIFIKASI": ("asesmen",) * 5 + ("cancellation",),
    "DIASESMEN": ("asesmen",),
    "BELUM_SIAP": ("asesmen", "cancellation"),
    "SIAP": ("pernyataan", "pernyataan", "pernyataan", "cancellation"),
    "PERNYATAAN_DITANDATANGANI": ("proposal", "proposal", "proposal", "cancellation"),
    "DIUSULKAN": ("verification",) * 5 + ("return", "refusal"),
    "DIVERIFIKASI_KETIM": ("musyawarah",) * 4 + ("approval", "postponement"),
    "DIMUSYAWARAHKAN": ("approval",) * 5 + ("refusal", "clearance"),
    "DISETUJUI_DINSOS": ("sk", "sk", "sk", "bulk", "bulk", "return", "postponement"),
    "MASA_SANGGAH": ("sanggah", "annulment", "postponement"),
    "DISANGGAH": ("decision",),
    "EFEKTIF": ("sanggah", "annulment"),
    "PEMANTAUAN": ("monitoring",) * 6 + ("sanggah", "annulment", "clearance"),
    "SELESAI": ("monitoring", "annulment"),
    "DIKEMBALIKAN": ("proposal", "asesmen"),
    "DITUNDA": ("resumption", "resumption", "clearance"),
}
VERBS = tuple(sorted({verb for verbs in NEXT.values() for verb in verbs}))


async def open_case(office: Office, chance: random.Random, family: Family) -> None:
    """Open a case on the family's PKH, or on another membership."""
    reason = chance.choice(("SEJAHTERA_MANDIRI", "SEJAHTERA_MANDIRI", "SEJAHTERA_PPSE", "ALAMIAH"))
    kepesertaan_id = await choose_membership(office, chance, family)
    if kepesertaan_id is not None:
        body = {"kpm_id": family.kpm_id, "kepesertaan_id": kepesertaan_id, "exit_reason": reason}
        await office.send_command(
            "graduasi", "graduation", "/v1/graduasi", body, await office.choose_pendamping(chance, family)
        )


async def choose_membership(office: Office, chance: random.Random, family: Family) -> str | None:
    """Return the family's PKH, seldom another of its memberships."""
    memberships = await office.read_items("caseload", f"/v1/kpm/{family.kpm_id}/kepesertaan")
    pkh = [item["kepesertaan_id"] for item in memberships if item["bansos"] == "PKH"]
    if pkh and chance.random() < USUAL:
        return pkh[-1]
    return chance.choice(memberships)["kepesertaan_id"] if memberships else None


async def move_case(office: Office, chance: random.Random, family: Family) -> None:
    """Take the next step of the family's case, mostly one that its state allows."""
    cases = await office.read_items("graduation", f"/v1/graduasi?kpm_id={family.kpm_id}")
    if not cases:
        return await open_case(office, chance, family)
    case = chance.choice(cases[-2:])
    usual = NEXT.get(case["state"], VERBS)
    if case["state"] == "TERIDENTIFIKASI":
        usual = FIRST_VERBS.get(case["exit_reason"], usual)
    verb = chance.choice(usual if chance.random() < USUAL else VERBS)
    if verb in OFFICE_STEPS:
        return await take_office_step(office, chance, case, verb)
    return await CASE_STEPS[verb](office, chance, case, family)


async def take_office_step(office: Office, chance: random.Random, case: dict[str, Any], verb: str) -> None:
    who, body = OFFICE_STEPS[verb]
    if chance.random() > USUAL:
        who = chance.choice((*FIELD, KETUA, DINSOS, OTHER_DINSOS, KEMENSOS, KELURAHAN_OPERATOR))
    lately = office.choose_day(chance)
    paper = await office.choose_paper(chance, "graduation")
    values = {"lately": lately, "paper": paper}
    filled = {name: values.get(value.strip("<>"), value) for name, value in body.items()}
    await office.send_command(verb, "graduation", f"/v1/graduasi/{case['graduasi_id']}/{verb}", filled, who)


async def assess_case(office: Office, chance: random.Random, case: dict[str, Any], family: Family) -> None:
    answers: dict[str, Any] = {code: {"value": value} for code, value in ANSWERS.items()}
    if chance.random() < 0.2:
        answers["INCOME_PER_CAPITA_RP"] = {"value": 400_000}
    for code in WITH_EVIDENCE:
        answers[code] |= {"evidence_sha256": await office.choose_paper(chance, "graduation")}
    path = f"/v1/graduasi/{case['graduasi_id']}/asesmen"
    who = await office.choose_pendamping(chance, family)
    await office.send_command("asesmen", "graduation", path, {"answers": answers}, who)


async def sign_statement(office: Office, chance: random.Random, case: dict[str, Any], family: Family) -> None:
    who = await office.choose_pendamping(chance, family)
    offers = await office.read("referral", f"/v1/offer?kpm_id={family.kpm_id}", who)
    paper = {
        "signed_on": office.choose_day(chance),
        "evidence_sha256": await office.choose_paper(chance, "graduation"),
        "offers_sha256": offers["sha256"] if offers else "0" * 64,
    }
    path = f"/v1/graduasi/{case['graduasi_id']}/pernyataan"
    await office.send_command("pernyataan", "graduation", path, paper, who)


async def propose_case(office: Office, chance: random.Random, case: dict[str, Any], family: Family) -> None:
    path = f"/v1/graduasi/{case['graduasi_id']}/proposal"
    await office.send_command(
        "proposal", "graduation", path, {}, await office.choose_pendamping(chance, family)
    )


async def cancel_case(office: Office, chance: random.Random, case: dict[str, Any], family: Family) -> None:
    """Cancel the case, seldom."""
    if chance.random() < 0.4:
        body = {"ground": "KELUARGA_MENARIK_DIRI", "reason": "Keluarga menarik diri."}
        path = f"/v1/graduasi/{case['graduasi_id']}/cancellation"
        await office.send_command(
            "cancellation", "graduation", path, body, await office.choose_pendamping(chance, family)
        )


async def issue_sk(office: Office, chance: random.Random, case: dict[str, Any], family: Family) -> None:
    """Issue one SK for the approved cases that are visible, by one of two officials."""
    del family
    graduasi_ids = await read_approved(office, case)
    body = build_sk(office, chance) | {"graduasi_ids": graduasi_ids}
    await office.send_command("sk", "graduation", "/v1/sk", body, chance.choice((KEMENSOS, "kemensos-2")))


async def issue_sk_by_job(
    office: Office, chance: random.Random, case: dict[str, Any], family: Family
) -> None:
    """Issue an SK from a file with some invalid lines, and seldom cancel the job."""
    del family
    lines = [*await read_approved(office, case), "bukan nomor", case["graduasi_id"]]
    chance.shuffle(lines)
    who = chance.choice((KEMENSOS, "kemensos-2"))
    sha256 = await office.upload_file("graduation", "\n".join(lines).encode(), who)
    if sha256 is None:
        return
    body = build_sk(office, chance) | {"sha256": sha256}
    created = await office.send_command("bulk", "graduation", "/v1/sk/bulk", body, who)
    if created and chance.random() < 0.2:
        path = f"/v1/jobs/{created['job'].rpartition('/')[2]}/cancellation"
        await office.send_command("cancellation of a job", "graduation", path, None, who)


async def read_approved(office: Office, case: dict[str, Any]) -> list[str]:
    cases = await office.read_items("graduation", "/v1/graduasi?state=DISETUJUI_DINSOS&limit=5")
    return sorted({item["graduasi_id"] for item in cases} | {case["graduasi_id"]})


def build_sk(office: Office, chance: random.Random) -> dict[str, Any]:
    """Return an SK of today or earlier, seldom announced later."""
    body = {
        "sk_no": f"{chance.randrange(10**9)}/SK/{office.day(0)}",
        "sk_on": office.day(-chance.choice((0, 0, chance.randrange(50)))),
    }
    return body if chance.random() < 0.7 else body | {"announced_on": office.day(chance.randrange(25))}


async def decide_sanggah(office: Office, chance: random.Random, case: dict[str, Any], family: Family) -> None:
    del family
    for item in await office.read_items("graduation", f"/v1/sanggah?graduasi_id={case['graduasi_id']}"):
        outcome = chance.choice(("DITERIMA", "DITOLAK", "DITOLAK"))
        path = f"/v1/sanggah/{item['sanggah_id']}/decision"
        await try_back_pay(office, "decision", path, {"outcome": outcome, "reason": "Diperiksa."})


async def annul_case(office: Office, chance: random.Random, case: dict[str, Any], family: Family) -> None:
    """Annul the case's SK, seldom."""
    del family
    if chance.random() < 0.3:
        why = {"ground": "DATA_KELIRU", "reason": "Data keluarga keliru."}
        body = why | {"evidence_sha256": office.papers["graduation"]}
        path = f"/v1/graduasi/{case['graduasi_id']}/annulment"
        requested = await try_back_pay(office, "request of an annulment", path, body, THIRD_KEMENSOS)
        if chance.random() < 0.8:
            who = chance.choice((OTHER_KEMENSOS, THIRD_KEMENSOS))
            await office.approve("annulment", "graduation", requested, who)


async def try_back_pay(
    office: Office, noun: str, path: str, body: dict[str, Any], who: str = OTHER_DINSOS
) -> Any:
    """Try decisions with each range of tahap, from none to four.

    Return the answer of the accepted one.
    """
    tahap = [f"{y}-{n}" for y in (FIRST.year, FIRST.year + 1) for n in range(1, 5)]
    for first in range(len(tahap)):
        for last in range(first, min(first + 4, len(tahap)) + 1):
            paid = [{"tahap": name, "paid": True, "reason": "Tertahan."} for name in tahap[first:last]]
            if made := await office.send_command(noun, "graduation", path, body | {"back_pay": paid}, who):
                return made
            if body.get("outcome") == "DITOLAK" or is_settled(office, path):
                return None
    return None


def is_settled(office: Office, path: str) -> bool:
    """Return whether the last refusal had another reason than back-pay."""
    last = [command for command in office.world.history if command.path == path][-1]
    return last.problem not in {"BackPayUndecided", "BackPayNotConcerned"}


async def do_monitoring_task(
    office: Office, chance: random.Random, case: dict[str, Any], family: Family
) -> None:
    """Do the first open monitoring task, a requested check before the others."""
    who = await office.choose_pendamping(chance, family)
    path = f"/v1/monitoring?graduasi_id={case['graduasi_id']}&open_only=true"
    tasks = sorted(
        await office.read_items("graduation", path, who), key=lambda task: task["kind"] != "LAPORAN"
    )
    for task in tasks[:1]:
        relapsed = chance.random() < (0.5 if task["kind"] == "LAPORAN" else 0.15)
        result = {"still_out": not relapsed} | ({"cause": "SAKIT"} if relapsed else {})
        path = f"/v1/monitoring/{task['task_id']}/result"
        await office.send_command("monitoring", "graduation", path, result, who)


async def clear_evidence(office: Office, _: random.Random, case: dict[str, Any], __: Family) -> None:
    """Clear flagged evidence of any case."""
    for flag in (await office.read_items("graduation", "/v1/evidence-flag", KETUA))[:2]:
        path, why = f"/v1/evidence-flag/{flag['flag_id']}/clearance", {"reason": "Sudah diperiksa."}
        await office.send_command("clearance", "graduation", path, why, KETUA)


CASE_STEPS = {
    "clearance": clear_evidence,
    "asesmen": assess_case,
    "pernyataan": sign_statement,
    "proposal": propose_case,
    "cancellation": cancel_case,
    "sk": issue_sk,
    "bulk": issue_sk_by_job,
    "decision": decide_sanggah,
    "annulment": annul_case,
    "monitoring": do_monitoring_task,
}
# The account and the body. <lately> and <paper> are replaced.
OFFICE_STEPS: dict[str, tuple[str, dict[str, str]]] = {
    "verification": (KETUA, {"note": "Ditemui di rumah."}),
    "musyawarah": (
        KELURAHAN_OPERATOR,
        {"berita_acara_no": "BA/1", "held_on": "<lately>", "evidence_sha256": "<paper>"},
    ),
    "approval": (DINSOS, {}),
    "return": (DINSOS, {"reason": "Foto tidak terbaca."}),
    "refusal": (DINSOS, {"ground": "BELUM_LAYAK", "reason": "Belum layak."}),
    "postponement": (KETUA, {"reason": "Data bertentangan."}),
    "resumption": (KETUA, {"reason": "Data sudah jelas."}),
    "sanggah": (
        KELURAHAN_OPERATOR,
        {
            "lodged_on": "<lately>",
            "lodged_by": "KELUARGA",
            "channel": "DESA",
            "ground": "KEADAAN_BERUBAH",
            "evidence_sha256": "<paper>",
        },
    ),
}
