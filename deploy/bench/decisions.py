"""Cases taken to DITETAPKAN by four people and their village, each step one durable request over HTTP."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from deploy.bench.caller import Caller
from deploy.bench.delivery import until
from deploy.bench.families import Placed, desa, mother_of_scenario_2
from deploy.bench.figure import Aim, Figure
from deploy.bench.stage import TODAY, Stage
from deploy.demo.answers import ANSWERS, WITH_EVIDENCE
from shared.database import uuid7
from shared.events import Event

CLIENTS = 12
CASES_IN_AN_SK = 100
OFFERS = hashlib.sha256(b"the offers that the family saw").hexdigest()
STEPS = 4


@dataclass(slots=True)
class Case:
    """A family known to graduation, and its case once it is opened."""

    kpm_id: UUID
    kepesertaan_id: UUID
    token: str
    graduasi_id: str = ""


class Office:
    """Everybody who acts on cases, with the evidence that they hand in."""

    def __init__(self, stage: Stage, api: Caller) -> None:
        self.stage, self.api = stage, api
        tokens = (
            ("verification", "KETUA_TIM_KABKOTA", "ketua-tim-kendal-1", ["33.24"]),
            ("musyawarah", "OPERATOR_DESA", "operator-desa-1", ["33.24"]),
            ("approval", "DINSOS_KABKOTA", "dinsos-kendal-1", ["33.24"]),
            ("sk", "KEMENSOS", "kemensos-1", ["*"]),
        )
        self.by = {noun: stage.issuer.token(role, sub, areas) for noun, role, sub, areas in tokens}
        self.evidence = ""

    async def families(self, count: int) -> list[Case]:
        """Families of twenty pendamping, told by registry and caseload, kept by graduation's own replicas."""
        placed = [Placed.new() for _ in range(20)]
        villages, cases, told = desa(), [], list[Event]()
        for number in range(count):
            holder = placed[number % len(placed)]
            token = (
                self.stage.issuer.token(
                    "PENDAMPING",
                    f"pendamping-{number % len(placed)}",
                    ["33.24"],
                    pendamping_id=holder.pendamping_id,
                )
                if number < len(placed)
                else cases[number - len(placed)].token
            )
            case = Case(uuid7(), uuid7(), token)
            cases.append(case)
            told += mother_of_scenario_2(
                case.kpm_id, case.kepesertaan_id, villages[number % len(villages)], holder
            )
        await self.stage.tell("registry", [fact for one in placed for fact in one.facts()])
        await self.stage.tell("caseload", told)
        await until(self.stage, lambda: self.are_known(cases, placed))
        self.evidence = await self.api.put_file(b"a photograph of nobody", cases[0].token)
        return cases

    async def are_known(self, cases: Sequence[Case], placed: Sequence[Placed]) -> bool:
        rows = await self.stage.ask(
            "graduation",
            "SELECT (SELECT count(*) FROM replica_kpm.dampingan WHERE kpm_id = ANY($1)),"
            " (SELECT count(*) FROM replica_pendamping.wilayah_tugas WHERE pendamping_id = ANY($2))",
            [case.kpm_id for case in cases],
            [one.pendamping_id for one in placed],
        )
        return tuple(rows[0]) == (len(cases), len(placed))

    async def prepare(self, api: Caller, case: Case) -> None:
        """Open, assess, take in the signed statement: the pendamping's work before anybody decides."""
        body = {
            "kpm_id": str(case.kpm_id),
            "kepesertaan_id": str(case.kepesertaan_id),
            "exit_reason": "SEJAHTERA_MANDIRI",
        }
        case.graduasi_id = (await api.post("/v1/graduasi", body, case.token))["graduasi_id"]
        answers: dict[str, Any] = {code: {"value": value} for code, value in ANSWERS.items()}
        for code in WITH_EVIDENCE:
            answers[code]["evidence_sha256"] = self.evidence
        at = f"/v1/graduasi/{case.graduasi_id}"
        await api.post(f"{at}/asesmen", {"answers": answers}, case.token)
        signed = {"signed_on": TODAY, "evidence_sha256": self.evidence, "offers_sha256": OFFERS}
        await api.post(f"{at}/pernyataan", signed, case.token)

    async def decide(self, api: Caller, case: Case) -> None:
        """Proposed by the pendamping, verified, deliberated in the village, approved: each by another person."""
        at = f"/v1/graduasi/{case.graduasi_id}"
        await api.post(f"{at}/proposal", {}, case.token)
        await api.post(f"{at}/verification", {}, self.by["verification"])
        minutes = {"berita_acara_no": "BA/014/V/2026", "held_on": TODAY, "evidence_sha256": self.evidence}
        await api.post(f"{at}/musyawarah", minutes, self.by["musyawarah"])
        await api.post(f"{at}/approval", {}, self.by["approval"])

    async def determine(self, cases: Sequence[Case]) -> None:
        """The minister's decree over many approved cases."""
        body = {
            "sk_no": f"SK/{uuid7()}"[:39],
            "sk_on": TODAY,
            "graduasi_ids": [case.graduasi_id for case in cases],
        }
        await self.api.post("/v1/sk", body, self.by["sk"])


async def shared_out(
    api: Caller, work: Callable[[Caller, Any], Awaitable[None]], items: Sequence[Any]
) -> float:
    """Let concurrent clients take the items one after another; return the seconds."""
    waiting = iter(items)
    clients = [api.another() for _ in range(CLIENTS)]

    async def client(caller: Caller) -> None:
        for item in waiting:
            await work(caller, item)

    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for caller in clients:
            group.create_task(client(caller))
    seconds = time.perf_counter() - began
    for caller in clients:
        await caller.close()
    return seconds


async def decided(office: Office, cases: Sequence[Case]) -> float:
    """Seconds from the first proposal to the last decree; each case then stands in MASA_SANGGAH, told and credited."""
    seconds = await shared_out(office.api, office.decide, cases)
    began = time.perf_counter()
    for first in range(0, len(cases), CASES_IN_AN_SK):
        await office.determine(cases[first : first + CASES_IN_AN_SK])
    return seconds + time.perf_counter() - began


async def bare_steps(stage: Stage, count: int) -> float:
    """As many durable steps a case from the bare API: seconds."""
    await stage.ask("caseload", "CREATE SCHEMA IF NOT EXISTS bench")
    await stage.ask(
        "caseload", "CREATE TABLE IF NOT EXISTS bench.case_row (case_id uuid PRIMARY KEY, state int)"
    )
    await stage.ask("caseload", "CREATE TABLE IF NOT EXISTS bench.case_history (case_id uuid, body text)")
    rows = await stage.ask(
        "caseload",
        "INSERT INTO bench.case_row SELECT uuidv7(), 0 FROM generate_series(1, $1) RETURNING case_id",
        count,
    )

    async def steps(api: Caller, case_id: UUID) -> None:
        for number in range(STEPS):
            await api.post(f"/case/{case_id}", {"step": number})

    return await shared_out(await stage.bare(), steps, [row["case_id"] for row in rows])


async def decisions(stage: Stage, *, quick: bool) -> list[Figure]:
    """In turns with the bare API; graduation's relay carries the events away meanwhile, as it does in service."""
    count, turns = (50, 1) if quick else (300, 3)
    office = Office(stage, await stage.api("graduation"))
    for service, part in (
        ("registry", "relay"),
        ("caseload", "relay"),
        ("graduation", "consumer"),
        ("graduation", "relay"),
    ):
        await stage.worker(service, part)
    cases = await office.families(count * turns + CLIENTS)
    await shared_out(office.api, office.prepare, cases[-CLIENTS:])
    await decided(office, cases[-CLIENTS:])
    rates: dict[str, list[float]] = {"steps": [], "road": [], "bare": []}
    for number in range(turns):
        mine = cases[number * count : (number + 1) * count]
        before = await shared_out(office.api, office.prepare, mine)
        steps = await decided(office, mine)
        rates["steps"].append(count / steps)
        rates["road"].append(count / (before + steps))
        rates["bare"].append(count / await bare_steps(stage, count))
    await all_determined(stage, cases)
    name = "decisions: proposal, verification, musyawarah, approval, SK"
    return [
        Figure.paired(name, "cases/s", rates["steps"], rates["bare"], Aim("value", 60)),
        Figure.paired(
            "the same with opening, assessment, statement", "cases/s", rates["road"], rates["bare"]
        ),
    ]


async def all_determined(stage: Stage, cases: Sequence[Case]) -> None:
    """What was counted is so in the database, and told."""
    ids = [UUID(case.graduasi_id) for case in cases]
    rows = await stage.ask(
        "graduation",
        "SELECT (SELECT count(*) FROM penetapan WHERE graduasi_id = ANY($1)), (SELECT count(*) FROM platform.outbox"
        " WHERE wire = 'graduation.graduasi_determined.v1' AND key = ANY($2))",
        ids,
        [str(case.kpm_id) for case in cases],
    )
    if tuple(rows[0]) != (len(cases), len(cases)):
        message = f"of {len(cases)} cases {rows[0][0]} are determined and {rows[0][1]} told"
        raise RuntimeError(message)
