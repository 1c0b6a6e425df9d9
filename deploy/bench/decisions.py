"""Rate of cases decided over HTTP, from the proposal to DITETAPKAN."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from deploy.bench.delivery import wait_until
from deploy.bench.families import PlacedPendamping, desa, siap_family_events
from deploy.bench.figure import Aim, Figure
from deploy.bench.http_client import HttpClient
from deploy.bench.testbed import TODAY, Testbed
from deploy.demo.answers import ANSWERS, WITH_EVIDENCE
from shared.database import uuid7
from shared.events import Event

CLIENTS = 12
CASES_IN_AN_SK = 100
OFFERS = hashlib.sha256(b"the offers shown to the family").hexdigest()
STEPS = 4


@dataclass(slots=True)
class Case:
    """A family replicated by graduation, and its case once it is opened."""

    kpm_id: UUID
    kepesertaan_id: UUID
    token: str
    graduasi_id: str = ""
    evidence: str = ""


class Office:
    """The tokens of all roles that act on cases."""

    def __init__(self, testbed: Testbed, api: HttpClient) -> None:
        self.testbed, self.api = testbed, api
        tokens = (
            ("verification", "KETUA_TIM_KABKOTA", "ketua-tim-kendal-1", ["33.24"]),
            ("musyawarah", "OPERATOR_DESA", "operator-desa-1", desa()),
            ("approval", "DINSOS_KABKOTA", "dinsos-kendal-1", ["33.24"]),
            ("sk", "KEMENSOS", "kemensos-1", ["*"]),
        )
        self.by = {noun: testbed.issuer.token(role, sub, areas) for noun, role, sub, areas in tokens}

    async def create_families(self, count: int) -> list[Case]:
        """Emit families of twenty pendamping and wait until graduation has replicated them."""
        pendamping = [PlacedPendamping.new() for _ in range(20)]
        villages, cases, events = desa(), [], list[Event]()
        for number in range(count):
            holder = pendamping[number % len(pendamping)]
            token = (
                self.testbed.issuer.token(
                    "PENDAMPING",
                    f"pendamping-{number % len(pendamping)}",
                    ["33.24"],
                    pendamping_id=holder.pendamping_id,
                )
                if number < len(pendamping)
                else cases[number - len(pendamping)].token
            )
            case = Case(uuid7(), uuid7(), token)
            cases.append(case)
            events += siap_family_events(
                case.kpm_id, case.kepesertaan_id, villages[number % len(villages)], holder
            )
        await self.testbed.emit_events("registry", [event for one in pendamping for event in one.events()])
        await self.testbed.emit_events("caseload", events)
        await wait_until(self.testbed, lambda: self.are_replicated(cases, pendamping))
        return cases

    async def are_replicated(self, cases: Sequence[Case], pendamping: Sequence[PlacedPendamping]) -> bool:
        rows = await self.testbed.fetch(
            "graduation",
            "SELECT (SELECT count(*) FROM replica_kpm.dampingan WHERE kpm_id = ANY($1)),"
            " (SELECT count(*) FROM replica_pendamping.wilayah_tugas WHERE pendamping_id = ANY($2))",
            [case.kpm_id for case in cases],
            [one.pendamping_id for one in pendamping],
        )
        return tuple(rows[0]) == (len(cases), len(pendamping))

    async def prepare(self, api: HttpClient, case: Case) -> None:
        """Open a case, assess it and register the signed statement."""
        body = {
            "kpm_id": str(case.kpm_id),
            "kepesertaan_id": str(case.kepesertaan_id),
            "exit_reason": "SEJAHTERA_MANDIRI",
        }
        case.graduasi_id = (await api.post("/v1/graduasi", body, case.token))["graduasi_id"]
        case.evidence = await api.put_file(f"a photograph of {case.kpm_id}".encode(), case.token)
        answers: dict[str, Any] = {code: {"value": value} for code, value in ANSWERS.items()}
        for code in WITH_EVIDENCE:
            answers[code]["evidence_sha256"] = case.evidence
        path = f"/v1/graduasi/{case.graduasi_id}"
        await api.post(f"{path}/asesmen", {"answers": answers}, case.token)
        signed = {"signed_on": TODAY, "evidence_sha256": case.evidence, "offers_sha256": OFFERS}
        await api.post(f"{path}/pernyataan", signed, case.token)

    async def decide(self, api: HttpClient, case: Case) -> None:
        """Propose, verify, deliberate and approve a case, each step by another person."""
        path = f"/v1/graduasi/{case.graduasi_id}"
        await api.post(f"{path}/proposal", {}, case.token)
        await api.post(f"{path}/verification", {}, self.by["verification"])
        minutes = {"berita_acara_no": "BA/014/V/2026", "held_on": TODAY, "evidence_sha256": case.evidence}
        await api.post(f"{path}/musyawarah", minutes, self.by["musyawarah"])
        await api.post(f"{path}/approval", {}, self.by["approval"])

    async def determine(self, cases: Sequence[Case]) -> None:
        """Issue one SK for many approved cases."""
        body = {
            "sk_no": f"SK/{uuid7()}"[:39],
            "sk_on": TODAY,
            "graduasi_ids": [case.graduasi_id for case in cases],
        }
        await self.api.post("/v1/sk", body, self.by["sk"])


async def run_concurrently(
    api: HttpClient, work: Callable[[HttpClient, Any], Awaitable[None]], items: Sequence[Any]
) -> float:
    """Process the items with CLIENTS concurrent clients and return the seconds."""
    waiting = iter(items)
    clients = [api.clone() for _ in range(CLIENTS)]

    async def client(http: HttpClient) -> None:
        for item in waiting:
            await work(http, item)

    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for http in clients:
            group.create_task(client(http))
    seconds = time.perf_counter() - began
    for http in clients:
        await http.close()
    return seconds


async def decide_all(office: Office, cases: Sequence[Case]) -> float:
    """Return the seconds from the first proposal to the last SK.

    Each case is then in MASA_SANGGAH, with its credit granted and its events in the outbox.
    """
    seconds = await run_concurrently(office.api, office.decide, cases)
    began = time.perf_counter()
    for first in range(0, len(cases), CASES_IN_AN_SK):
        await office.determine(cases[first : first + CASES_IN_AN_SK])
    return seconds + time.perf_counter() - began


async def bare_steps(testbed: Testbed, count: int) -> float:
    """Send as many durable steps to the bare API and return the seconds."""
    await testbed.fetch("caseload", "CREATE SCHEMA IF NOT EXISTS bench")
    await testbed.fetch(
        "caseload", "CREATE TABLE IF NOT EXISTS bench.case_row (case_id uuid PRIMARY KEY, state int)"
    )
    await testbed.fetch("caseload", "CREATE TABLE IF NOT EXISTS bench.case_history (case_id uuid, body text)")
    rows = await testbed.fetch(
        "caseload",
        "INSERT INTO bench.case_row SELECT uuidv7(), 0 FROM generate_series(1, $1) RETURNING case_id",
        count,
    )

    async def steps(api: HttpClient, case_id: UUID) -> None:
        for number in range(STEPS):
            await api.post(f"/case/{case_id}", {"step": number})

    return await run_concurrently(await testbed.bare(), steps, [row["case_id"] for row in rows])


async def decisions(testbed: Testbed, *, quick: bool) -> list[Figure]:
    """Measure in turns with the bare API, while graduation's relay sends the events."""
    count, turns = (50, 1) if quick else (300, 3)
    office = Office(testbed, await testbed.api("graduation"))
    for service, part in (
        ("registry", "relay"),
        ("caseload", "relay"),
        ("graduation", "consumer"),
        ("graduation", "relay"),
    ):
        await testbed.worker(service, part)
    cases = await office.create_families(count * turns + CLIENTS)
    await run_concurrently(office.api, office.prepare, cases[-CLIENTS:])
    await decide_all(office, cases[-CLIENTS:])
    rates: dict[str, list[float]] = {"steps": [], "prepared": [], "bare": []}
    for number in range(turns):
        batch = cases[number * count : (number + 1) * count]
        preparation = await run_concurrently(office.api, office.prepare, batch)
        steps = await decide_all(office, batch)
        rates["steps"].append(count / steps)
        rates["prepared"].append(count / (preparation + steps))
        rates["bare"].append(count / await bare_steps(testbed, count))
    await check_determined(testbed, cases)
    name = "decisions: proposal, verification, musyawarah, approval, SK"
    return [
        Figure.paired(name, "cases/s", rates["steps"], rates["bare"], Aim("value", 60)),
        Figure.paired(
            "the same with opening, assessment, statement", "cases/s", rates["prepared"], rates["bare"]
        ),
    ]


async def check_determined(testbed: Testbed, cases: Sequence[Case]) -> None:
    """Raise unless every counted case is determined and its event is in the outbox."""
    ids = [UUID(case.graduasi_id) for case in cases]
    rows = await testbed.fetch(
        "graduation",
        "SELECT (SELECT count(*) FROM penetapan WHERE graduasi_id = ANY($1)), (SELECT count(*) FROM platform.outbox"
        " WHERE wire = 'graduation.graduasi_determined.v1' AND key = ANY($2))",
        ids,
        [str(case.kpm_id) for case in cases],
    )
    if tuple(rows[0]) != (len(cases), len(cases)):
        message = f"of {len(cases)} cases {rows[0][0]} are determined and {rows[0][1]} published"
        raise RuntimeError(message)
