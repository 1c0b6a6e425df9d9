"""Faults in figures that two services count, planted by SQL."""

VOIDED_VISIT = (
    'INSERT INTO replica_load.kunjungan (kunjungan_id, kpm_id, pendamping_id, penugasan_id, kode_wilayah, "on", voided)'
    " SELECT gen_random_uuid(), kpm_id, gen_random_uuid(), gen_random_uuid(), kode_wilayah, '2026-06-01', true"
    " FROM replica_coverage.kpm LIMIT 1"
)
VOIDED_SESSION = (
    'INSERT INTO replica_load.p2k2 (p2k2_sesi_id, pendamping_id, penugasan_id, kode_wilayah, "on", invited, attended,'
    " voided) VALUES (gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), '33.24.09.2011', '2026-06-01', 5, 4, true)"
)
PLANTED_COUNTS = {
    "a family without a pendamping has no gap": (
        "caseload",
        "UPDATE dampingan SET valid = daterange(lower(valid), lower(valid) + 1)",
        "caseload: I8: family * is unaccompanied and not listed",
    ),
    "an accompanied family has a gap": (
        "caseload",
        (
            "INSERT INTO dampingan_gap (gap_id, kpm_id, since, cause, purpose) SELECT gen_random_uuid(), kpm_id,"
            " '2026-01-01', 'BELUM_ADA', 'PENDAMPINGAN' FROM dampingan"
        ),
        "caseload: I8: family * is unaccompanied and not listed",
    ),
    "registry counts an accompanied family as unaccompanied": (
        "registry",
        "UPDATE replica_load.dampingan SET kind = 'REHSOS_PENDAMPING'",
        "registry: I8: family * is unaccompanied and not counted",
    ),
    "registry does not know that an objection holds an end": (
        "registry",
        (
            "INSERT INTO replica_graduasi.sanggah (sanggah_id, graduasi_id, suspends) SELECT gen_random_uuid(),"
            " graduasi_id, true FROM replica_coverage.kepesertaan WHERE graduasi_id IS NOT NULL"
        ),
        "registry: I8: membership * has ended and is not counted",
    ),
    "a voided visit is not caseload's": (
        "registry",
        VOIDED_VISIT,
        "registry: I5: unknown kunjungan of caseload",
    ),
    "a voided session is not caseload's": (
        "registry",
        VOIDED_SESSION,
        "registry: I5: unknown p2k2 of caseload",
    ),
    "attendance is counted that no session has": (
        "caseload",
        "UPDATE kpm SET facts = facts || '{\"p2k2_attended\": 99}'",
        "caseload: I8: the attendance of family",
    ),
    "a hand-over lost a family": (
        "caseload",
        (
            "INSERT INTO platform.job (job_id, kind, state, done, actor_sub, actor) VALUES (gen_random_uuid(),"
            " 'hand_over.run', 'DONE', 12, 'x', '{}'); INSERT INTO hand_over (hand_over_id, from_penugasan_id,"
            " to_penugasan_id, kode_wilayah, reason_sealed, families, asked_by, asked_at, on_date, job_id) SELECT"
            " gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), '33.24.09.2011', '', 14, 'x', now(),"
            " '2026-06-01', job_id FROM platform.job WHERE kind = 'hand_over.run'"
        ),
        "caseload: I8: hand-over * does not account for every family",
    ),
}
