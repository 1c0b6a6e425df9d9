"""Job that adds the cases of a file to an SK, in steps."""

import time
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.assessment.rules.changes import to_refusal
from services.graduation.case.commands.transitions import Act
from services.graduation.case.models import Stage
from services.graduation.decree.commands.approved_cases import ApprovedCase, CaseChecks, lock_cases
from services.graduation.decree.commands.changed_cases import hold_changed_cases
from services.graduation.decree.commands.penetapan import (
    add_cases,
    build_sk,
    check_sk_dates,
    delete_empty_sk,
    insert_sk,
    require_free_number,
)
from services.graduation.decree.errors import CaseAlreadyInSk, SkFileTooLong
from services.graduation.decree.models import DecreeTerms, Sk
from shared import files, jobs
from shared.access import Actor
from shared.clock import moment_of
from shared.database import load, vault_of
from shared.errors import DomainError
from shared.files import require_uploaded
from shared.jobs import Job, RowError, Step
from shared.jobs.backpressure import next_size, outbox_has_room

KIND = "sk.add_cases"
FIRST_STEP, LARGEST_FILE = 100, 8 * 1024 * 1024
# The lines of the file of the running job. A file never changes, so a worker process reads it once.
_lines_by_sha256: dict[str, list[str]] = {}


async def request_sk(session: AsyncSession, actor: Actor, terms: DecreeTerms, sha256: str) -> tuple[Sk, UUID]:
    """Insert an SK without cases, and enqueue the job that adds them.

    Returns:
        The SK and the id of the job.

    Raises:
        FileNotUploaded, SkFileTooLong, DateInTheFuture, SkEnteredTooLate, DateInThePast,
        AnnouncementTooLate, SkNumberTaken
    """
    await _check_file(session, sha256)
    act = Act(actor, await moment_of(session), Stage.PENETAPAN)
    await check_sk_dates(session, terms, act.moment.on)
    await require_uploaded(session, {"/body/evidence_sha256": terms.evidence_sha256})
    await require_free_number(session, terms.sk_no)
    sk = build_sk(terms, 0, act)
    params = {"sk_id": str(sk.sk_id), "sha256": sha256}
    job_id = sk.job_id = await jobs.enqueue(session, KIND, params, actor)
    await files.record_file_use(session, sha256, files.FileUseKind.JOB, job_id, actor)
    await insert_sk(session, actor, sk)
    return sk, job_id


async def _check_file(session: AsyncSession, sha256: str) -> None:
    size = (await files.read_uploaded_info(session, sha256)).size
    if size > LARGEST_FILE:
        raise SkFileTooLong("/body/sha256", max_mb=LARGEST_FILE // 1024 // 1024)


async def add_next_cases(session: AsyncSession, job: Job) -> Step:
    """Add the next cases of the file to the SK.

    Cases that were added stay in the SK if the job is cancelled. A case whose facts have changed is postponed.
    If the file ends without a case added, the SK is deleted, and its number is free.
    """
    if not await outbox_has_room(session):
        return Step(place=job.place)
    started_at, place = time.monotonic(), {"at": 0, "size": FIRST_STEP, **job.place}
    lines = await read_lines(session, str(job.params["sha256"]))
    step_lines = lines[place["at"] : place["at"] + place["size"]]
    sk = await load(session, Sk, UUID(job.params["sk_id"]))
    act = Act(job.actor, await moment_of(session), Stage.PENETAPAN, sk.sk_no, sk.evidence_sha256)
    rows, errors = await _check_lines(session, job, sk, dict(enumerate(step_lines, place["at"] + 1)))
    errors += await _hold_changed_rows(session, rows, act)
    cases = sorted(rows.values(), key=lambda one: one.case.graduasi_id)
    if cases:
        await add_cases(session, sk, cases, act)
        sk.cases += len(cases)
    at = place["at"] + len(step_lines)
    finished = at >= len(lines)
    report = {"sk_id": str(sk.sk_id), "sk_no": sk.sk_no, "cases": sk.cases}
    if finished and not sk.cases:
        await delete_empty_sk(session, sk.sk_no)
        report["sk_id"] = None
    await session.flush()
    return Step(
        done=len(cases),
        refused=len(errors),
        errors=errors,
        place={"at": at, "size": next_size(place["size"], time.monotonic() - started_at)},
        finished=finished,
        total=len(lines),
        report=report,
    )


async def read_lines(session: AsyncSession, sha256: str) -> list[str]:
    """Return the file's lines without the empty lines at its end."""
    if sha256 not in _lines_by_sha256:
        parts = [part async for part in files.open(session, vault_of(session), sha256)]
        _lines_by_sha256.clear()
        _lines_by_sha256[sha256] = b"".join(parts).decode("utf-8", errors="replace").rstrip().splitlines()
    return _lines_by_sha256[sha256]


async def _check_lines(
    session: AsyncSession, job: Job, sk: Sk, lines: dict[int, str]
) -> tuple[dict[int, ApprovedCase], list[RowError]]:
    """Return by line the locked cases that can be added, and other lines' errors."""
    ids_by_row = {row: parse_graduasi_id(line) for row, line in lines.items()}
    graduasi_ids = sorted({graduasi_id for graduasi_id in ids_by_row.values() if graduasi_id is not None})
    locked_cases = await lock_cases(session, graduasi_ids)
    cases = {one.case.graduasi_id: one for one in locked_cases}
    checks = await CaseChecks.load(session, job.actor, sk, locked_cases)
    accepted: dict[int, ApprovedCase] = {}
    errors: list[RowError] = []
    named: set[UUID] = set()
    for row, graduasi_id in ids_by_row.items():
        error = checks.find_error(cases.get(graduasi_id) if graduasi_id else None)
        if graduasi_id in named:
            error = CaseAlreadyInSk()
        if error is None and graduasi_id is not None:
            accepted[row] = cases[graduasi_id]
            named.add(graduasi_id)
        elif error is not None:
            errors.append(_to_row_error(row, error))
    return accepted, errors


def _to_row_error(row: int, error: DomainError) -> RowError:
    return RowError(row, "graduasi_id", type(error).__name__, jobs.to_words(error), error.values())


async def _hold_changed_rows(
    session: AsyncSession, rows: dict[int, ApprovedCase], act: Act
) -> list[RowError]:
    """Postpone the cases whose facts have changed, remove them from `rows`, and return their errors."""
    held_cases = await hold_changed_cases(session, [(one.case, one.policy) for one in rows.values()], act)
    changes = {one.graduasi_id: to_refusal(one.changes) for one in held_cases}
    refused = {
        row: changes[one.case.graduasi_id] for row, one in rows.items() if one.case.graduasi_id in changes
    }
    for row in refused:
        del rows[row]
    return [_to_row_error(row, error) for row, error in refused.items()]


def parse_graduasi_id(line: str) -> UUID | None:
    """Return the graduasi_id of a line, or None if the line is not a UUID."""
    try:
        return UUID(line.strip())
    except ValueError:
        return None
