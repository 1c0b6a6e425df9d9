"""Reads of graduation that are more than one get. They lock nothing; row security narrows them to the caller's areas."""

from services.graduation.queries.asesmen import asesmen, reproduction
from services.graduation.queries.candidates import as_candidate, candidate_rule, candidates
from services.graduation.queries.certificate import CertificateStatus, certificate
from services.graduation.queries.cohort import cohort
from services.graduation.queries.exits import exits
from services.graduation.queries.graduasi import case_in_full, cases, history
from services.graduation.queries.monitoring import TaskFilter, tasks
from services.graduation.queries.penetapan import numbers, penetapan_of, sk_in_full
from services.graduation.queries.policy import policies, policy_in_full, policy_version
from services.graduation.queries.sanggah import SanggahFilter, sanggah, sanggah_in_full
from services.graduation.queries.seen import visible

__all__ = [
    "CertificateStatus",
    "SanggahFilter",
    "TaskFilter",
    "as_candidate",
    "asesmen",
    "candidate_rule",
    "candidates",
    "case_in_full",
    "cases",
    "certificate",
    "cohort",
    "exits",
    "history",
    "numbers",
    "penetapan_of",
    "policies",
    "policy_in_full",
    "policy_version",
    "reproduction",
    "sanggah",
    "sanggah_in_full",
    "sk_in_full",
    "tasks",
    "visible",
]
