"""Steps that move several cases through their stages, one command per case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from deploy.demo.answers import ANSWERS, WITH_EVIDENCE
from deploy.demo.intake import watch_job
from deploy.demo.papers import PaperKind
from deploy.demo.people import DINSOS, KEMENSOS, KETUA
from deploy.demo.world import World


@dataclass(slots=True)
class Case:
    """A family under its name in the scenario, with its PKH membership and its case."""

    name: str
    kpm_id: str
    kepesertaan_id: str
    graduasi_id: str = ""


async def find_family(world: World, name: str, nik: str) -> Case:
    """Look a family up by its pengurus' NIK."""
    family = await world.post("caseload", "/v1/kpm/look-up", {"nik": nik}, DINSOS)
    memberships = await world.get("caseload", f"/v1/kpm/{family['kpm_id']}/kepesertaan", DINSOS)
    (pkh,) = [item["kepesertaan_id"] for item in memberships["items"] if item["bansos"] == "PKH"]
    return Case(name, family["kpm_id"], pkh)


async def act_on_cases(
    world: World, sentence: str, cases: Sequence[Case], noun: str, body: Any, who: str
) -> list[Any]:
    """Send one command for each of the cases."""
    return await act_on_each(world, sentence, noun, [(case, body) for case in cases], who)


async def act_on_each(
    world: World, sentence: str, noun: str, bodies: Sequence[tuple[Case, Any]], who: str
) -> list[Any]:
    """Send a command with a body of its own for each of the cases."""
    commands = [(f"/v1/graduasi/{case.graduasi_id}/{noun}", body) for case, body in bodies]
    return await world.act_many(sentence, "graduation", commands, who)


async def upload_for(world: World, case: Case, text: str, who: str, kind: PaperKind = PaperKind.PDF) -> str:
    """Upload evidence of one case, which serves no other one."""
    return await world.put_paper("graduation", f"{text}, {case.name}, {case.graduasi_id}", who, kind)


async def open_cases(world: World, cases: Sequence[Case], exit_reason: str, who: str) -> None:
    bodies = [
        {"kpm_id": case.kpm_id, "kepesertaan_id": case.kepesertaan_id, "exit_reason": exit_reason}
        for case in cases
    ]
    opened = await world.act_many(
        f"opens {exit_reason} for {names_of(cases)}",
        "graduation",
        [("/v1/graduasi", body) for body in bodies],
        who,
    )
    for case, made in zip(cases, opened, strict=True):
        case.graduasi_id = made["graduasi_id"]


async def assess(world: World, cases: Sequence[Case], who: str) -> list[Any]:
    """Open and assess a case for each family, all with the same answers."""
    await open_cases(world, cases, "SEJAHTERA_MANDIRI", who)
    bodies: list[tuple[Case, Any]] = []
    for case in cases:
        photo = await upload_for(world, case, "foto rumah dan usaha", who, PaperKind.JPEG)
        answers: dict[str, Any] = {code: {"value": value} for code, value in ANSWERS.items()}
        answers |= {code: {"value": ANSWERS[code], "evidence_sha256": photo} for code in WITH_EVIDENCE}
        bodies.append((case, {"answers": answers}))
    assessments = await act_on_each(world, f"assesses {names_of(cases)}", "asesmen", bodies, who)
    world.check("each is SIAP", {assessment["result"] for assessment in assessments}, {"SIAP"})
    return assessments


async def sign_and_propose(world: World, cases: Sequence[Case], signed_on: str, who: str) -> None:
    """Show each family its offers, register the signed statement and propose."""
    commands: list[tuple[str, Any]] = []
    for case in cases:
        offers = await world.get("referral", f"/v1/offer?kpm_id={case.kpm_id}", who)
        scan = await upload_for(world, case, "surat pernyataan bermeterai", who)
        paper = {"signed_on": signed_on, "evidence_sha256": scan, "offers_sha256": offers["sha256"]}
        commands.append((f"/v1/graduasi/{case.graduasi_id}/pernyataan", paper))
    await world.act_many(
        f"shows the offers and registers the statement of {names_of(cases)}", "graduation", commands, who
    )
    await act_on_cases(world, f"proposes {names_of(cases)}", cases, "proposal", {}, who)


async def verify(world: World, cases: Sequence[Case]) -> None:
    note = {"note": "Ditemui di rumah."}
    await act_on_cases(world, f"verifies {names_of(cases)}", cases, "verification", note, KETUA)


async def deliberate(world: World, cases: Sequence[Case], held_on: str, who: str) -> None:
    bodies: list[tuple[Case, Any]] = []
    for number, case in enumerate(cases, 1):
        minutes = await upload_for(world, case, "berita acara musyawarah kelurahan", who)
        body = {"berita_acara_no": f"BA/{number}/{held_on[5:7]}/{held_on[:4]}", "held_on": held_on}
        bodies.append((case, body | {"evidence_sha256": minutes}))
    await act_on_each(world, f"registers the berita acara of {names_of(cases)}", "musyawarah", bodies, who)


async def approve(world: World, cases: Sequence[Case]) -> None:
    await act_on_cases(world, f"approves {names_of(cases)}", cases, "approval", {}, DINSOS)


async def determine(world: World, cases: Sequence[Case], sk_no: str, sk_on: str) -> None:
    """Issue one SK for all cases."""
    decree = {"sk_no": sk_no, "sk_on": sk_on, "graduasi_ids": [case.graduasi_id for case in cases]}
    await world.act(f"determines {names_of(cases)} in SK {sk_no}", "graduation", "/v1/sk", decree, KEMENSOS)


async def determine_by_job(world: World, cases: Sequence[Case], sk_no: str, sk_on: str) -> None:
    """Issue one SK for a file of cases, by a job that can be resumed."""
    content = "".join(f"{case.graduasi_id}\n" for case in cases).encode()
    sha256 = await world.put_file("graduation", content, KEMENSOS)
    decree = {"sk_no": sk_no, "sk_on": sk_on, "sha256": sha256}
    sentence = f"determines {names_of(cases)} in SK {sk_no}, from a file"
    created = await world.act(sentence, "graduation", "/v1/sk/bulk", decree, KEMENSOS)
    job_id = created["job"].rpartition("/")[2]
    job = await watch_job(world, "graduation", job_id, "SK", len(cases), KEMENSOS)
    result = (job["state"], job["done"], job["refused"])
    world.check(f"all {len(cases)} are in it, none is refused", result, ("DONE", len(cases), 0))
    await world.wait_until_delivered()


async def wait_for_state(world: World, cases: Sequence[Case], state: str, who: str = DINSOS) -> None:
    """Wait until the scheduled work has moved all cases to `state`."""

    async def is_reached() -> bool:
        return await states_of(world, cases, who) == [state] * len(cases)

    await world.wait_for(f"{names_of(cases)} to enter {state}", is_reached)
    await world.wait_until_delivered()
    world.check(f"{names_of(cases)}: {state}", await states_of(world, cases, who), [state] * len(cases))


async def states_of(world: World, cases: Sequence[Case], who: str = DINSOS) -> list[str]:
    answers = [await world.get("graduation", f"/v1/graduasi/{case.graduasi_id}", who) for case in cases]
    return [case["state"] for case in answers]


def names_of(cases: Sequence[Case]) -> str:
    return ", ".join(case.name for case in cases)
