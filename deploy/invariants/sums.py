"""I6 to I9 of docs/messaging.md#invariants: checks within one database or of two."""

from collections.abc import Mapping
from typing import Any

from deploy.invariants.databases import Asked

# By service: the sentence of a fault, and the statement that returns the ids of its rows.
CHECKS = {
    "graduation": {
        "I6: case {0} is in an SK without an act in each stage of its policy": (
            "SELECT p.graduasi_id FROM penetapan p JOIN graduasi g USING (graduasi_id) JOIN policy y USING (policy_id)"
            " WHERE EXISTS (SELECT FROM unnest(y.stages) AS asked WHERE asked <> 'SANGGAH' AND (asked <> 'USUL' OR"
            " g.opened_by NOT LIKE 'system:%') AND NOT EXISTS (SELECT FROM stage_act a WHERE a.graduasi_id ="
            " p.graduasi_id AND a.stage = asked))"
        ),
        "I8: SK {0} counts other cases than it has": (
            "SELECT sk_no FROM sk LEFT JOIN penetapan USING (sk_id) GROUP BY sk.sk_id, sk_no, cases"
            " HAVING count(graduasi_id) <> cases"
        ),
        "I8: case {0} has a penetapan and a state before it, or the reverse": (
            "SELECT graduasi_id FROM graduasi LEFT JOIN penetapan p USING (graduasi_id) WHERE (p.sk_id IS NOT NULL) <>"
            " (state IN ('DITETAPKAN', 'MASA_SANGGAH', 'DISANGGAH', 'EFEKTIF', 'PEMANTAUAN', 'SELESAI', 'DIPULIHKAN')"
            " OR state = 'DITUNDA' AND postponed_from IN ('DITETAPKAN', 'MASA_SANGGAH', 'DISANGGAH'))"
        ),
        "I8: the history of case {0} does not end in its state": (
            "SELECT g.graduasi_id FROM graduasi g LEFT JOIN LATERAL (SELECT to_state FROM graduasi_history h WHERE"
            " h.graduasi_id = g.graduasi_id ORDER BY history_id DESC LIMIT 1) h ON true WHERE g.state <>"
            " coalesce(h.to_state, 'TERIDENTIFIKASI')"
        ),
        "I6: case {0} of a family that has died is open": (
            "SELECT graduasi_id FROM graduasi g JOIN family_end e USING (kpm_id) WHERE e.end_reason = 'MENINGGAL'"
            " AND g.exit_reason <> 'MENINGGAL' AND g.state NOT IN ('SELESAI', 'DITOLAK', 'DIBATALKAN', 'DIPULIHKAN')"
        ),
        "I6: case {0} of a family that has ended has an open monitoring task": (
            "SELECT graduasi_id FROM graduasi g JOIN family_end USING (kpm_id) WHERE g.exit_reason <> 'MENINGGAL' AND"
            " EXISTS (SELECT FROM monitoring_task t WHERE t.graduasi_id = g.graduasi_id AND t.recorded_on IS NULL AND"
            " t.closed_on IS NULL)"
        ),
        "I6: an exit proposal waits for case {0}, which has ended without an exit": (
            "SELECT g.graduasi_id FROM graduasi g JOIN exit_proposal p ON p.behind_id = g.graduasi_id WHERE p.taken ="
            " 'WAITING' AND g.state IN ('DITOLAK', 'DIBATALKAN', 'DIPULIHKAN')"
        ),
        "I8: case {0} is in DISANGGAH without an open sanggah, or the reverse": (
            "SELECT graduasi_id FROM graduasi g WHERE EXISTS (SELECT FROM sanggah s WHERE s.graduasi_id = g.graduasi_id"
            " AND s.state = 'DIAJUKAN' AND s.suspends) <> (g.state = 'DISANGGAH' OR g.postponed_from IS NOT DISTINCT FROM 'DISANGGAH')"
        ),
    },
    "caseload": {
        "I9: family {0} has two PKH pendamping on one day": (
            "SELECT a.kpm_id FROM dampingan a JOIN dampingan b ON a.kpm_id = b.kpm_id AND a.dampingan_id < b.dampingan_id"
            " AND a.valid && b.valid WHERE a.kind = 'PKH_PENDAMPING' AND b.kind = 'PKH_PENDAMPING'"
        ),
        "I9: family {0} has two memberships of one bansos on one day": (
            "SELECT a.kpm_id FROM kepesertaan a JOIN kepesertaan b ON a.kpm_id = b.kpm_id AND a.bansos = b.bansos"
            " AND a.kepesertaan_id < b.kepesertaan_id AND a.valid && b.valid"
        ),
        "I9: family {0} has not ended and has no member, or the reverse": (
            "SELECT kpm_id FROM kpm WHERE (ended_on IS NULL) <> EXISTS (SELECT FROM kpm_anggota a WHERE a.kpm_id ="
            " kpm.kpm_id AND a.left_on IS NULL)"
        ),
        "I9: usaha {0} has not ended and its owner is no member of its family": (
            "SELECT usaha_id FROM usaha u WHERE ended_on IS NULL AND NOT EXISTS (SELECT FROM kpm_anggota a WHERE"
            " a.anggota_id = u.anggota_id AND a.kpm_id = u.kpm_id AND a.left_on IS NULL)"
        ),
        "I9: a membership of the ended family {0} is neither proposed nor decided": (
            "SELECT k.kpm_id FROM kepesertaan k JOIN kpm USING (kpm_id) WHERE ended_on IS NOT NULL AND"
            " upper_inf(k.valid) AND NOT EXISTS (SELECT FROM exit_proposal e WHERE e.kepesertaan_id = k.kepesertaan_id)"
            " AND NOT EXISTS (SELECT FROM kepesertaan_pending p WHERE p.kepesertaan_id = k.kepesertaan_id)"
        ),
        "I9: the ended family {0} has a gap, a task or a dampingan without an end": (
            "SELECT kpm_id FROM kpm WHERE ended_on IS NOT NULL AND (EXISTS (SELECT FROM dampingan d WHERE d.kpm_id ="
            " kpm.kpm_id AND upper_inf(d.valid)) OR EXISTS (SELECT FROM dampingan_gap g WHERE g.kpm_id = kpm.kpm_id"
            " AND g.until IS NULL) OR EXISTS (SELECT FROM tugas t WHERE t.kpm_id = kpm.kpm_id AND t.done_at IS NULL))"
        ),
        "I8: the attendance of family {0} differs from its sessions that are not voided": (
            "SELECT kpm_id FROM kpm LEFT JOIN (SELECT a.kpm_id, count(*) AS invited, count(*) FILTER (WHERE presence ="
            " 'HADIR') AS attended FROM p2k2_kehadiran a JOIN p2k2_sesi USING (p2k2_sesi_id) WHERE voided_on IS NULL"
            " GROUP BY 1) s USING (kpm_id) WHERE coalesce((facts ->> 'p2k2_invited')::int, 0) <> coalesce(invited, 0) OR"
            " coalesce((facts ->> 'p2k2_attended')::int, 0) <> coalesce(attended, 0)"
        ),
        "I8: hand-over {0} does not account for every family": (
            "SELECT hand_over_id FROM hand_over h JOIN platform.job j USING (job_id) WHERE j.state = 'DONE' AND families +"
            " coalesce((report ->> 'added')::int, 0) <> done + refused + coalesce((report ->> 'left_out')::int, 0)"
        ),
        "I8: the load of penugasan {0} differs from its families": (
            "SELECT coalesce(l.penugasan_id, d.penugasan_id) FROM dampingan_load l FULL JOIN (SELECT penugasan_id,"
            " count(*) AS n FROM dampingan WHERE NOT ended AND purpose = 'PENDAMPINGAN' GROUP BY 1) d USING"
            " (penugasan_id) WHERE coalesce(weighing, 0) <> coalesce(n, 0)"
        ),
    },
    "referral": {
        "I7: rujukan {0} is DICABUT and has an open offer": (
            "SELECT DISTINCT rujukan_id FROM rujukan r JOIN rujukan_program p USING (rujukan_id) WHERE r.state ="
            " 'DICABUT' AND p.state NOT IN ('DITOLAK', 'TUTUP', 'KEDALUWARSA', 'DICABUT')"
        ),
        "I7: rujukan {0} is paused without a sanggah, or not paused with one": (
            "SELECT rujukan_id FROM rujukan r WHERE state = 'TERBUKA' AND paused <> EXISTS (SELECT FROM rujukan_pause p WHERE"
            " p.rujukan_id = r.rujukan_id AND resumed_on IS NULL)"
        ),
        "I7: the consent to offer {0} is in force and names a person who has left": (
            "SELECT rujukan_program_id FROM rujukan_program p JOIN consent c USING (rujukan_program_id) WHERE"
            " c.withdrawn_on IS NULL AND c.lapsed_on IS NULL AND p.delivered_on IS NULL AND EXISTS (SELECT FROM"
            " consent_person n JOIN replica_kpm.kpm k ON k.kpm_id = p.kpm_id WHERE n.consent_id = c.consent_id AND"
            " n.anggota_id = ANY (k.former_members))"
        ),
        "I7: what offer {0} shared differs from its attempts and inbox reads": (
            "SELECT rujukan_program_id FROM rujukan_program p, LATERAL (SELECT array(SELECT unnest(fields) FROM"
            " delivery_attempt a WHERE a.rujukan_program_id = p.rujukan_program_id UNION SELECT unnest(fields) FROM"
            " inbox_read r WHERE r.rujukan_program_id = p.rujukan_program_id) AS names) AS left_with WHERE"
            " NOT (shared_fields @> names AND shared_fields <@ names) OR (shared_on IS NULL) <> (names = '{}')"
        ),
        "I7: offer {0} was shared and withdrawn, and its partner is not notified": (
            "SELECT rujukan_program_id FROM rujukan_program p WHERE shared_on IS NOT NULL AND state = 'DICABUT' AND NOT"
            " EXISTS (SELECT FROM partner_notice n WHERE n.rujukan_program_id = p.rujukan_program_id AND n.notice ="
            " 'DICABUT')"
        ),
        "I8: the counts of quota {0} differ from its places": (
            "SELECT q.quota_id FROM program_quota q WHERE taken <> (SELECT count(*) FROM quota_place p WHERE p.quota_id"
            " = q.quota_id AND released_on IS NULL) OR waiting <> (SELECT count(*) FROM waiting_list_entry w WHERE w.quota_id ="
            " q.quota_id AND left_on IS NULL)"
        ),
        "I8: offer {0} has ended without aid and has a place": (
            "SELECT rujukan_program_id FROM quota_place JOIN rujukan_program USING (rujukan_program_id) WHERE"
            " released_on IS NULL AND delivered_on IS NULL AND state IN ('DITOLAK', 'KEDALUWARSA', 'DICABUT')"
        ),
    },
}
EFFECT = (
    "SELECT graduasi_id, effective_on, last_payable_tahap FROM penetapan JOIN certificate USING (graduasi_id)"
)
# A membership that a next one follows on its end date may end on another day than its case (caseload).
ENDED = (
    "SELECT graduasi_id, upper(valid) AS ended_on, last_payable_tahap FROM kepesertaan k WHERE exit_reason IS NOT NULL"
    " AND upper(valid) > lower(valid) + 1 AND NOT EXISTS (SELECT FROM kepesertaan n WHERE n.kpm_id = k.kpm_id AND"
    " n.bansos = k.bansos AND lower(n.valid) = upper(k.valid))"
)
BACK_PAY = "SELECT graduasi_id, tahap, paid, reason_code FROM back_payment"
APPLIED_BACK_PAY = (
    "SELECT graduasi_id, one ->> 'tahap', (one ->> 'paid')::boolean, one ->> 'reason' FROM case_mark,"
    " jsonb_array_elements(back_pay) AS one"
)
SUSPENDED = "SELECT rujukan_id, graduasi_id, paused FROM rujukan WHERE state = 'TERBUKA'"


async def sum_faults(services: Mapping[str, Asked]) -> list[str]:
    faults = [
        f"{name}: {sentence.format(row[0])}"
        for name, checks in CHECKS.items()
        for sentence, statement in checks.items()
        for row in await services[name].sql(statement)
    ]
    faults += await back_pay_as_decided(services)
    return faults + await ended_as_decided(services) + await suspended_together(services)


async def back_pay_as_decided(services: Mapping[str, Asked]) -> list[str]:
    """Check I8: caseload has graduation's decision on each withheld tahap, and no other one."""
    decided = {tuple(row) for row in await services["graduation"].sql(BACK_PAY)}
    applied = {tuple(row) for row in await services["caseload"].sql(APPLIED_BACK_PAY)}
    return [
        f"caseload: I8: tahap {row[1]} of case {row[0]} is {row[3]}, paid {row[2]}, in one service only"
        for row in sorted(decided ^ applied, key=str)
    ]


async def ended_as_decided(services: Mapping[str, Asked]) -> list[str]:
    """Check I8: a membership has the end date and the last tahap of its exit."""
    decided: dict[Any, Any] = {row[0]: tuple(row)[1:] for row in await services["graduation"].sql(EFFECT)}
    return [
        f"caseload: I8: case {row[0]} ends its membership on {row[1]} after {row[2]}, decided: {decided[row[0]]}"
        for row in await services["caseload"].sql(ENDED)
        if row[0] in decided and decided[row[0]] != (row[1], row[2])
    ]


async def suspended_together(services: Mapping[str, Asked]) -> list[str]:
    """Check I7: a rujukan is paused exactly while its case has an open sanggah."""
    rows = await services["graduation"].sql(
        "SELECT graduasi_id FROM sanggah WHERE state = 'DIAJUKAN' AND suspends"
    )
    objected = {row[0] for row in rows}
    return [
        f"referral: I7: rujukan {row[0]} is {'paused' if row[2] else 'not paused'}, unlike graduation's sanggah"
        for row in await services["referral"].sql(SUSPENDED)
        if row[2] != (row[1] in objected)
    ]
