"""Events of other services, delivered to registry by the real relay, log and cursor."""

import random
from datetime import date
from typing import Any
from uuid import UUID

from shared.contracts.caseload import (
    DampinganLimitCrossed,
    DampinganStarted,
    Desil,
    KepesertaanEnded,
    KepesertaanRestored,
    KepesertaanStarted,
    KpmRegistered,
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
from shared.contracts.kinds import (
    Bansos,
    BenefitKind,
    DampinganPurpose,
    DesilScope,
    ExitReason,
    LimitSide,
    MonitoringOutcome,
    PilarKind,
    RefusalCode,
    RujukanProgramState,
    RujukanPurpose,
)
from shared.contracts.referral import (
    RujukanAnswered,
    RujukanDelivered,
    RujukanOpened,
    RujukanSent,
    RujukanWithdrawn,
)
from shared.database import uuid7
from shared.events import Event
from tests.factories.registry import commands
from tests.factories.services import Running, again, apply, relay

TOPICS = ("pilar.graduation", "pilar.caseload", "pilar.referral")
Row = dict[str, Any]


async def deliver_events(
    registry: Running, *events: Event, times: int = 1, rng: random.Random | None = None
) -> None:
    """Deliver events of other services to registry, `times` times.

    They are published from registry's own outbox. `rng` shuffles the order of the topics.
    """
    await registry.publish(*events)
    await relay(registry)
    for _ in range(times):
        deliveries = [
            (subscription, topic)
            for subscription in registry.parts.subscriptions
            for topic in subscription.topics
        ]
        if rng:
            rng.shuffle(deliveries)
        for subscription, topic in deliveries:
            if topic in TOPICS:
                await apply(registry, subscription, {topic: registry.worker})
        if times > 1:
            await again(registry)


async def read_scorecard(
    registry: Running, pendamping: Row, year: int = 2026, as_: str = ""
) -> dict[str, Any]:
    path = f"/v1/pendamping/{pendamping['pendamping_id']}/scorecard?year={year}"
    return commands.expect_ok(await registry.get(path, as_=as_ or commands.ministry_token(registry)))


def credit_granted(
    pendamping: Row, penugasan: Row, reason: str = "SEJAHTERA_MANDIRI", **overrides: Any
) -> CreditGranted:
    return CreditGranted(
        **{
            "credit_id": uuid7(),
            "graduasi_id": uuid7(),
            "pendamping_id": pendamping["pendamping_id"],
            "penugasan_id": penugasan["penugasan_id"],
            "year": 2026,
            "exit_reason": ExitReason(reason),
            "kode_wilayah": commands.KELURAHAN,
            "rule_version": 1,
        }
        | overrides
    )


def credit_reversed(granted: CreditGranted) -> CreditReversed:
    return CreditReversed(**granted.model_dump(), reason="DIPULIHKAN")


def dampingan_started(
    pendamping: Row, penugasan: Row, *, valid_from: date, kpm_id: UUID | None = None
) -> DampinganStarted:
    return DampinganStarted(
        dampingan_id=uuid7(),
        kpm_id=kpm_id or uuid7(),
        kode_wilayah=commands.KELURAHAN,
        pendamping_id=pendamping["pendamping_id"],
        penugasan_id=penugasan["penugasan_id"],
        kind=PilarKind.PKH_PENDAMPING,
        purpose=DampinganPurpose.PENDAMPINGAN,
        valid_from=valid_from,
    )


def kunjungan_recorded(pendamping: Row, penugasan: Row, on: date) -> KunjunganRecorded:
    return KunjunganRecorded(
        kunjungan_id=uuid7(),
        kpm_id=uuid7(),
        kode_wilayah=commands.KELURAHAN,
        pendamping_id=pendamping["pendamping_id"],
        penugasan_id=penugasan["penugasan_id"],
        on=on,
    )


def p2k2_held(pendamping: Row, penugasan: Row, on: date, invited: int, attended: int) -> P2k2Held:
    return P2k2Held(
        p2k2_sesi_id=uuid7(),
        pendamping_id=pendamping["pendamping_id"],
        penugasan_id=penugasan["penugasan_id"],
        kode_wilayah=commands.KELURAHAN,
        on=on,
        invited=invited,
        attended=attended,
    )


def limit_crossed(pendamping: Row, penugasan: Row, count: int, side: str) -> DampinganLimitCrossed:
    return DampinganLimitCrossed(
        pendamping_id=pendamping["pendamping_id"],
        penugasan_id=penugasan["penugasan_id"],
        count=count,
        limit=450,
        side=LimitSide(side),
    )


def graduasi_determined(
    pendamping: Row | None, reason: str = "SEJAHTERA_MANDIRI", **overrides: Any
) -> GraduasiDetermined:
    return GraduasiDetermined(
        **{
            "graduasi_id": uuid7(),
            "kpm_id": uuid7(),
            "kode_wilayah": commands.KELURAHAN,
            "kepesertaan_id": uuid7(),
            "bansos": Bansos.PKH,
            "exit_reason": ExitReason(reason),
            "sk_id": uuid7(),
            "sk_no": "1/SK/2026",
            "sk_on": date(2026, 5, 22),
            "term_ends_on": date(2026, 6, 21),
            "effective_tahap": "2026-4",
            "effective_on": date(2026, 10, 1),
            "opens_rujukan": True,
            "pendamping_id": pendamping["pendamping_id"] if pendamping else None,
        }
        | overrides
    )


def _fields_of(case: GraduasiDetermined, *names: str) -> dict[str, Any]:
    return {name: getattr(case, name) for name in ("graduasi_id", "kpm_id", "kode_wilayah", *names)}


def kpm_graduated(case: GraduasiDetermined) -> KpmGraduated:
    return KpmGraduated(
        **_fields_of(case, "kepesertaan_id", "bansos", "exit_reason", "effective_on", "effective_tahap"),
        last_payable_tahap="2026-3",
        certificate_no="PLR-2026-X",
    )


def graduasi_annulled(case: GraduasiDetermined, *, was_effective: bool = False) -> GraduasiAnnulled:
    return GraduasiAnnulled(
        **_fields_of(case, "kepesertaan_id", "bansos", "exit_reason"),
        reason="SANGGAH_DITERIMA",
        was_effective=was_effective,
        back_pay_tahap=[],
        annulled_on=date(2026, 6, 20),
    )


def monitoring_recorded(case: GraduasiDetermined, month: int, still_out: bool = True) -> MonitoringRecorded:
    return MonitoringRecorded(
        **_fields_of(case), month=month, still_out=still_out, recorded_on=date(2026, 12, 1)
    )


def monitoring_ended(case: GraduasiDetermined) -> MonitoringRecorded:
    """Return the event that a family's only member died during its monitoring."""
    outcome = MonitoringOutcome.MENINGGAL
    return monitoring_recorded(case, 0).model_copy(update={"completes": True, "outcome": outcome})


def relapse_confirmed(case: GraduasiDetermined, month: int) -> RelapseConfirmed:
    return RelapseConfirmed(
        **_fields_of(case), month=month, cause="USAHA_TUTUP", confirmed_on=date(2026, 12, 1)
    )


def rujukan_opened(case: GraduasiDetermined) -> RujukanOpened:
    return RujukanOpened(
        **_fields_of(case, "exit_reason"), rujukan_id=uuid7(), purpose=RujukanPurpose.PASCAGRADUASI
    )


class Offer:
    """One offer of a rujukan, and its events."""

    def __init__(self, rujukan: RujukanOpened, program_code: str = "KUR_SUPERMIKRO") -> None:
        self.fields = {
            "rujukan_id": rujukan.rujukan_id,
            "rujukan_program_id": uuid7(),
            "graduasi_id": rujukan.graduasi_id,
            "kpm_id": rujukan.kpm_id,
            "kode_wilayah": rujukan.kode_wilayah,
            "partner_id": uuid7(),
            "program_code": program_code,
            "benefit_kinds": [BenefitKind.MODAL],
        }

    def sent(self) -> RujukanSent:
        return RujukanSent(**self.fields, status=RujukanProgramState.TERKIRIM, sent_on=date(2026, 6, 1))

    def answered(self, status: str, reason: str | None = None) -> RujukanAnswered:
        return RujukanAnswered(
            **self.fields,
            status=RujukanProgramState(status),
            reason_code=RefusalCode(reason) if reason else None,
            answered_on=date(2026, 6, 2),
        )

    def delivered(self) -> RujukanDelivered:
        state = RujukanProgramState.DISALURKAN
        return RujukanDelivered(
            **self.fields, status=state, amount_rp=5_000_000, delivered_on=date(2026, 6, 3)
        )

    def withdrawn(self) -> RujukanWithdrawn:
        state = RujukanProgramState.DICABUT
        return RujukanWithdrawn(
            **self.fields, status=state, reason="SANGGAH_DITERIMA", withdrawn_on=date(2026, 6, 4)
        )


def kpm_registered(kode_wilayah: str = commands.KELURAHAN, **overrides: Any) -> KpmRegistered:
    return KpmRegistered(
        **{
            "kpm_id": uuid7(),
            "kode_wilayah": kode_wilayah,
            "members": 4,
            "able_productive": 2,
            "lansia": 0,
            "disabilitas": 0,
            "komponen": {},
            "desil": [Desil(scope=DesilScope.NAS, value=3, snapshot="2026-Q1")],
        }
        | overrides
    )


def kepesertaan_started(
    kpm: KpmRegistered, valid_from: date = date(2019, 1, 1), bansos: str = "PKH"
) -> KepesertaanStarted:
    return KepesertaanStarted(
        kepesertaan_id=uuid7(),
        kpm_id=kpm.kpm_id,
        kode_wilayah=kpm.kode_wilayah,
        bansos=Bansos(bansos),
        valid_from=valid_from,
    )


def kepesertaan_ended(
    started: KepesertaanStarted, valid_to: date, reason: str = "SEJAHTERA_MANDIRI"
) -> KepesertaanEnded:
    return KepesertaanEnded(
        **started.model_dump(), valid_to=valid_to, exit_reason=ExitReason(reason), graduasi_id=uuid7()
    )


def kepesertaan_restored(ended: KepesertaanEnded, valid_to: date | None = None) -> KepesertaanRestored:
    """Return a restoration without an end, or until `valid_to`, where the next membership starts."""
    fields: dict[str, Any] = {name: getattr(ended, name) for name in KepesertaanRestored.model_fields}
    return KepesertaanRestored(**fields | {"valid_to": valid_to})
