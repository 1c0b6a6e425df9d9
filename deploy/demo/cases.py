"""Cases on their way through the stages, several at a time: each act is a command of its own by one person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from deploy.demo.answers import ANSWERS, WITH_EVIDENCE
from deploy.demo.intake import watch
from deploy.demo.people import DINSOS, KEMENSOS, KETUA
from deploy.demo.world import World


@dataclass(slots=True)
class Case:
    """A family by the name that the scenario gives it, its PKH, and its case once it is open."""

    name: str
    kpm_id: str
    kepesertaan_id: str
    graduasi_id: str = ""


async def find_family(world: World, name: str, nik: str) -> Case:
    """Dinsos finds a family by its pengurus' NIK, which no address ever holds."""
    found = await world.post("caseload", "/v1/kpm/look-up", {"nik": nik}, DINSOS)
    held = await world.get("caseload", f"/v1/kpm/{found['kpm_id']}/kepesertaan", DINSOS)
    (pkh,) = [item["kepesertaan_id"] for item in held["items"] if item["bansos"] == "PKH"]
    return Case(name, found["kpm_id"], pkh)


async def on_cases(
    world: World, sentence: str, cases: Sequence[Case], noun: str, body: Any, who: str
) -> list[Any]:
    """One act on each of these cases."""
    asked = [(f"/v1/graduasi/{case.graduasi_id}/{noun}", body) for case in cases]
    return await world.acts(sentence, "graduation", asked, who)


async def open_cases(world: World, cases: Sequence[Case], exit_reason: str, who: str) -> None:
    asked = [
        {"kpm_id": case.kpm_id, "kepesertaan_id": case.kepesertaan_id, "exit_reason": exit_reason}
        for case in cases
    ]
    opened = await world.acts(
        f"opens {exit_reason} for {named(cases)}",
        "graduation",
        [("/v1/graduasi", body) for body in asked],
        who,
    )
    for case, made in zip(cases, opened, strict=True):
        case.graduasi_id = made["graduasi_id"]


async def assess(world: World, cases: Sequence[Case], who: str) -> list[Any]:
    """Open and assess: each family answers the same, and is SIAP. Return the assessments."""
    await open_cases(world, cases, "SEJAHTERA_MANDIRI", who)
    photo = await world.put_file("graduation", b"foto rumah dan usaha", who)
    answers: dict[str, Any] = {code: {"value": value} for code, value in ANSWERS.items()}
    answers |= {code: {"value": ANSWERS[code], "evidence_sha256": photo} for code in WITH_EVIDENCE}
    found = await on_cases(world, f"assesses {named(cases)}", cases, "asesmen", {"answers": answers}, who)
    world.check("each is SIAP", {one["result"] for one in found}, {"SIAP"})
    return found


async def sign_and_propose(world: World, cases: Sequence[Case], signed_on: str, who: str) -> None:
    """Each family sees its offers and signs; the pendamping proposes."""
    scan = await world.put_file("graduation", b"surat pernyataan bermeterai", who)
    asked: list[tuple[str, Any]] = []
    for case in cases:
        offers = await world.get("referral", f"/v1/offer?kpm_id={case.kpm_id}", who)
        paper = {"signed_on": signed_on, "evidence_sha256": scan, "offers_sha256": offers["sha256"]}
        asked.append((f"/v1/graduasi/{case.graduasi_id}/pernyataan", paper))
    await world.acts(f"shows the offers, and takes in what {named(cases)} signed", "graduation", asked, who)
    await on_cases(world, f"proposes {named(cases)}", cases, "proposal", {}, who)


async def verify(world: World, cases: Sequence[Case]) -> None:
    note = {"note": "Ditemui di rumah."}
    await on_cases(world, f"verifies {named(cases)}", cases, "verification", note, KETUA)


async def deliberate(world: World, cases: Sequence[Case], held_on: str, who: str) -> None:
    minutes = await world.put_file("graduation", b"berita acara musyawarah kelurahan", who)
    held = {
        "berita_acara_no": f"BA/{held_on[5:7]}/{held_on[:4]}",
        "held_on": held_on,
        "evidence_sha256": minutes,
    }
    await on_cases(world, f"hands in the berita acara on {named(cases)}", cases, "musyawarah", held, who)


async def approve(world: World, cases: Sequence[Case]) -> None:
    await on_cases(world, f"approves {named(cases)}", cases, "approval", {}, DINSOS)


async def determine(world: World, cases: Sequence[Case], sk_no: str, sk_on: str) -> None:
    """One SK for all of them."""
    decree = {"sk_no": sk_no, "sk_on": sk_on, "graduasi_ids": [case.graduasi_id for case in cases]}
    await world.act(f"determines {named(cases)} in SK {sk_no}", "graduation", "/v1/sk", decree, KEMENSOS)


async def determine_by_job(world: World, cases: Sequence[Case], sk_no: str, sk_on: str) -> None:
    """One SK from a file of cases, as Kemensos does it for thousands: a job that can be stopped and goes on."""
    content = "".join(f"{case.graduasi_id}\n" for case in cases).encode()
    sha256 = await world.put_file("graduation", content, KEMENSOS)
    decree = {"sk_no": sk_no, "sk_on": sk_on, "sha256": sha256}
    sentence = f"determines {named(cases)} in SK {sk_no}, from a file"
    asked = await world.act(sentence, "graduation", "/v1/sk/bulk", decree, KEMENSOS)
    job_id = asked["job"].rpartition("/")[2]
    job = await watch(world, "graduation", job_id, "SK", len(cases), KEMENSOS)
    said = (job["state"], job["done"], job["refused"])
    world.check(f"all {len(cases)} stand in it, none is refused", said, ("DONE", len(cases), 0))
    await world.heard()


async def reach(world: World, cases: Sequence[Case], state: str, who: str = DINSOS) -> None:
    """Wait until the due work has brought all of them there, and everybody has heard."""

    async def there() -> bool:
        return await states_of(world, cases, who) == [state] * len(cases)

    await world.until(f"{named(cases)} to enter {state}", there)
    await world.heard()
    world.check(f"{named(cases)}: {state}", await states_of(world, cases, who), [state] * len(cases))


async def states_of(world: World, cases: Sequence[Case], who: str = DINSOS) -> list[str]:
    found = [await world.get("graduation", f"/v1/graduasi/{case.graduasi_id}", who) for case in cases]
    return [case["state"] for case in found]


def named(cases: Sequence[Case]) -> str:
    return ", ".join(case.name for case in cases)
