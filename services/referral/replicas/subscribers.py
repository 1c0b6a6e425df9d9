"""Replicate events of registry and caseload."""

from services.referral.replicas.models import Dampingan, Kpm, Penugasan, StatusRange, Usaha, WilayahTugas
from services.referral.subscriptions import kpm, pendamping
from shared.contracts.caseload import (
    DampinganChanged,
    DampinganEnded,
    DampinganStarted,
    KpmRegistered,
    KpmUpdated,
    UsahaRecorded,
)
from shared.contracts.registry import (
    PendampingRegistered,
    PendampingStatusChanged,
    PenugasanEnded,
    PenugasanStarted,
    WilayahTugasEnded,
    WilayahTugasPlaced,
)

kpm.replicate(Kpm, KpmRegistered, KpmUpdated)
kpm.replicate(Usaha, UsahaRecorded)
kpm.replicate(Dampingan, DampinganStarted, DampinganChanged, DampinganEnded)

pendamping.replicate(StatusRange, PendampingRegistered, PendampingStatusChanged)
pendamping.replicate(Penugasan, PenugasanStarted, PenugasanEnded)
pendamping.replicate(WilayahTugas, WilayahTugasPlaced, WilayahTugasEnded)
