"""One SK for thousands of cases, as a job: each step puts some of the file's cases in, or says why one is not."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.case.commands.transitions import Act
from services.graduation.case.errors import SamePersonTwice
from services.graduation.case.models import GraduasiState, Stage, StageAct
from services.graduation.decree.commands.penetapan import Approved, locked, new_sk, number, put_in
from services.graduation.decree.errors import CaseAlreadyInSk, CasesNotApproved, SkFileEmpty, SkFileTooLong
from services.graduation.decree.models import Penetapan, Sk, SkTerms
from services.graduation.policy.errors import TahapNotPlanned
from services.graduation.policy.models.calendar import TahapCalendar
from services.graduation.policy.rules import calendar_of, effective_tahap, term_ends_on
from shared import files, jobs
from shared.access import Actor
from shared.clock import moment_of
from shared.database import acted_by, load, vault_of
from shared.dates import require_past
from shared.errors import DateTooEarly, DomainError, NotFound
from shared.files import require_evidence
from shared.jobs import Job, RowError, Step
from shared.jobs.pacing import has_room, next_size

KIND = "sk_bulk"
FIRST_STEP, LARGEST_FILE = 100, 8 * 1024 * 1024
# What the SHA-256 names never changes: a worker reads it once, and again after it has died.
_read: dict[str, list[str]] = {}


async def request_sk(session: AsyncSession, actor: Actor, terms: SkTerms, sha256: str) -> tuple[Sk, UUID]:
    """Number an SK without cases, and ask for the job that puts them in; return both.

    Raises:
        FileNotUploaded, SkFileEmpty, SkFileTooLong, DateInTheFuture, SkNumberTaken
    """
    await _check_file(session, sha256)
    act = Act(actor, await moment_of(session), Stage.PENETAPAN)
    require_past(terms.sk_on, act.moment.on, "/body/sk_on")
    await require_evidence(session, terms.evidence_sha256)
    sk = new_sk(terms, 0, act)
    params = {"sk_id": str(sk.sk_id), "sha256": sha256}
    job_id = sk.job_id = await jobs.enqueue(session, KIND, params, actor)
    await number(session, sk)
    return sk, job_id


async def _check_file(session: AsyncSession, sha256: str) -> None:
    size = (await files.about_uploaded(session, sha256)).size
    if size == 0:
        raise SkFileEmpty("/body/sha256")
    if size > LARGEST_FILE:
        raise SkFileTooLong("/body/sha256", max_mb=LARGEST_FILE // 1024 // 1024)


async def put_cases_in(session: AsyncSession, job: Job) -> Step:
    """Put the next cases of the file into the SK; what was put in before stays, also when the job is cancelled."""
    if not await has_room(session):
        return Step(place=job.place)
    began, place = time.monotonic(), {"at": 0, "size": FIRST_STEP, **job.place}
    lines = await lines_of(session, str(job.params["sha256"]))
    taken = lines[place["at"] : place["at"] + place["size"]]
    sk = await load(session, Sk, UUID(job.params["sk_id"]))
    found, refused = await _sorted_out(session, job, sk, dict(enumerate(taken, place["at"] + 1)))
    if found:
        act = Act(job.actor, await moment_of(session), Stage.PENETAPAN, sk.sk_no, sk.evidence_sha256)
        await put_in(session, sk, found, act)
        sk.cases += len(found)
        await session.flush()
    at = place["at"] + len(taken)
    return Step(
        done=len(found),
        refused=len(refused),
        errors=refused,
        place={"at": at, "size": next_size(place["size"], time.monotonic() - began)},
        finished=at >= len(lines),
        total=len(lines),
        report={"sk_id": str(sk.sk_id), "sk_no": sk.sk_no, "cases": sk.cases},
    )


async def lines_of(session: AsyncSession, sha256: str) -> list[str]:
    """Return the file's lines without the empty ones at its end."""
    if sha256 not in _read:
        parts = [part async for part in files.open(session, vault_of(session), sha256)]
        _read.clear()
        _read[sha256] = b"".join(parts).decode("utf-8", errors="replace").rstrip().splitlines()
    return _read[sha256]


async def _sorted_out(
    session: AsyncSession, job: Job, sk: Sk, lines: dict[int, str]
) -> tuple[list[Approved], list[RowError]]:
    """Part the lines of a step into cases to put in, locked, and refusals with their reasons."""
    named = {row: identity(line) for row, line in lines.items()}
    wanted = sorted({one for one in named.values() if one is not None})
    cases = {one.case.graduasi_id: one for one in await locked(session, wanted)}
    known = await Known.of(session, job.actor, sk, wanted)
    taken: dict[UUID, Approved] = {}
    refused: list[RowError] = []
    for row, graduasi_id in named.items():
        why = known.refusal(cases.get(graduasi_id) if graduasi_id else None)
        if graduasi_id in taken:
            why = CaseAlreadyInSk()
        if why is None and graduasi_id is not None:
            taken[graduasi_id] = cases[graduasi_id]
        elif why is not None:
            refused.append(RowError(row, "graduasi_id", type(why).__name__, jobs.spoken(why), shown(why)))
    return [taken[one] for one in sorted(taken)], refused


def identity(line: str) -> UUID | None:
    """Read a graduasi_id; what is none names no case."""
    try:
        return UUID(line.strip())
    except ValueError:
        return None


def shown(why: DomainError) -> dict[str, Any]:
    """The values that the refusal's sentences show."""
    return {name: str(value) for name, value in why.params.items()}


@dataclass(frozen=True, slots=True)
class Known:
    """What is looked up once for all cases of a step."""

    actor: Actor
    sk: Sk
    planned: Sequence[TahapCalendar]
    acted: frozenset[UUID]
    determined: frozenset[UUID]

    @classmethod
    async def of(cls, session: AsyncSession, actor: Actor, sk: Sk, wanted: Sequence[UUID]) -> "Known":
        acted = sa.select(StageAct.graduasi_id).where(
            StageAct.graduasi_id.in_(wanted),
            acted_by(actor, StageAct.person, StageAct.sub),
            StageAct.stage != Stage.PENETAPAN,
            StageAct.four_people,
        )
        determined = sa.select(Penetapan.graduasi_id).where(Penetapan.graduasi_id.in_(wanted))
        return cls(
            actor,
            sk,
            await calendar_of(session),
            frozenset((await session.scalars(acted)).all()),
            frozenset((await session.scalars(determined)).all()),
        )

    def refusal(self, one: Approved | None) -> DomainError | None:
        """Why this case does not go in; the constraints of the tables stand behind each of these."""
        if one is None or not self.actor.covers(one.case.kode_wilayah):
            return NotFound("graduasi")
        if one.case.graduasi_id in self.determined:
            return CaseAlreadyInSk()
        if one.case.state is not GraduasiState.DISETUJUI_DINSOS:
            return CasesNotApproved(ids=one.case.graduasi_id, state=one.case.state)
        if one.case.since_on > self.sk.sk_on:
            return DateTooEarly(on=self.sk.sk_on, earliest=one.case.since_on)
        if one.case.graduasi_id in self.acted:
            return SamePersonTwice()
        return self._unplanned(one)

    def _unplanned(self, one: Approved) -> TahapNotPlanned | None:
        try:
            effective_tahap(self.planned, term_ends_on(one.policy, self.sk.announced_on, self.sk.sk_on))
        except TahapNotPlanned as error:
            return error
        return None
