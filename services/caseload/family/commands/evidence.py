"""Evidence about a family (docs/case-lifecycle.md#evidence)."""

from uuid import UUID

from services.caseload.family.models import Kpm
from shared.access import Actor
from shared.evidence import EvidenceKind, EvidenceUse


def use_for(kpm: Kpm, actor: Actor, kind: EvidenceKind, subject_id: UUID | None = None) -> EvidenceUse:
    """Return the use of evidence for a family, or for one thing of it."""
    return EvidenceUse(kind, subject_id or kpm.kpm_id, kpm.kpm_id, kpm.kode_wilayah, actor)
