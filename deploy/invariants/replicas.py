"""I5 of docs/messaging.md#invariants by row: a replica has exactly the rows of its owner."""

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
STATUS = "SELECT pendamping_id, status, from_on FROM replica_pendamping.pendamping_status"
CAME = "SELECT rujukan_program_id, {day} FROM {table} WHERE {day} IS NOT NULL"
OFFERS = (
    ("registry", "replica_rujukan.rujukan_program"),
    ("graduation", "replica_rujukan.rujukan_program"),
    ("caseload", "replica_aid.aid"),
)
# An owner's range column as the two columns of its event.
DATED = "lower(valid), upper(valid)"
DATED_OR_CANCELLED = "coalesce(lower(valid), cancelled_from), coalesce(upper(valid), cancelled_from)"


def over(statement: str, schema: str) -> str:
    """Return a statement over a replica's schema, or over the owner's tables."""
    return statement.format(schema=f"{schema}." if schema else "")


@dataclass(frozen=True, slots=True)
class Replicated:
    """A replicated entity: its owner's statement, and the statement of each replica."""

    name: str
    owner: str
    own: str
    readers: Mapping[str, str]


REPLICATED = (
    Replicated(
        "pendamping",
        "registry",
        "SELECT DISTINCT ON (pendamping_id, from_on) pendamping_id, status, from_on FROM pendamping_status_history"
        " ORDER BY pendamping_id, from_on, number DESC",
        dict.fromkeys(("caseload", "graduation", "referral"), STATUS),
    ),
    Replicated(
        "penugasan",
        "registry",
        over(PLACED, ""),
        {name: over(PLACED, "replica_pendamping") for name in ("caseload", "graduation", "referral")},
    ),
    Replicated(
        "wilayah_tugas",
        "registry",
        over(COVERED, ""),
        {name: over(COVERED, "replica_pendamping") for name in ("caseload", "graduation", "referral")},
    ),
    Replicated(
        "kpm",
        "caseload",
        over(FAMILY, ""),
        {
            "registry": over(FAMILY, "replica_coverage"),
            "graduation": over(FAMILY, "replica_kpm"),
            "referral": over(FAMILY, "replica_kpm"),
        },
    ),
    Replicated(
        "kepesertaan",
        "caseload",
        over(MEMBER, "").replace("valid_from, valid_to", DATED_OR_CANCELLED),
        {"registry": over(MEMBER, "replica_coverage"), "graduation": over(MEMBER, "replica_kpm")},
    ),
    Replicated(
        "dampingan",
        "caseload",
        over(HELD, "").replace("valid_from, valid_to", DATED_OR_CANCELLED),
        {
            "registry": over(HELD, "replica_load"),
            "graduation": over(HELD, "replica_kpm"),
            "referral": over(HELD, "replica_kpm"),
        },
    ),
    Replicated(
        "usaha",
        "caseload",
        over(BUSINESS, ""),
        {"graduation": over(BUSINESS, "replica_kpm"), "referral": over(BUSINESS, "replica_kpm")},
    ),
    Replicated(
        "kunjungan",
        "caseload",
        "SELECT kunjungan_id, kpm_id, penugasan_id, visited_on, voided_on IS NOT NULL FROM kunjungan",
        {"registry": 'SELECT kunjungan_id, kpm_id, penugasan_id, "on", voided FROM replica_load.kunjungan'},
    ),
    Replicated(
        "p2k2",
        "caseload",
        "SELECT p2k2_sesi_id, penugasan_id, held_on, invited, attended, voided_on IS NOT NULL FROM p2k2_sesi",
        {
            "registry": 'SELECT p2k2_sesi_id, penugasan_id, "on", invited, attended, voided'
            " FROM replica_load.p2k2"
        },
    ),
    Replicated(
        "credit",
        "graduation",
        COUNTED.format(reversed="state <> 'GRANTED'", schema="") + " WHERE granted_on IS NOT NULL",
        {"registry": COUNTED.format(reversed="reversed", schema="replica_credit.")},
    ),
    Replicated(
        "graduasi",
        "graduation",
        "SELECT graduasi_id, p.kpm_id, p.exit_reason, state = 'DIPULIHKAN', certificate_no IS NOT NULL"
        " FROM penetapan JOIN graduasi p USING (graduasi_id) LEFT JOIN certificate USING (graduasi_id)",
        {
            "registry": "SELECT graduasi_id, kpm_id, exit_reason, annulled_on IS NOT NULL, effective_on IS NOT NULL"
            " FROM replica_graduasi.graduasi"
        },
    ),
    Replicated(
        "monitoring",
        "graduation",
        "SELECT DISTINCT ON (graduasi_id, month) graduasi_id, month FROM monitoring_task WHERE recorded_on IS NOT NULL",
        {
            "registry": "SELECT graduasi_id, month FROM replica_graduasi.monitoring WHERE month > 0 AND NOT voided"
        },
    ),
    Replicated(
        "case mark",
        "graduation",
        "SELECT graduasi_id, kepesertaan_id, CASE WHEN state = 'DIPULIHKAN' THEN 'ANNULLED' WHEN certificate_no IS NOT"
        " NULL THEN 'EFFECTIVE' WHEN sk_id IS NOT NULL THEN 'DETERMINED' WHEN state IN ('DITOLAK', 'DIBATALKAN') THEN"
        " 'CLOSED' ELSE 'OPEN' END, EXISTS (SELECT FROM sanggah s WHERE s.graduasi_id = graduasi.graduasi_id AND s.state"
        " = 'DIAJUKAN' AND s.suspends) FROM graduasi LEFT JOIN penetapan USING (graduasi_id) LEFT JOIN certificate USING (graduasi_id)"
        " WHERE EXISTS (SELECT FROM platform.outbox o WHERE o.topic = 'pilar.graduation' AND o.key ="
        " graduasi.kpm_id::text AND o.body::json -> 'data' ->> 'graduasi_id' = graduasi.graduasi_id::text AND"
        " o.wire <> 'graduation.kpm_assessed.v1')",
        {"caseload": "SELECT graduasi_id, kepesertaan_id, state, held FROM case_mark"},
    ),
    Replicated(
        "rujukan",
        "referral",
        over(OPENED, "") + PAST,
        {"registry": over(OPENED, "replica_rujukan"), "graduation": over(OPENED, "replica_rujukan")},
    ),
    Replicated(
        "delivery",
        "referral",
        CAME.format(day="delivered_on", table="rujukan_program"),
        {name: CAME.format(day="delivered_on", table=table) for name, table in OFFERS},
    ),
    Replicated(
        "amount",
        "referral",
        CAME.format(day="amount_rp", table="rujukan_program"),
        {"caseload": CAME.format(day="amount_rp", table="replica_aid.aid")},
    ),
    Replicated(
        "delivered amount",
        "referral",
        CAME.format(day="amount_rp", table="rujukan_program") + " AND delivered_on IS NOT NULL",
        {"graduation": CAME.format(day="amount_rp", table="replica_rujukan.rujukan_program")},
    ),
    Replicated(
        "withdrawal",
        "referral",
        CAME.format(day="withdrawn_on", table="rujukan_program"),
        {name: CAME.format(day="withdrawn_on", table=table) for name, table in OFFERS},
    ),
)


async def replica_faults(services: Mapping[str, Asked]) -> list[str]:
    """Compare each replica with its owner. A fault names the first rows that differ."""
    return [fault for entity in REPLICATED for fault in await differences(services, entity)]


async def differences(services: Mapping[str, Asked], entity: Replicated) -> list[str]:
    own = {tuple(row) for row in await services[entity.owner].sql(entity.own)}
    faults: list[str] = []
    for reader, statement in entity.readers.items():
        replicated = {tuple(row) for row in await services[reader].sql(statement)}
        for problem, rows in (("missing", own - replicated), ("unknown", replicated - own)):
            ids = sorted({str(row[0]) for row in rows})
            if ids:
                first = ", ".join(ids[:SHOWN])
                faults.append(
                    f"{reader}: I5: {problem} {entity.name} of {entity.owner}: {len(ids)} rows, {first}"
                )
    return faults
