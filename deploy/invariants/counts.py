"""I8 of docs/messaging.md#invariants: figures of today that two services count."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from deploy.invariants.databases import Asked

TODAY = (
    "SELECT ((now() + coalesce((SELECT offset_seconds FROM platform.business_clock), 0) * interval '1 second')"
    " AT TIME ZONE 'Asia/Jakarta')::date"
)
# docs/case-lifecycle.md#unaccompanied-families, from the facts of each service.
UNACCOMPANIED = (
    "SELECT kpm_id FROM kpm WHERE needs_pendamping(kpm_id, $1) AND NOT EXISTS (SELECT FROM dampingan d WHERE d.kpm_id ="
    " kpm.kpm_id AND d.kind = 'PKH_PENDAMPING' AND d.valid @> $1)"
)
LISTED = "SELECT kpm_id FROM dampingan_gap WHERE since <= $1 AND coalesce(until > $1, true) AND needs_pendamping(kpm_id, $1)"
COUNTED = (
    "SELECT kpm_id FROM replica_coverage.kpm f WHERE ended_on IS NULL AND NOT EXISTS (SELECT FROM replica_load.dampingan d"
    " WHERE d.kpm_id = f.kpm_id AND d.kind = 'PKH_PENDAMPING' AND d.valid_from <= $1 AND coalesce(d.valid_to > $1, true))"
    " AND EXISTS (SELECT FROM replica_coverage.kepesertaan k LEFT JOIN replica_graduasi.graduasi g USING (graduasi_id)"
    " LEFT JOIN replica_graduasi.monitoring_end e USING (graduasi_id) WHERE k.kpm_id = f.kpm_id AND k.valid_from <= $1 AND"
    " (k.bansos = 'PKH' AND (coalesce(k.valid_to > $1, true) OR k.graduasi_id IN ({held})) OR k.valid_to <= $1 AND"
    " g.effective_on IS NOT NULL AND g.monitoring_months IS DISTINCT FROM 0 AND coalesce(e.ended_on >= $1, true)))"
)
HELD = (
    "SELECT graduasi_id FROM replica_graduasi.sanggah WHERE suspends AND coalesce(outcome = 'DITERIMA', true)"
)
ENDED = (
    "SELECT kepesertaan_id FROM kepesertaan k WHERE exit_reason IS NOT NULL AND upper(valid) <= $1 AND NOT EXISTS"
    " (SELECT FROM case_mark c WHERE c.graduasi_id = k.graduasi_id AND c.held)"
)
ENDED_IN_REGISTRY = (
    "SELECT kepesertaan_id FROM replica_coverage.kepesertaan WHERE exit_reason IS NOT NULL AND valid_to <= $1 AND"
    " graduasi_id NOT IN ({held})"
)


async def figure_faults(services: Mapping[str, Asked]) -> list[str]:
    """Check I8: unaccompanied families and ended memberships are the same ones in both services."""
    caseload, registry = services["caseload"], services["registry"]
    today: date = (await caseload.sql(TODAY))[0][0]
    unaccompanied = await read_ids(caseload, UNACCOMPANIED, today)
    ended = await read_ids(caseload, ENDED, today)
    compared = (
        ("caseload: I8: family {0} is unaccompanied and not listed", unaccompanied, LISTED, caseload),
        ("registry: I8: family {0} is unaccompanied and not counted", unaccompanied, COUNTED, registry),
        ("registry: I8: membership {0} has ended and is not counted", ended, ENDED_IN_REGISTRY, registry),
    )
    return [
        f"{sentence.format(id_)}, or the reverse"
        for sentence, expected, statement, service in compared
        for id_ in sorted(expected ^ await read_ids(service, statement.format(held=HELD), today), key=str)
    ]


async def read_ids(service: Asked, statement: str, today: date) -> set[Any]:
    """Return the ids that a statement finds on a day."""
    return {row[0] for row in await service.sql(statement, today)}
