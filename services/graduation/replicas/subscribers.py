"""Replicas of registry, caseload and referral, except those in `candidate`."""

from services.graduation.replicas.models import (
    Dampingan,
    Penugasan,
    Rujukan,
    RujukanProgram,
    StatusRange,
    WilayahTugas,
)
from services.graduation.subscriptions import kpm, pendamping, rujukan
from shared.contracts.caseload import (
    DampinganChanged,
    DampinganEnded,
    DampinganStarted,
)
from shared.contracts.referral import (
    RujukanAnswered,
    RujukanDelivered,
    RujukanDeliveryVoided,
    RujukanOpened,
    RujukanSent,
    RujukanSupplied,
    RujukanWithdrawn,
)
from shared.contracts.registry import (
    PendampingRegistered,
    PendampingStatusChanged,
    PenugasanEnded,
    PenugasanStarted,
    WilayahTugasEnded,
    WilayahTugasPlaced,
)
from shared.contracts.rujukan_kinds import RujukanPurpose

pendamping.replicate(StatusRange, PendampingRegistered, PendampingStatusChanged)
pendamping.replicate(Penugasan, PenugasanStarted, PenugasanEnded)
pendamping.replicate(WilayahTugas, WilayahTugasPlaced, WilayahTugasEnded)

kpm.replicate(Dampingan, DampinganStarted, DampinganChanged, DampinganEnded)

# Each exit has at most one rujukan with this purpose. A rujukan after a relapse has another purpose.
rujukan.replicate(Rujukan, RujukanOpened, where={"purpose": RujukanPurpose.PASCAGRADUASI})
# One call per event: a common call would write NULL to the columns that the event does not have.
rujukan.replicate(RujukanProgram, RujukanSent)
# `amount_rp` is the delivered amount, not the amount of the partner's answer.
rujukan.replicate(RujukanProgram, RujukanAnswered, renamed={"answer": "status"}, omit=["amount_rp"])
rujukan.replicate(RujukanProgram, RujukanSupplied)
rujukan.replicate(RujukanProgram, RujukanDelivered)
rujukan.replicate(RujukanProgram, RujukanDeliveryVoided, fixed={"delivered_on": None, "amount_rp": None})
rujukan.replicate(RujukanProgram, RujukanWithdrawn)
