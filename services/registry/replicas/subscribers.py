from collections.abc import Iterable
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.replicas.models import (
    Credit,
    Dampingan,
    Graduasi,
    Kepesertaan,
    Kpm,
    Kunjungan,
    LimitCrossing,
    LoadLimit,
    Monitoring,
    P2k2,
    Relapse,
    Rujukan,
    RujukanProgram,
)
from services.registry.subscriptions import coverage, credit, graduasi, load, rujukan
from shared.contracts.caseload import (
    DampinganChanged,
    DampinganEnded,
    DampinganFacts,
    DampinganLimitCrossed,
    DampinganStarted,
    KepesertaanEnded,
    KepesertaanRestored,
    KepesertaanStarted,
    KpmFacts,
    KpmRegistered,
    KpmUpdated,
    KunjunganRecorded,
    P2k2Held,
)
from shared.contracts.graduation import (
    CreditGranted,
    CreditReversed,
    GraduasiAnnulled,
    GraduasiDetermined,
    KpmGraduated,
    MonitoringRecorded,
    RelapseConfirmed,
)
from shared.contracts.kinds import RujukanPurpose
from shared.contracts.referral import (
    RujukanAnswered,
    RujukanDelivered,
    RujukanOpened,
    RujukanSent,
    RujukanWithdrawn,
)
from shared.database import upsert
from shared.messaging import Received

CREDIT = (
    "credit_id",
    "graduasi_id",
    "pendamping_id",
    "penugasan_id",
    "year",
    "exit_reason",
    "kode_wilayah",
    "rule_version",
)
DAMPINGAN = (
    "dampingan_id",
    "kpm_id",
    "pendamping_id",
    "penugasan_id",
    "kode_wilayah",
    "purpose",
    "valid_from",
    "valid_to",
)
KUNJUNGAN = ("kunjungan_id", "kpm_id", "pendamping_id", "penugasan_id", "kode_wilayah", "on")
P2K2 = ("p2k2_sesi_id", "pendamping_id", "penugasan_id", "kode_wilayah", "on", "invited", "attended")
LIMIT = ("penugasan_id", "pendamping_id", "count", "limit", "side")
GRADUASI = ("graduasi_id", "kpm_id", "kode_wilayah", "exit_reason")
MONITORING = ("graduasi_id", "month", "still_out", "recorded_on")
RELAPSE = ("graduasi_id", "month", "confirmed_on")
KEPESERTAAN = ("kepesertaan_id", "kpm_id", "kode_wilayah", "bansos", "valid_from")
ENDING = ("valid_to", "exit_reason", "graduasi_id")
PROGRAM = ("rujukan_program_id", "rujukan_id", "graduasi_id", "program_code")


def parts_of(told: Received[Any], names: Iterable[str]) -> dict[str, Any]:
    """Return what a replica keeps of a fact, as plain JSON."""
    fields = told.fields
    return {name: fields[name] for name in names}


@credit.on_batch(CreditGranted, CreditReversed)
async def keep_credit(session: AsyncSession, told: list[Received[CreditGranted | CreditReversed]]) -> None:
    """Keep a credit with whether it still counts; a reversal whose grant never came is kept as reversed."""
    rows = [
        parts_of(one, CREDIT)
        | {
            "reversed": one.meta.wire == CreditReversed.wire,
            "reverse_reason": one.fields.get("reason"),
        }
        for one in told
    ]
    await upsert(session, Credit, rows, key=["credit_id"])


@load.on_batch(DampinganStarted, DampinganChanged, DampinganEnded)
async def keep_dampingan(session: AsyncSession, told: list[Received[DampinganFacts]]) -> None:
    """Keep who accompanies whom; each fact carries the whole state."""
    await upsert(session, Dampingan, [parts_of(one, DAMPINGAN) for one in told], key=["dampingan_id"])


@load.on_batch(KunjunganRecorded)
async def keep_kunjungan(session: AsyncSession, told: list[Received[KunjunganRecorded]]) -> None:
    """Keep the visits that scorecards count."""
    await upsert(session, Kunjungan, [parts_of(one, KUNJUNGAN) for one in told], key=["kunjungan_id"])


@load.on_batch(P2k2Held)
async def keep_p2k2(session: AsyncSession, told: list[Received[P2k2Held]]) -> None:
    """Keep the sessions that scorecards count, with how many came."""
    await upsert(session, P2k2, [parts_of(one, P2K2) for one in told], key=["p2k2_sesi_id"])


@load.on_batch(DampinganLimitCrossed)
async def keep_limit(session: AsyncSession, told: list[Received[DampinganLimitCrossed]]) -> None:
    """Keep on which side of its limit a caseload stands, and each crossing with its time."""
    rows = [parts_of(one, LIMIT) for one in told]
    await upsert(session, LoadLimit, rows, key=["penugasan_id"])
    crossings = [
        row | {"event_id": str(one.meta.event_id), "crossed_at": one.meta.occurred_at}
        for row, one in zip(rows, told, strict=True)
    ]
    await upsert(session, LimitCrossing, crossings, key=["event_id"])


@graduasi.on_batch(GraduasiDetermined)
async def keep_determined(session: AsyncSession, told: list[Received[GraduasiDetermined]]) -> None:
    """Keep whose work stands in which year's SK."""
    rows = [parts_of(one, (*GRADUASI, "pendamping_id", "sk_on")) for one in told]
    await upsert(session, Graduasi, rows, key=["graduasi_id"])


@graduasi.on_batch(KpmGraduated)
async def keep_graduated(session: AsyncSession, told: list[Received[KpmGraduated]]) -> None:
    """Keep that it took effect; what an event that never came would have said stays empty."""
    rows = [parts_of(one, (*GRADUASI, "effective_on")) for one in told]
    await upsert(session, Graduasi, rows, key=["graduasi_id"])


@graduasi.on_batch(GraduasiAnnulled)
async def keep_annulled(session: AsyncSession, told: list[Received[GraduasiAnnulled]]) -> None:
    """Keep that it was undone, effect or not."""
    rows = [parts_of(one, (*GRADUASI, "annulled_on")) for one in told]
    await upsert(session, Graduasi, rows, key=["graduasi_id"])


@graduasi.on_batch(MonitoringRecorded)
async def keep_monitoring(session: AsyncSession, told: list[Received[MonitoringRecorded]]) -> None:
    """Keep what was seen in a month; seen again in the same month, the last word counts."""
    rows = [parts_of(one, MONITORING) for one in told]
    await upsert(session, Monitoring, rows, key=["graduasi_id", "month"])


@graduasi.on_batch(RelapseConfirmed)
async def keep_relapse(session: AsyncSession, told: list[Received[RelapseConfirmed]]) -> None:
    """Keep that a graduate has fallen back."""
    await upsert(session, Relapse, [parts_of(one, RELAPSE) for one in told], key=["graduasi_id"])


@coverage.on_batch(KpmRegistered, KpmUpdated)
async def keep_kpm(session: AsyncSession, told: list[Received[KpmFacts]]) -> None:
    """Keep where a family lives: nothing else of it is registry's business."""
    rows = [parts_of(one, ("kpm_id", "kode_wilayah")) for one in told]
    await upsert(session, Kpm, rows, key=["kpm_id"])


@coverage.on_batch(KepesertaanStarted, KepesertaanEnded, KepesertaanRestored)
async def keep_kepesertaan(
    session: AsyncSession,
    told: list[Received[KepesertaanStarted | KepesertaanEnded | KepesertaanRestored]],
) -> None:
    """Keep in which bansos a family is and was; one that is restored ends at most where another follows it."""
    rows = [parts_of(one, KEPESERTAAN) | {name: one.fields.get(name) for name in ENDING} for one in told]
    for row, one in zip(rows, told, strict=True):
        if one.meta.wire == KepesertaanRestored.wire:
            row["graduasi_id"] = None  # which it names as undone
    await upsert(session, Kepesertaan, rows, key=["kepesertaan_id"])


@rujukan.on_batch(RujukanOpened)
async def keep_rujukan(session: AsyncSession, told: list[Received[RujukanOpened]]) -> None:
    """Keep that a graduate is with referral; what follows a relapse is no second one."""
    firsts = [one for one in told if one.fields["purpose"] == RujukanPurpose.PASCAGRADUASI]
    rows = [parts_of(one, ("rujukan_id", "graduasi_id")) for one in firsts]
    await upsert(session, Rujukan, rows, key=["rujukan_id"])


@rujukan.on_batch(RujukanSent)
async def keep_sent(session: AsyncSession, told: list[Received[RujukanSent]]) -> None:
    """Keep that a partner has it."""
    rows = [parts_of(one, (*PROGRAM, "sent_on")) for one in told]
    await upsert(session, RujukanProgram, rows, key=["rujukan_program_id"])


@rujukan.on_batch(RujukanAnswered)
async def keep_answered(session: AsyncSession, told: list[Received[RujukanAnswered]]) -> None:
    """Keep the partner's last word."""
    rows = [
        parts_of(one, (*PROGRAM, "answered_on", "reason_code")) | {"answer": one.fields["status"]}
        for one in told
    ]
    await upsert(session, RujukanProgram, rows, key=["rujukan_program_id"])


@rujukan.on_batch(RujukanDelivered)
async def keep_delivered(session: AsyncSession, told: list[Received[RujukanDelivered]]) -> None:
    """Keep that the aid has arrived."""
    rows = [parts_of(one, (*PROGRAM, "delivered_on")) for one in told]
    await upsert(session, RujukanProgram, rows, key=["rujukan_program_id"])


@rujukan.on_batch(RujukanWithdrawn)
async def keep_withdrawn(session: AsyncSession, told: list[Received[RujukanWithdrawn]]) -> None:
    """Keep that the offer was taken back."""
    rows = [parts_of(one, (*PROGRAM, "withdrawn_on")) for one in told]
    await upsert(session, RujukanProgram, rows, key=["rujukan_program_id"])
