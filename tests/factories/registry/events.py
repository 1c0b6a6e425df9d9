"""Facts that others tell registry, and registry hearing them through the real relay, log and cursor."""

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
Person = dict[str, Any]


async def hear(
    registry: Running, *events: Event, times: int = 1, chance: random.Random | None = None
) -> None:
    """Registry hears others' facts, from its own outbox as a stand-in; `chance` mixes which topic is heard first."""
    await registry.publish(*events)
    await relay(registry)
    for _ in range(times):
        turns = [(one, topic) for one in registry.parts.subscriptions for topic in one.topics]
        if chance:
            chance.shuffle(turns)
        for subscription, topic in turns:
            if topic in TOPICS:
                await apply(registry, subscription, {topic: registry.worker})
        if times > 1:
            await again(registry)


async def scorecard(registry: Running, person: Person, year: int = 2026, as_: str = "") -> dict[str, Any]:
    path = f"/v1/pendamping/{person['pendamping_id']}/scorecard?year={year}"
    return commands.made(await registry.get(path, as_=as_ or commands.ministry(registry)))


def credit(person: Person, held: Person, reason: str = "SEJAHTERA_MANDIRI", **more: Any) -> CreditGranted:
    return CreditGranted(
        **{
            "credit_id": uuid7(),
            "graduasi_id": uuid7(),
            "pendamping_id": person["pendamping_id"],
            "penugasan_id": held["penugasan_id"],
            "year": 2026,
            "exit_reason": ExitReason(reason),
            "kode_wilayah": commands.KELURAHAN,
            "rule_version": 1,
        }
        | more
    )


def reverse(granted: CreditGranted) -> CreditReversed:
    return CreditReversed(**granted.model_dump(), reason="DIPULIHKAN")


def dampingan(
    person: Person, held: Person, *, valid_from: date, kpm_id: UUID | None = None
) -> DampinganStarted:
    return DampinganStarted(
        dampingan_id=uuid7(),
        kpm_id=kpm_id or uuid7(),
        kode_wilayah=commands.KELURAHAN,
        pendamping_id=person["pendamping_id"],
        penugasan_id=held["penugasan_id"],
        kind=PilarKind.PKH_PENDAMPING,
        purpose=DampinganPurpose.PENDAMPINGAN,
        valid_from=valid_from,
    )


def visit(person: Person, held: Person, on: date) -> KunjunganRecorded:
    return KunjunganRecorded(
        kunjungan_id=uuid7(),
        kpm_id=uuid7(),
        kode_wilayah=commands.KELURAHAN,
        pendamping_id=person["pendamping_id"],
        penugasan_id=held["penugasan_id"],
        on=on,
    )


def session(person: Person, held: Person, on: date, invited: int, attended: int) -> P2k2Held:
    return P2k2Held(
        p2k2_sesi_id=uuid7(),
        pendamping_id=person["pendamping_id"],
        penugasan_id=held["penugasan_id"],
        kode_wilayah=commands.KELURAHAN,
        on=on,
        invited=invited,
        attended=attended,
    )


def crossed(person: Person, held: Person, count: int, side: str) -> DampinganLimitCrossed:
    return DampinganLimitCrossed(
        pendamping_id=person["pendamping_id"],
        penugasan_id=held["penugasan_id"],
        count=count,
        limit=450,
        side=LimitSide(side),
    )


def determined(person: Person | None, reason: str = "SEJAHTERA_MANDIRI", **more: Any) -> GraduasiDetermined:
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
            "pendamping_id": person["pendamping_id"] if person else None,
        }
        | more
    )


def _of(case: GraduasiDetermined, *names: str) -> dict[str, Any]:
    return {name: getattr(case, name) for name in ("graduasi_id", "kpm_id", "kode_wilayah", *names)}


def graduated(case: GraduasiDetermined) -> KpmGraduated:
    return KpmGraduated(
        **_of(case, "kepesertaan_id", "bansos", "exit_reason", "effective_on", "effective_tahap"),
        last_payable_tahap="2026-3",
        certificate_no="PLR-2026-X",
    )


def annulled(case: GraduasiDetermined, *, was_effective: bool = False) -> GraduasiAnnulled:
    return GraduasiAnnulled(
        **_of(case, "kepesertaan_id", "bansos", "exit_reason"),
        reason="SANGGAH_DITERIMA",
        was_effective=was_effective,
        back_pay_tahap=[],
        annulled_on=date(2026, 6, 20),
    )


def seen(case: GraduasiDetermined, month: int, still_out: bool = True) -> MonitoringRecorded:
    return MonitoringRecorded(**_of(case), month=month, still_out=still_out, recorded_on=date(2026, 12, 1))


def relapsed(case: GraduasiDetermined, month: int) -> RelapseConfirmed:
    return RelapseConfirmed(**_of(case), month=month, cause="USAHA_TUTUP", confirmed_on=date(2026, 12, 1))


def opened(case: GraduasiDetermined) -> RujukanOpened:
    return RujukanOpened(**_of(case, "exit_reason"), rujukan_id=uuid7(), purpose=RujukanPurpose.PASCAGRADUASI)


class Offer:
    """One offer of a rujukan, and what is told of it."""

    def __init__(self, case: RujukanOpened, code: str = "KUR_SUPERMIKRO") -> None:
        self.facts = {
            "rujukan_id": case.rujukan_id,
            "rujukan_program_id": uuid7(),
            "graduasi_id": case.graduasi_id,
            "kpm_id": case.kpm_id,
            "kode_wilayah": case.kode_wilayah,
            "partner_id": uuid7(),
            "program_code": code,
            "benefit_kinds": [BenefitKind.MODAL],
        }

    def sent(self) -> RujukanSent:
        return RujukanSent(**self.facts, status=RujukanProgramState.TERKIRIM, sent_on=date(2026, 6, 1))

    def answered(self, status: str, reason: str | None = None) -> RujukanAnswered:
        return RujukanAnswered(
            **self.facts,
            status=RujukanProgramState(status),
            reason_code=RefusalCode(reason) if reason else None,
            answered_on=date(2026, 6, 2),
        )

    def delivered(self) -> RujukanDelivered:
        state = RujukanProgramState.DISALURKAN
        return RujukanDelivered(
            **self.facts, status=state, amount_rp=5_000_000, delivered_on=date(2026, 6, 3)
        )

    def withdrawn(self) -> RujukanWithdrawn:
        state = RujukanProgramState.DICABUT
        return RujukanWithdrawn(
            **self.facts, status=state, reason="SANGGAH_DITERIMA", withdrawn_on=date(2026, 6, 4)
        )


def family(kode_wilayah: str = commands.KELURAHAN, **more: Any) -> KpmRegistered:
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
        | more
    )


def member(of: KpmRegistered, valid_from: date = date(2019, 1, 1), bansos: str = "PKH") -> KepesertaanStarted:
    return KepesertaanStarted(
        kepesertaan_id=uuid7(),
        kpm_id=of.kpm_id,
        kode_wilayah=of.kode_wilayah,
        bansos=Bansos(bansos),
        valid_from=valid_from,
    )


def ended(one: KepesertaanStarted, valid_to: date, reason: str = "SEJAHTERA_MANDIRI") -> KepesertaanEnded:
    return KepesertaanEnded(
        **one.model_dump(), valid_to=valid_to, exit_reason=ExitReason(reason), graduasi_id=uuid7()
    )


def restored(end: KepesertaanEnded, valid_to: date | None = None) -> KepesertaanRestored:
    """As if it had never ended, or only where another membership goes on."""
    said: dict[str, Any] = {name: getattr(end, name) for name in KepesertaanRestored.model_fields}
    return KepesertaanRestored(**said | {"valid_to": valid_to})
