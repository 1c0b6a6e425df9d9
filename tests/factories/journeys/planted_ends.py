"""Faults about families, businesses and consents after somebody has died or left, planted by SQL."""

END_FAMILY = (
    "INSERT INTO family_end (kpm_id, ended_on, end_reason, event_id, recorded_on)"
    " SELECT DISTINCT kpm_id, '2026-06-01'::date, '{reason}', gen_random_uuid(), '2026-06-01'::date FROM graduasi;"
)
END_KPM = "UPDATE kpm SET ended_on = '2026-06-01', end_reason = 'MENINGGAL'"
PLANTED_ENDS = {
    "a family that has died has an open case": (
        "graduation",
        END_FAMILY.format(reason="MENINGGAL") + "UPDATE graduasi SET state = 'PEMANTAUAN'",
        "graduation: I6: case * of a family that has died is open",
    ),
    "a family that has ended is monitored": (
        "graduation",
        END_FAMILY.format(reason="BERGABUNG")
        + "UPDATE monitoring_task SET recorded_on = NULL, closed_on = NULL",
        "graduation: I6: case * of a family that has ended has an open monitoring task",
    ),
    "an exit proposal waits behind a refused case": (
        "graduation",
        (
            "UPDATE graduasi SET state = 'DITOLAK'; INSERT INTO exit_proposal (exit_proposal_id, kpm_id, kepesertaan_id,"
            " kode_wilayah, exit_reason, proposer, proposed_on, taken, behind_id, bansos, evidence_sha256, occurred_on,"
            " received_at) SELECT gen_random_uuid(), kpm_id, kepesertaan_id, kode_wilayah, 'PINDAH', 'x', '2026-06-01',"
            " 'WAITING', graduasi_id, 'PKH', repeat('0', 64), '2026-06-01', now() FROM graduasi"
        ),
        "graduation: I6: an exit proposal waits for case",
    ),
    "a family has ended and has members": ("caseload", END_KPM, "caseload: I9: family * has not ended"),
    "a membership of an ended family is not proposed": (
        "caseload",
        END_KPM,
        "caseload: I9: a membership of the ended family",
    ),
    "an ended family is accompanied": (
        "caseload",
        END_KPM + "; UPDATE dampingan SET valid = daterange(lower(valid), NULL)",
        "caseload: I9: the ended family",
    ),
    "a business goes on without its owner": (
        "caseload",
        "UPDATE kpm_anggota SET left_on = joined_on, end_reason = 'PINDAH'",
        "caseload: I9: usaha",
    ),
    "a consent names a person who has left": (
        "referral",
        (
            "UPDATE rujukan_program SET delivered_on = NULL;"
            " UPDATE replica_kpm.kpm SET former_members = ARRAY(SELECT anggota_id FROM consent_person)"
        ),
        "referral: I7: the consent to offer",
    ),
}
