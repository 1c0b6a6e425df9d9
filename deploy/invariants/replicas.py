"""I5 of reliability.md, seen in its effect: what a reader keeps of a thing is what its owner has, no row more or less."""

from collections.abc import Mapping
from dataclasses import dataclass

from deploy.invariants.databases import Asked

SHOWN = 3
PLACED = "SELECT penugasan_id, pendamping_id, valid_from, valid_to FROM {schema}penugasan"
COVERED = (
    "SELECT wilayah_tugas_id, penugasan_id, kode_wilayah, valid_from, valid_to FROM {schema}wilayah_tugas"
)
FAMILY = "SELECT kpm_id, kode_wilayah FROM {schema}kpm"
MEMBER = "SELECT kepesertaan_id, kpm_id, bansos, valid_from, valid_to, exit_reason FROM {schema}kepesertaan"
HELD = "SELECT dampingan_id, kpm_id, pendamping_id, purpose, valid_from, valid_to FROM {schema}dampingan"
BUSINESS = "SELECT usaha_id, kpm_id, started_on, omzet_rp, has_letter FROM {schema}usaha"
OPENED = "SELECT rujukan_id, graduasi_id FROM {schema}rujukan"
PAST = " WHERE purpose = 'PASCAGRADUASI'"
COUNTED = "SELECT credit_id, graduasi_id, pendamping_id, penugasan_id, year, exit_reason, {reversed} FROM {schema}credit"
# The last status that holds: who keeps them all has one for each day on which one began.
STATUS = (
    "SELECT DISTINCT ON (pendamping_id) pendamping_id, status, from_on FROM replica_pendamping.pendamping"
    " ORDER BY pendamping_id, from_on DESC"
)
CAME = "SELECT rujukan_program_id, {day} FROM {table} WHERE {day} IS NOT NULL"
OFFERS = (
    ("registry", "replica_rujukan.rujukan_program"),
    ("graduation", "replica_rujukan.rujukan_program"),
    ("caseload", "replica_aid.aid"),
)
# The range of an owner's row, as it travels.
DATED = "lower(valid), upper(valid)"


def of(statement: str, schema: str) -> str:
    """Return a statement over a replica's own schema, or over the owner's tables."""
    return statement.format(schema=f"{schema}." if schema else "")


@dataclass(frozen=True, slots=True)
class Copy:
    """A thing by its noun: whose it is and how it is read there, and how in each service that keeps a copy."""

    noun: str
    owner: str
    own: str
    readers: Mapping[str, str]


COPIES = (
    Copy(
        "pendamping",
        "registry",
        "SELECT pendamping_id, status, status_from_on FROM pendamping",
        dict.fromkeys(("caseload", "graduation", "referral"), STATUS),
    ),
    Copy(
        "penugasan",
        "registry",
        of(PLACED, ""),
        {name: of(PLACED, "replica_pendamping") for name in ("caseload", "graduation", "referral")},
    ),
    Copy(
        "wilayah_tugas",
        "registry",
        of(COVERED, ""),
        {name: of(COVERED, "replica_pendamping") for name in ("caseload", "graduation", "referral")},
    ),
    Copy(
        "kpm",
        "caseload",
        of(FAMILY, ""),
        {
            "registry": of(FAMILY, "replica_coverage"),
            "graduation": of(FAMILY, "replica_kpm"),
            "referral": of(FAMILY, "replica_kpm"),
        },
    ),
    Copy(
        "kepesertaan",
        "caseload",
        of(MEMBER, "").replace("valid_from, valid_to", DATED),
        {"registry": of(MEMBER, "replica_coverage"), "graduation": of(MEMBER, "replica_kpm")},
    ),
    Copy(
        "dampingan",
        "caseload",
        of(HELD, "").replace("valid_from, valid_to", DATED),
        {
            "registry": of(HELD, "replica_load"),
            "graduation": of(HELD, "replica_kpm"),
            "referral": of(HELD, "replica_kpm"),
        },
    ),
    Copy(
        "usaha",
        "caseload",
        of(BUSINESS, ""),
        {"graduation": of(BUSINESS, "replica_kpm"), "referral": of(BUSINESS, "replica_kpm")},
    ),
    Copy(
        "kunjungan",
        "caseload",
        "SELECT kunjungan_id, kpm_id, penugasan_id, visited_on FROM kunjungan",
        {"registry": 'SELECT kunjungan_id, kpm_id, penugasan_id, "on" FROM replica_load.kunjungan'},
    ),
    Copy(
        "credit",
        "graduation",
        COUNTED.format(reversed="reversed_on IS NOT NULL", schema=""),
        {"registry": COUNTED.format(reversed="reversed", schema="replica_credit.")},
    ),
    Copy(
        "graduasi",
        "graduation",
        "SELECT graduasi_id, p.kpm_id, p.exit_reason, state = 'DIPULIHKAN', certificate_no IS NOT NULL"
        " FROM penetapan JOIN graduasi p USING (graduasi_id) LEFT JOIN certificate USING (graduasi_id)",
        {
            "registry": "SELECT graduasi_id, kpm_id, exit_reason, annulled_on IS NOT NULL, effective_on IS NOT NULL"
            " FROM replica_graduasi.graduasi"
        },
    ),
    Copy(
        "monitoring",
        "graduation",
        "SELECT DISTINCT ON (graduasi_id, month) graduasi_id, month FROM monitoring_task WHERE recorded_on IS NOT NULL",
        {"registry": "SELECT graduasi_id, month FROM replica_graduasi.monitoring"},
    ),
    Copy(
        "case mark",
        "graduation",
        "SELECT graduasi_id, kepesertaan_id, CASE WHEN state = 'DIPULIHKAN' THEN 'ANNULLED' WHEN certificate_no IS NOT"
        " NULL THEN 'EFFECTIVE' WHEN sk_id IS NOT NULL THEN 'DETERMINED' WHEN state IN ('DITOLAK', 'DIBATALKAN') THEN"
        " 'CLOSED' ELSE 'OPEN' END, EXISTS (SELECT FROM sanggah s WHERE s.graduasi_id = graduasi.graduasi_id AND s.state"
        " = 'DIAJUKAN') FROM graduasi LEFT JOIN penetapan USING (graduasi_id) LEFT JOIN certificate USING (graduasi_id)"
        " WHERE EXISTS (SELECT FROM platform.outbox o WHERE o.topic = 'pilar.graduation' AND o.key ="
        " graduasi.kpm_id::text AND o.body::json -> 'data' ->> 'graduasi_id' = graduasi.graduasi_id::text AND"
        " o.wire <> 'graduation.kpm_assessed.v1')",
        {"caseload": "SELECT graduasi_id, kepesertaan_id, state, held FROM case_mark"},
    ),
    Copy(
        "rujukan",
        "referral",
        of(OPENED, "") + PAST,
        {"registry": of(OPENED, "replica_rujukan"), "graduation": of(OPENED, "replica_rujukan")},
    ),
    Copy(
        "delivery",
        "referral",
        CAME.format(day="delivered_on", table="rujukan_program"),
        {name: CAME.format(day="delivered_on", table=table) for name, table in OFFERS},
    ),
    Copy(
        "withdrawal",
        "referral",
        CAME.format(day="withdrawn_on", table="rujukan_program"),
        {name: CAME.format(day="withdrawn_on", table=table) for name, table in OFFERS},
    ),
)


async def copy_faults(services: Mapping[str, Asked]) -> list[str]:
    """Each copy held against its owner; the first rows that differ are named by their ids."""
    return [fault for copy in COPIES for fault in await differing(services, copy)]


async def differing(services: Mapping[str, Asked], copy: Copy) -> list[str]:
    own = {tuple(row) for row in await services[copy.owner].sql(copy.own)}
    found: list[str] = []
    for reader, statement in copy.readers.items():
        has = {tuple(row) for row in await services[reader].sql(statement)}
        for word, rows in (("lacks", own - has), ("has another", has - own)):
            ids = sorted({str(row[0]) for row in rows})
            if ids:
                some = ", ".join(ids[:SHOWN])
                found.append(f"{reader}: I5: {word} {copy.noun} than {copy.owner}: {len(ids)}, {some}")
    return found
