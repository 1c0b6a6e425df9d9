"""Replicas from which candidates are computed, with their history."""

from services.graduation.candidate.commands import recompute_candidates
from services.graduation.replicas.models import (
    Kepesertaan,
    KepesertaanHistory,
    Kpm,
    KpmHistory,
    Usaha,
    UsahaHistory,
)
from services.graduation.subscriptions import kpm
from shared.contracts.caseload import (
    KepesertaanEnded,
    KepesertaanRestored,
    KepesertaanStarted,
    KepesertaanVoided,
    KpmRegistered,
    KpmUpdated,
    UsahaRecorded,
)

kpm.replicate(Kpm, KpmRegistered, KpmUpdated, history=KpmHistory, then=recompute_candidates)
kpm.replicate(Usaha, UsahaRecorded, history=UsahaHistory, then=recompute_candidates)
kpm.replicate(
    Kepesertaan,
    KepesertaanStarted,
    KepesertaanEnded,
    KepesertaanRestored,
    KepesertaanVoided,
    history=KepesertaanHistory,
    then=recompute_candidates,
)
