"""Latency of the first page of each worklist with a million families."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from deploy.bench.figure import Aim, Figure
from deploy.bench.testbed import Testbed
from shared.privacy import Vault

MILLION = Path(__file__).with_name("million")
AREA = "11.10"
P95_MS = 25
# The floor: the same rows as JSON from PostgreSQL, without scope, cursor or decryption.
AS_JSON = "SELECT json_agg(page) FROM ({}) AS page"


@dataclass(frozen=True, slots=True)
class Worklist:
    """A list, the role that reads it, and a plain query of the same rows."""

    service: str
    name: str
    role: str
    path: str
    rows: str

    @property
    def areas(self) -> list[str]:
        return ["*"] if self.role == "KEMENSOS" else [AREA]


MY_FAMILIES = (
    "SELECT k.kpm_id, k.kode_wilayah, a.name_sealed FROM dampingan d JOIN kpm k USING (kpm_id)"
    " JOIN kpm_anggota a ON a.kpm_id = k.kpm_id AND a.pengurus WHERE d.pendamping_id = $1"
    " AND d.valid @> date '2026-05-18' ORDER BY k.kpm_id LIMIT 50"
)
WORKLISTS = (
    Worklist("caseload", "my families", "PENDAMPING", "/v1/kpm", MY_FAMILIES),
    Worklist(
        *("caseload", "families of an area", "DINSOS_KABKOTA", "/v1/kpm"),
        "SELECT k.kpm_id, k.kode_wilayah, a.name_sealed FROM kpm k JOIN kpm_anggota a ON a.kpm_id = k.kpm_id"
        " AND a.pengurus WHERE k.kode_wilayah >= '11.10' AND k.kode_wilayah < '11.10/' ORDER BY k.kode_wilayah, k.kpm_id LIMIT 50",
    ),
    Worklist(
        *("caseload", "my tasks", "PENDAMPING", "/v1/tugas"),
        "SELECT t.* FROM dampingan d JOIN tugas t USING (kpm_id) WHERE d.pendamping_id = $1 AND t.done_at IS NULL"
        " ORDER BY t.due_on, t.tugas_id LIMIT 50",
    ),
    Worklist(
        *("graduation", "my candidates", "PENDAMPING", "/v1/candidate?exit_reason=SEJAHTERA_MANDIRI"),
        "SELECT c.* FROM replica_kpm.dampingan d JOIN replica_kpm.candidate c USING (kpm_id) WHERE d.pendamping_id = $1"
        " ORDER BY c.kabkota, c.rank_nas, c.kepesertaan_id LIMIT 50",
    ),
    Worklist(
        *(
            "graduation",
            "candidates of an area",
            "DINSOS_KABKOTA",
            "/v1/candidate?exit_reason=SEJAHTERA_MANDIRI",
        ),
        "SELECT c.* FROM replica_kpm.candidate c WHERE c.kabkota = '11.10' ORDER BY c.rank_nas, c.kepesertaan_id LIMIT 50",
    ),
    Worklist(
        *("graduation", "cases waiting for me", "KETUA_TIM_KABKOTA", "/v1/graduasi?waiting=me"),
        "SELECT g.* FROM graduasi g WHERE state IN ('DIUSULKAN', 'DITUNDA') AND kode_wilayah >= '11.10' AND kode_wilayah < '11.10/'"
        " ORDER BY graduasi_id LIMIT 50",
    ),
    Worklist(
        *("graduation", "cases waiting for the ministry", "KEMENSOS", "/v1/graduasi?waiting=me"),
        "SELECT g.* FROM graduasi g WHERE state IN ('DISETUJUI_DINSOS', 'DITUNDA') ORDER BY since_on, graduasi_id LIMIT 50",
    ),
    Worklist(
        *("graduation", "my monitoring due", "PENDAMPING", "/v1/monitoring?mine=true"),
        "SELECT t.* FROM replica_kpm.dampingan d JOIN monitoring_task t USING (kpm_id) WHERE d.pendamping_id = $1"
        " AND t.recorded_on IS NULL ORDER BY t.due_on, t.task_id LIMIT 50",
    ),
    Worklist(
        *("graduation", "sanggah waiting", "DINSOS_KABKOTA", "/v1/sanggah?waiting=me"),
        "SELECT s.* FROM sanggah s WHERE state = 'DIAJUKAN' AND kode_wilayah >= '11.10' AND kode_wilayah < '11.10/'"
        " ORDER BY lodged_on, sanggah_id LIMIT 50",
    ),
    Worklist(
        *("referral", "offers waiting for me", "PENDAMPING", "/v1/rujukan-program?waiting=me"),
        "SELECT o.* FROM replica_kpm.dampingan d JOIN rujukan_program o USING (kpm_id) WHERE d.pendamping_id = $1"
        " AND o.state IN ('DRAF', 'PERLU_DATA') ORDER BY o.rujukan_program_id LIMIT 50",
    ),
)


async def worklists(testbed: Testbed, *, quick: bool) -> list[Figure]:
    """Measure one list after another, in turns with the bare query."""
    count, times = (10_000, 20) if quick else (1_000_000, 200)
    for service in dict.fromkeys(worklist.service for worklist in WORKLISTS):
        await fill(testbed, service, count)
    await seal_names(testbed)
    return [await first_page(testbed, worklist, times) for worklist in WORKLISTS]


async def fill(testbed: Testbed, service: str, count: int) -> None:
    """Insert the rows that the service would have after `count` families."""
    connection = await asyncpg.connect(testbed.superuser(service))
    try:
        for name in ("families", service):
            script = (MILLION / f"{name}.sql").read_text("utf-8").replace(":count", str(count))
            for statement in filter(str.strip, script.split(";;")):
                await connection.execute(statement)
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()


async def seal_names(testbed: Testbed) -> None:
    """Seal the names on the measured pages. The pages show no other names."""
    vault = Vault(testbed.data_folder.keys("caseload"), service="caseload")
    rows = await testbed.fetch(
        "caseload",
        "SELECT a.anggota_id, a.nik_index FROM kpm k JOIN kpm_anggota a USING (kpm_id)"
        " WHERE k.kode_wilayah >= $1 AND k.kode_wilayah < $1 || '/'",
        AREA,
    )
    sealed = [
        (
            row["anggota_id"],
            vault.seal("Warga Contoh", table="kpm_anggota", column="name", row_id=row["nik_index"].hex()),
        )
        for row in rows
    ]
    await testbed.fetch(
        "caseload",
        "UPDATE kpm_anggota a SET name_sealed = s.sealed FROM unnest($1::uuid[], $2::bytea[]) AS s(id, sealed)"
        " WHERE a.anggota_id = s.id",
        [anggota_id for anggota_id, _ in sealed],
        [name for _, name in sealed],
    )


async def first_page(testbed: Testbed, worklist: Worklist, times: int) -> Figure:
    api, pendamping_id = (
        await testbed.api(worklist.service),
        await first_pendamping(testbed, worklist.service),
    )
    claims: dict[str, Any] = {"pendamping_id": pendamping_id} if worklist.role == "PENDAMPING" else {}
    token = testbed.issuer.token(worklist.role, "bench-1", worklist.areas, **claims)
    values = [pendamping_id] if "$1" in worklist.rows else []
    ours: list[float] = []
    bare: list[float] = []
    for _ in range(times):
        bare.append(
            await timed(lambda: testbed.fetch(worklist.service, AS_JSON.format(worklist.rows), *values))
        )
        ours.append(await timed(lambda: api.get(worklist.path, token)))
    await refuse_empty_page(await api.get(worklist.path, token), worklist)
    value, floor = p95(ours), p95(bare)
    aim = Aim("value", P95_MS, at_least=False)
    return Figure(
        f"first page, {worklist.name} ({worklist.service}), p95", value, "ms", floor, value / floor, aim
    )


async def first_pendamping(testbed: Testbed, service: str) -> UUID:
    """Return the first pendamping, whose families are in the measured kabupaten."""
    return (await testbed.fetch(service, "SELECT md5('p0')::uuid AS id"))[0]["id"]


async def refuse_empty_page(page: bytes, worklist: Worklist) -> None:
    """Raise if the page is empty, because an empty page is fast."""
    if not json.loads(page)["items"]:
        message = f"{worklist.path} of {worklist.role} is empty"
        raise RuntimeError(message)


async def timed(ask: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await ask()
    return (time.perf_counter() - began) * 1000


def p95(times: list[float]) -> float:
    """Return the 95th percentile without the first tenth, which warms caches and connections."""
    ordered = sorted(times[len(times) // 10 :])
    return ordered[int(len(ordered) * 0.95)]
