"""Permissions, roles and scopes, read from the table `permissions.txt`. A route names its permission."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from shared.field_classes import FieldClass
from shared.roles import Role


class Scope(StrEnum):
    """The rows that a permission opens, from the narrowest scope to the widest.

    SELF: what the caller made or is. DITJEN: as AREA, but of the ditjen in the token.
    """

    SELF = "SELF"
    PARTNER = "PARTNER"
    OWN_FAMILIES = "OWN_FAMILIES"
    DITJEN = "DITJEN"
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
    COVERAGE_READ = "coverage.read"
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
    AKSES_DARURAT_OPEN = "akses_darurat.open"
    AKSES_DARURAT_READ = "akses_darurat.read"
    AKSES_DARURAT_REVIEW = "akses_darurat.review"
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
    RUJUKAN_READ_INTERNAL = "rujukan.read_internal"
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
    WEBHOOK_READ = "webhook.read"
    WEBHOOK_ROTATE = "webhook.rotate"
    BREAKER_READ = "breaker.read"
    BREAKER_SET = "breaker.set"

    APPROVAL_READ = "approval.read"
    APPROVAL_DECIDE = "approval.decide"
    APPROVAL_WITHDRAW = "approval.withdraw"
    OVERDUE_READ = "overdue.read"
    DEADLINE_RULE_SET = "deadline_rule.set"
    ACCOUNT_READ = "account.read"
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
    AUDIT_READ_PURPOSES = "audit.read_purposes"


@dataclass(frozen=True, slots=True)
class Grant:
    """The rows and the fields that a role has under one permission."""

    scope: Scope
    fields: FieldClass


TABLE = Path(__file__).with_name("permissions.txt")
# The number of parts of the code of an area. The country has none.
LEVELS = MappingProxyType({"country": 0, "province": 1, "kabupaten": 2, "kecamatan": 3, "desa": 4})
SCOPES = MappingProxyType(
    {
        "self": Scope.SELF,
        "addr": Scope.PARTNER,
        "own": Scope.OWN_FAMILIES,
        "ditjen": Scope.DITJEN,
        "area": Scope.AREA,
    }
)
NOT_PERMITTED = "-"


def read_table(text: str) -> tuple[dict[Role, int], dict[Permission, dict[Role, Grant]]]:
    """Return the level of each role, and its grants by permission.

    Raises:
        ValueError: a name is unknown, is missing or occurs twice, or a line has too many or too few cells.
    """
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    start = next(number for number, line in enumerate(lines) if line.startswith("permission "))
    roles = [line.split(maxsplit=3) for line in lines[:start]]
    codes = {code: Role(name) for name, code, _, _ in roles}
    columns = [codes[code] for code in lines[start].split()[1:]]
    rows = [line.split() for line in lines[start + 1 :]]
    names = [Permission(name) for name, *_ in rows]
    for kind, listed in ((Role, columns), (Permission, names)):
        if sorted(listed) != sorted(kind):
            msg = f"{TABLE.name} does not list each {kind.__name__} once: {set(kind) ^ set(listed)}"
            raise ValueError(msg)
    grants = {
        name: {
            role: read_grant(cell) for role, cell in zip(columns, cells, strict=True) if cell != NOT_PERMITTED
        }
        for name, (_, *cells) in zip(names, rows, strict=True)
    }
    return {Role(name): LEVELS[level] for name, _, level, _ in roles}, grants


def read_grant(cell: str) -> Grant:
    """Return the grant of a cell such as `area2`."""
    return Grant(SCOPES[cell[:-1]], FieldClass(int(cell[-1])))


_levels, _grants = read_table(TABLE.read_text("utf-8"))
LEVEL_OF_ROLE: Mapping[Role, int] = MappingProxyType(_levels)
GRANTS: Mapping[Permission, Mapping[Role, Grant]] = MappingProxyType(_grants)
PERMISSIONS = MappingProxyType({name: frozenset(granted) for name, granted in GRANTS.items()})
"""The roles that have each permission."""
