"""Route to record families from a file."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field
from starlette.responses import Response

from services.caseload.intake.commands.request import request_intake
from services.caseload.intake.errors import ROW_REFUSALS
from services.caseload.intake.rules.notes import ROW_CHANGES, ROW_WARNINGS
from shared.access import Permission
from shared.fields import Body, Day, JobAccepted, Sha256
from shared.http import CurrentActor, Router, Session, may
from shared.remedies import CORRECT_REQUEST

intake = Router(tag="intake")


class IntakeRequest(Body):
    """The uploaded file (`POST /v1/files`) to record. A dry run reports and changes nothing.

    A dry run does not list families whose card or members are recorded outside the caller's area. The report counts
    them under `elsewhere_families`, in full tens. The intake itself refuses them.

    `as_of` is the day on which the file was true, today if it is not given. What is recorded later than that day stays.
    A blank cell keeps what is recorded, and the word HAPUS clears address, phone, komponen, NIB and business. What the
    intake ends, clears, changes or keeps is listed at `/v1/jobs/{job_id}/changes`, also by a dry run.

    CSV, UTF-8, `,`, `;` or tabs, one row per member, one pengurus per family. The columns: no_kk, nik, name,
    sex (L, P), birth_date, relation, married, pengurus (YA, TIDAK), komponen (`ANAK_SMA:2026-12-31|LANJUT_USIA`),
    kode_wilayah (desa), address, phone, bansos (`PKH:2019-02-01|PBI:2019-01-01`), desil (`NAS:5:2026-Q1`),
    pendamping_no, usaha_sector, usaha_started_on, usaha_omzet_rp, usaha_nib, usaha_letter (YA, TIDAK). Address, phone,
    bansos, desil and pendamping_no are read from the pengurus' row.
    """

    sha256: Sha256
    dry_run: bool = Field(default=False, strict=True)
    as_of: Day | None = None


def _enum_of(name: str, codes: Mapping[str, tuple[str, str]]) -> dict[str, Any]:
    labels = {code: {"en": en, "id": indonesian} for code, (en, indonesian) in codes.items()}
    return {"type": "string", "enum": [*codes], "x-enum": name, "x-enum-labels": labels}


# The codes of the rows that a job lists, by list. Its sentences have values in braces.
ROW_CODES = {
    "errors": _enum_of("IntakeRefusal", ROW_REFUSALS),
    "warnings": _enum_of("IntakeWarning", ROW_WARNINGS),
    "changes": _enum_of("IntakeChange", ROW_CHANGES),
}


@intake.post("/intake", status_code=202, openapi_extra={"x-row-codes": ROW_CODES})
@may(Permission.KPM_INTAKE, key_required=True, undo=CORRECT_REQUEST)
async def request_family_intake(
    body: IntakeRequest, session: Session, actor: CurrentActor, response: Response
) -> JobAccepted:
    """Start the intake of a family file. The job's errors list the refused rows.

    `x-row-codes` has the codes of the job's errors, warnings and changes, with their sentences.
    """
    job_id = await request_intake(session, actor, **dict(body))
    response.headers["Location"] = f"/v1/jobs/{job_id}"
    return JobAccepted(job_id=job_id, job=f"/v1/jobs/{job_id}")
