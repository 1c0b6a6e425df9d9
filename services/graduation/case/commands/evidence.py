"""Evidence of a case (docs/case-lifecycle.md#evidence)."""

from collections.abc import Sequence
from uuid import UUID

from services.graduation.case.models import Graduasi
from shared.access import Actor
from shared.evidence import EvidenceKind, EvidenceUse


def use_for(case: Graduasi, actor: Actor, kind: EvidenceKind, named: Sequence[UUID] = ()) -> EvidenceUse:
    """Return the use of evidence for a case.

    `named` are other cases that the paper names.
    """
    return EvidenceUse(kind, case.graduasi_id, case.kpm_id, case.kode_wilayah, actor, named)
