"""What registry keeps of others for its scorecards: credits as graduation last told, loads as caseload last told."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.models import Credit, Dampingan, Kunjungan, LoadLimit
from shared.contracts.caseload import (
    DampinganChanged,
    DampinganEnded,
    DampinganFacts,
    DampinganLimitCrossed,
    DampinganStarted,
    KunjunganRecorded,
)
from shared.contracts.graduation import CreditGranted, CreditReversed
from shared.database import upsert
from shared.messaging import Received, Subscription

credit = Subscription(name="credit", kind="replica", topics=["pilar.graduation"])
load = Subscription(name="load", kind="replica", topics=["pilar.caseload"])

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
KUNJUNGAN = ("kunjungan_id", "kpm_id", "pendamping_id", "penugasan_id", "on")
LIMIT = ("penugasan_id", "pendamping_id", "count", "limit", "side")


@credit.on_batch(CreditGranted, CreditReversed)
async def keep_credit(session: AsyncSession, told: list[Received[CreditGranted | CreditReversed]]) -> None:
    """Keep a credit with whether it still counts; a reversal whose grant never came is kept as reversed."""
    rows = [
        {name: getattr(one.event, name) for name in CREDIT}
        | {
            "reversed": isinstance(one.event, CreditReversed),
            "reverse_reason": one.event.reason if isinstance(one.event, CreditReversed) else None,
        }
        for one in told
    ]
    await upsert(session, Credit, rows, key=["credit_id"])


@load.on_batch(DampinganStarted, DampinganChanged, DampinganEnded)
async def keep_dampingan(session: AsyncSession, told: list[Received[DampinganFacts]]) -> None:
    """Keep who accompanies whom; each fact carries the whole state."""
    rows = [{name: getattr(one.event, name) for name in DAMPINGAN} for one in told]
    await upsert(session, Dampingan, rows, key=["dampingan_id"])


@load.on_batch(KunjunganRecorded)
async def keep_kunjungan(session: AsyncSession, told: list[Received[KunjunganRecorded]]) -> None:
    """Keep the visits that scorecards count."""
    rows = [{name: getattr(one.event, name) for name in KUNJUNGAN} for one in told]
    await upsert(session, Kunjungan, rows, key=["kunjungan_id"])


@load.on_batch(DampinganLimitCrossed)
async def keep_limit(session: AsyncSession, told: list[Received[DampinganLimitCrossed]]) -> None:
    """Keep on which side of its limit a caseload stands."""
    rows = [{name: getattr(one.event, name) for name in LIMIT} for one in told]
    await upsert(session, LoadLimit, rows, key=["penugasan_id"])


SUBSCRIPTIONS = [credit, load]
