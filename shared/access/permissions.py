"""Permissions and the roles that have them, in one table. A route names its permission."""

from enum import StrEnum
from types import MappingProxyType

from shared.roles import (
    AUDITORS,
    DINSOS,
    FIELD,
    MINISTRY,
    OFFICE,
    OPERATORS,
    PARTNERS,
    STAFF,
    TEAM_LEAD,
    VILLAGE,
    Role,
)


class Scope(StrEnum):
    """The rows that a permission opens, from the narrowest scope to the widest."""

    PARTNER = "PARTNER"
    OWN_FAMILIES = "OWN_FAMILIES"
    AREA = "AREA"
    NATIONAL = "NATIONAL"


class Permission(StrEnum):
    """One value for each permitted act: noun, then verb."""

    PENDAMPING_REGISTER = "pendamping.register"
    PENDAMPING_READ = "pendamping.read"
    PENDAMPING_UPDATE = "pendamping.update"
    PENDAMPING_CHANGE_STATUS = "pendamping.change_status"
    PENDAMPING_REVERSE_STATUS = "pendamping.reverse_status"
    PENUGASAN_START = "penugasan.start"
    PENUGASAN_END = "penugasan.end"
    WILAYAH_TUGAS_PLACE = "wilayah_tugas.place"
    WILAYAH_TUGAS_END = "wilayah_tugas.end"
    FRAMEWORK_SET = "framework.set"
    SCORECARD_READ = "scorecard.read"
    COVERAGE_COUNT = "coverage.count"

    KPM_INTAKE = "kpm.intake"
    KPM_READ = "kpm.read"
    KPM_LOOK_UP = "kpm.look_up"
    KPM_UPDATE = "kpm.update"
    KPM_MOVE = "kpm.move"
    DAMPINGAN_ASSIGN = "dampingan.assign"
    DAMPINGAN_END = "dampingan.end"
    DAMPINGAN_HAND_OVER = "dampingan.hand_over"
    HAND_OVER_READ = "hand_over.read"
    DAMPINGAN_LIMIT_SET = "dampingan_limit.set"
    DAMPINGAN_LIMIT_READ = "dampingan_limit.read"
    DAMPINGAN_GAP_READ = "dampingan_gap.read"
    KUNJUNGAN_RECORD = "kunjungan.record"
    KUNJUNGAN_READ = "kunjungan.read"
    KUNJUNGAN_VOID = "kunjungan.void"
    P2K2_RECORD = "p2k2.record"
    P2K2_READ = "p2k2.read"
    P2K2_VOID = "p2k2.void"
    TUGAS_READ = "tugas.read"
    TUGAS_FINISH = "tugas.finish"
    EXIT_PROPOSE = "exit.propose"
    KEPESERTAAN_DECIDE = "kepesertaan.decide"
    USULAN_LODGE = "usulan.lodge"
    USULAN_DECIDE = "usulan.decide"
    TAHAP_READ = "tahap.read"

    POLICY_DRAFT = "policy.draft"
    POLICY_APPROVE = "policy.approve"
    POLICY_WITHDRAW = "policy.withdraw"
    POLICY_READ = "policy.read"
    CANDIDATE_READ = "candidate.read"
    ASESMEN_RECORD = "asesmen.record"
    ASESMEN_READ = "asesmen.read"
    PERNYATAAN_RECORD = "pernyataan.record"
    GRADUASI_READ = "graduasi.read"
    GRADUASI_PROPOSE = "graduasi.propose"
    GRADUASI_VERIFY = "graduasi.verify"
    GRADUASI_MUSYAWARAH = "graduasi.musyawarah"
    GRADUASI_APPROVE = "graduasi.approve"
    GRADUASI_DETERMINE = "graduasi.determine"
    GRADUASI_RETURN = "graduasi.return"
    GRADUASI_REFUSE = "graduasi.refuse"
    GRADUASI_POSTPONE = "graduasi.postpone"
    GRADUASI_CANCEL = "graduasi.cancel"
    SANGGAH_LODGE = "sanggah.lodge"
    SANGGAH_DECIDE = "sanggah.decide"
    GRADUASI_ANNUL = "graduasi.annul"
    MONITORING_RECORD = "monitoring.record"
    MONITORING_VOID = "monitoring.void"
    MONITORING_REVERSE = "monitoring.reverse"
    COHORT_READ = "cohort.read"
    TAHAP_CALENDAR_SET = "tahap_calendar.set"

    PARTNER_REGISTER = "partner.register"
    PROGRAM_PUBLISH = "program.publish"
    PROGRAM_READ = "program.read"
    RUJUKAN_READ = "rujukan.read"
    RUJUKAN_MATCH = "rujukan.match"
    CONSENT_RECORD = "consent.record"
    CONSENT_WITHDRAW = "consent.withdraw"
    DATA_SUPPLY = "data.supply"
    RUJUKAN_ANSWER = "rujukan.answer"
    DELIVERY_RECORD = "delivery.record"
    OUTCOME_RECORD = "outcome.record"
    INBOX_READ = "inbox.read"
    OUTCOME_RULE_SET = "outcome_rule.set"
    OUTCOME_RULE_READ = "outcome_rule.read"
    CONSENT_TEXT_SET = "consent_text.set"
    SLA_SET = "sla.set"
    SLA_READ = "sla.read"
    ESCALATION_READ = "escalation.read"
    ESCALATION_ACKNOWLEDGE = "escalation.acknowledge"
    PARTNER_REPLAY = "partner.replay"
    BREAKER_READ = "breaker.read"
    BREAKER_SET = "breaker.set"

    APPROVAL_READ = "approval.read"
    APPROVAL_DECIDE = "approval.decide"
    APPROVAL_WITHDRAW = "approval.withdraw"
    OVERDUE_READ = "overdue.read"
    DEADLINE_RULE_SET = "deadline_rule.set"
    JOB_READ = "job.read"
    JOB_CANCEL = "job.cancel"
    FILE_PUT = "file.put"
    EVIDENCE_FLAG_READ = "evidence_flag.read"
    EVIDENCE_FLAG_CLEAR = "evidence_flag.clear"
    CLOCK_READ = "clock.read"
    CLOCK_SET = "clock.set"
    PARKED_READ = "parked.read"
    PARKED_RETRY = "parked.retry"
    PARKED_SKIP = "parked.skip"
    NUMBERS_READ = "numbers.read"
    AUDIT_READ = "audit.read"


P, R = Permission, Role

# An AREA scope over "*" is NATIONAL; see Actor.scope_of.
SCOPE_OF_ROLE = MappingProxyType(
    {
        R.PENDAMPING: Scope.OWN_FAMILIES,
        R.PARTNER: Scope.PARTNER,
        R.OPERATOR_DESA: Scope.AREA,
        R.KETUA_TIM_KABKOTA: Scope.AREA,
        R.DINSOS_KABKOTA: Scope.AREA,
        R.KEMENSOS: Scope.AREA,
        R.OPERATOR: Scope.AREA,
        R.AUDITOR: Scope.AREA,
    }
)

# See docs/architecture.md#permission-and-scope. Areas and dampingan restrict each permission further.
PERMISSIONS = MappingProxyType(
    {
        P.PENDAMPING_REGISTER: MINISTRY,
        P.PENDAMPING_READ: STAFF,
        P.PENDAMPING_UPDATE: FIELD | MINISTRY,
        P.PENDAMPING_CHANGE_STATUS: MINISTRY,
        P.PENDAMPING_REVERSE_STATUS: DINSOS,
        P.PENUGASAN_START: MINISTRY,
        P.PENUGASAN_END: MINISTRY,
        P.WILAYAH_TUGAS_PLACE: MINISTRY,
        P.WILAYAH_TUGAS_END: MINISTRY,
        P.FRAMEWORK_SET: MINISTRY,
        P.SCORECARD_READ: STAFF,
        P.COVERAGE_COUNT: MINISTRY,
        P.KPM_INTAKE: DINSOS | MINISTRY,
        P.KPM_READ: STAFF | VILLAGE,
        P.KPM_LOOK_UP: OFFICE,
        P.KPM_UPDATE: FIELD | DINSOS,
        P.KPM_MOVE: DINSOS | MINISTRY,
        P.DAMPINGAN_ASSIGN: DINSOS,
        P.DAMPINGAN_END: TEAM_LEAD | DINSOS,
        P.DAMPINGAN_HAND_OVER: TEAM_LEAD,
        P.HAND_OVER_READ: OFFICE,
        P.DAMPINGAN_LIMIT_SET: MINISTRY,
        P.DAMPINGAN_LIMIT_READ: STAFF,
        P.DAMPINGAN_GAP_READ: OFFICE,
        P.KUNJUNGAN_RECORD: FIELD,
        P.KUNJUNGAN_READ: STAFF,
        P.KUNJUNGAN_VOID: FIELD | TEAM_LEAD,
        P.P2K2_RECORD: FIELD,
        P.P2K2_READ: STAFF,
        P.P2K2_VOID: FIELD | TEAM_LEAD,
        P.TUGAS_READ: STAFF,
        P.TUGAS_FINISH: STAFF,
        P.EXIT_PROPOSE: FIELD | DINSOS,
        P.KEPESERTAAN_DECIDE: DINSOS,
        P.USULAN_LODGE: FIELD | VILLAGE | DINSOS,
        P.USULAN_DECIDE: DINSOS,
        P.TAHAP_READ: STAFF,
        P.POLICY_DRAFT: MINISTRY,
        P.POLICY_APPROVE: MINISTRY,
        P.POLICY_WITHDRAW: MINISTRY,
        P.POLICY_READ: STAFF | VILLAGE,
        P.CANDIDATE_READ: STAFF,
        P.ASESMEN_RECORD: FIELD,
        P.ASESMEN_READ: STAFF,
        P.PERNYATAAN_RECORD: FIELD,
        P.GRADUASI_READ: STAFF | VILLAGE,
        P.GRADUASI_PROPOSE: FIELD,
        P.GRADUASI_VERIFY: TEAM_LEAD,
        P.GRADUASI_MUSYAWARAH: VILLAGE,
        P.GRADUASI_APPROVE: DINSOS,
        P.GRADUASI_DETERMINE: MINISTRY,
        P.GRADUASI_RETURN: OFFICE,
        P.GRADUASI_REFUSE: OFFICE,
        P.GRADUASI_POSTPONE: OFFICE,
        P.GRADUASI_CANCEL: STAFF,
        P.SANGGAH_LODGE: FIELD | VILLAGE | DINSOS,
        P.SANGGAH_DECIDE: DINSOS | MINISTRY,
        P.GRADUASI_ANNUL: MINISTRY,
        P.MONITORING_RECORD: FIELD,
        P.MONITORING_VOID: FIELD | TEAM_LEAD,
        P.MONITORING_REVERSE: DINSOS,
        P.COHORT_READ: OFFICE,
        P.TAHAP_CALENDAR_SET: MINISTRY,
        P.PARTNER_REGISTER: MINISTRY,
        P.PROGRAM_PUBLISH: MINISTRY,
        P.PROGRAM_READ: STAFF | VILLAGE | PARTNERS,
        P.RUJUKAN_READ: STAFF | PARTNERS,
        P.RUJUKAN_MATCH: STAFF,
        P.CONSENT_RECORD: FIELD,
        P.CONSENT_WITHDRAW: FIELD | DINSOS,
        P.DATA_SUPPLY: FIELD | DINSOS,
        P.RUJUKAN_ANSWER: PARTNERS,
        P.DELIVERY_RECORD: PARTNERS,
        P.OUTCOME_RECORD: FIELD | PARTNERS,
        P.INBOX_READ: PARTNERS,
        P.OUTCOME_RULE_SET: MINISTRY,
        P.OUTCOME_RULE_READ: STAFF | PARTNERS,
        P.CONSENT_TEXT_SET: MINISTRY,
        P.SLA_SET: MINISTRY,
        P.SLA_READ: STAFF | PARTNERS,
        P.ESCALATION_READ: OFFICE,
        P.ESCALATION_ACKNOWLEDGE: DINSOS | MINISTRY,
        P.PARTNER_REPLAY: MINISTRY | PARTNERS,
        P.BREAKER_READ: OFFICE | OPERATORS,
        P.BREAKER_SET: MINISTRY | OPERATORS,
        P.APPROVAL_READ: OFFICE,
        P.APPROVAL_DECIDE: MINISTRY,
        P.APPROVAL_WITHDRAW: DINSOS | MINISTRY,
        P.OVERDUE_READ: STAFF | VILLAGE | OPERATORS,
        P.DEADLINE_RULE_SET: MINISTRY,
        P.JOB_READ: STAFF | PARTNERS | OPERATORS,
        P.JOB_CANCEL: OFFICE | PARTNERS,
        P.FILE_PUT: STAFF | VILLAGE | PARTNERS,
        P.EVIDENCE_FLAG_READ: OFFICE,
        P.EVIDENCE_FLAG_CLEAR: TEAM_LEAD,
        P.CLOCK_READ: OPERATORS,
        P.CLOCK_SET: OPERATORS,
        P.PARKED_READ: OPERATORS,
        P.PARKED_RETRY: OPERATORS,
        P.PARKED_SKIP: OPERATORS,
        P.NUMBERS_READ: OPERATORS | MINISTRY | DINSOS,
        P.AUDIT_READ: MINISTRY | AUDITORS,
    }
)
