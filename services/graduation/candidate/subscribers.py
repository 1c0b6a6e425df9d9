"""Replicas from which candidates are computed."""

from services.graduation.candidate.commands import recompute_candidates
from services.graduation.replicas.models import Kepesertaan, Kpm, Usaha
from services.graduation.subscriptions import kpm
from shared.contracts.caseload import (
    KepesertaanEnded,
    KepesertaanRestored,
    KepesertaanStarted,
    KpmRegistered,
    KpmUpdated,
    UsahaRecorded,
)

kpm.replicate(Kpm, KpmRegistered, KpmUpdated, then=recompute_candidates)
kpm.replicate(Usaha, UsahaRecorded, then=recompute_candidates)
kpm.replicate(
    Kepesertaan, KepesertaanStarted, KepesertaanEnded, KepesertaanRestored, then=recompute_candidates
)
