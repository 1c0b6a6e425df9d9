from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.replicas.models import (
    Credit,
    Crossing,
    Dampingan,
    Graduasi,
    Kepesertaan,
    Kpm,
    Kunjungan,
    LimitCrossing,
    LoadLimit,
    Monitoring,
    MonitoringEnd,
    P2k2,
    Relapse,
    Rujukan,
    RujukanProgram,
    Sanggah,
)
from services.registry.subscriptions import coverage, credit, graduasi, load, rujukan
from shared.contracts.caseload import (
    DampinganChanged,
    DampinganEnded,
    DampinganLimitCrossed,
    DampinganStarted,
    KepesertaanEnded,
    KepesertaanRestored,
    KepesertaanStarted,
    KepesertaanVoided,
    KpmRegistered,
    KpmUpdated,
)
from shared.contracts.caseload_activity import KunjunganRecorded, KunjunganVoided, P2k2Held, P2k2Voided
from shared.contracts.graduation import (
    CreditGranted,
    CreditReversed,
    GraduasiAnnulled,
    GraduasiDetermined,
    KpmGraduated,
    MonitoringRecorded,
    RelapseConfirmed,
    RelapseReversed,
    SanggahDecided,
    SanggahLodged,
)
from shared.contracts.referral import (
    RujukanAnswered,
    RujukanDelivered,
    RujukanDeliveryVoided,
    RujukanOpened,
    RujukanSent,
    RujukanWithdrawn,
)
from shared.contracts.rujukan_kinds import RujukanPurpose
from shared.database import upsert
from shared.messaging import Received

credit.replicate(Credit, CreditGranted, fixed={"reversed": False, "reverse_reason": None})
credit.replicate(Credit, CreditReversed, renamed={"reverse_reason": "reason"}, fixed={"reversed": True})


async def replicate_crossings(session: AsyncSession, events: list[Received[Any]]) -> None:
    """Store each crossing with its time."""
    rows: list[dict[str, Any]] = []
    for event in events:
        fields = event.fields
        meta = {"event_id": str(event.meta.event_id), "crossed_at": event.meta.occurred_at}
        rows.append({name: fields[name] for name in Crossing.model_fields} | meta)
    await upsert(session, LimitCrossing, rows, key=["event_id"])


async def replicate_monitoring_ends(session: AsyncSession, events: list[Received[Any]]) -> None:
    """Store the day of each result that completes a monitoring, until it is reversed."""
    rows = [
        {
            "graduasi_id": event.fields["graduasi_id"],
            "ended_on": event.fields["recorded_on"] if event.fields["completes"] else None,
        }
        for event in events
        if event.fields["completes"] or event.fields["reopens"]
    ]
    await upsert(session, MonitoringEnd, rows, key=["graduasi_id"])


load.replicate(Dampingan, DampinganStarted, DampinganChanged, DampinganEnded)
# Only the void writes `voided`, so the order of the two does not matter.
load.replicate(Kunjungan, KunjunganRecorded, omit=["voided"])
load.replicate(Kunjungan, KunjunganVoided, fixed={"voided": True})
load.replicate(P2k2, P2k2Held, omit=["voided"])
load.replicate(P2k2, P2k2Voided, fixed={"voided": True})
load.replicate(LoadLimit, DampinganLimitCrossed, then=replicate_crossings)

# `effective_on` of GraduasiDetermined is the planned day. The column holds the confirmed day of KpmGraduated.
graduasi.replicate(Graduasi, GraduasiDetermined, omit=["effective_on"])
graduasi.replicate(Graduasi, KpmGraduated)
graduasi.replicate(Graduasi, GraduasiAnnulled)
graduasi.replicate(Monitoring, MonitoringRecorded, then=replicate_monitoring_ends)
graduasi.replicate(Sanggah, SanggahLodged, omit=["outcome"])
graduasi.replicate(Sanggah, SanggahDecided, omit=["suspends"])
# A relapse may be confirmed again after its reversal.
graduasi.replicate(Relapse, RelapseConfirmed, fixed={"reversed_on": None})
graduasi.replicate(Relapse, RelapseReversed)

coverage.replicate(Kpm, KpmRegistered, KpmUpdated)
coverage.replicate(Kepesertaan, KepesertaanStarted, KepesertaanEnded, KepesertaanVoided)
# `graduasi_id` of a restoration is the annulled case, which no longer ends this membership.
coverage.replicate(Kepesertaan, KepesertaanRestored, fixed={"exit_reason": None, "graduasi_id": None})

# The rujukan after a relapse is not replicated, because a graduate is counted once.
rujukan.replicate(Rujukan, RujukanOpened, where={"purpose": RujukanPurpose.PASCAGRADUASI})
rujukan.replicate(RujukanProgram, RujukanSent)
rujukan.replicate(RujukanProgram, RujukanAnswered, renamed={"answer": "status"})
rujukan.replicate(RujukanProgram, RujukanDelivered)
rujukan.replicate(RujukanProgram, RujukanDeliveryVoided, fixed={"delivered_on": None})
rujukan.replicate(RujukanProgram, RujukanWithdrawn)
