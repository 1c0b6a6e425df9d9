"""Changes of replicas by SQL, and how each differs from its owner."""

CHANGED_REPLICAS = (
    ("caseload", "pendamping", "missing", "UPDATE replica_pendamping.pendamping_status SET status = 'CUTI'"),
    ("graduation", "penugasan", "missing", "UPDATE replica_pendamping.penugasan SET valid_to = '2027-01-01'"),
    (
        "referral",
        "wilayah_tugas",
        "unknown",
        "UPDATE replica_pendamping.wilayah_tugas SET kode_wilayah = '33'",
    ),
    (
        "registry",
        "kpm",
        "missing",
        "DELETE FROM replica_coverage.kpm WHERE kpm_id = (SELECT min(kpm_id::text)::uuid FROM replica_coverage.kpm)",
    ),
    ("graduation", "kpm", "unknown", "UPDATE replica_kpm.kpm SET kode_wilayah = '33.24.01.2001'"),
    ("registry", "kepesertaan", "missing", "UPDATE replica_coverage.kepesertaan SET valid_to = NULL"),
    ("graduation", "kepesertaan", "missing", "DELETE FROM replica_kpm.kepesertaan WHERE bansos = 'SEMBAKO'"),
    ("registry", "dampingan", "missing", "UPDATE replica_load.dampingan SET purpose = 'PENDAMPINGAN'"),
    (
        "referral",
        "dampingan",
        "missing",
        "UPDATE replica_kpm.dampingan SET pendamping_id = gen_random_uuid()",
    ),
    ("graduation", "usaha", "missing", "UPDATE replica_kpm.usaha SET omzet_rp = omzet_rp + 1"),
    ("registry", "credit", "missing", "UPDATE replica_credit.credit SET year = year + 1"),
    (
        "registry",
        "graduasi",
        "unknown",
        "UPDATE replica_graduasi.graduasi SET annulled_on = '2026-07-01'",
    ),
    ("caseload", "case mark", "missing", "UPDATE case_mark SET held = true"),
    ("graduation", "rujukan", "missing", "DELETE FROM replica_rujukan.rujukan"),
    ("caseload", "delivery", "missing", "UPDATE replica_aid.aid SET delivered_on = NULL"),
    ("caseload", "amount", "missing", "UPDATE replica_aid.aid SET amount_rp = 1"),
    (
        "graduation",
        "delivered amount",
        "missing",
        "UPDATE replica_rujukan.rujukan_program SET amount_rp = 1",
    ),
    (
        "registry",
        "withdrawal",
        "unknown",
        "UPDATE replica_rujukan.rujukan_program SET withdrawn_on = '2026-07-01'",
    ),
)
