"""The past of a graduation test: facts that registry and caseload told, and a case walked to a state over HTTP."""

import hashlib
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import httpx

from deploy.local.demo.answers import ANSWERS, WITH_EVIDENCE
from shared.contracts import caseload, referral, registry
from shared.contracts.kinds import (
    Bansos,
    DampinganPurpose,
    DesilScope,
    Ditjen,
    EmployerStatus,
    ExitReason,
    PendampingStatus,
    PilarKind,
    Sex,
    SubjectKind,
    UsahaSector,
)
from shared.database import uuid7
from shared.events import Event
from tests.factories.services import Running, apply, relay

DESA = "33.24.09.2013"
KENDAL = "33.24"
OFFERS = hashlib.sha256(b"the offers that the family saw").hexdigest()
FIELDS = (
    "registry",
    "caseload",
    "referral",
)


async def at(service: Running, day: date, hour: int = 3) -> None:
    """Put the business clock of a test at 10:00 in Jakarta of a day, back or forward."""
    wanted = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
    seconds = int((wanted - datetime.now(UTC)).total_seconds()) + 1
    await service.sql("UPDATE platform.business_clock SET offset_seconds = $1", seconds)


async def tell(service: Running, *events: Event) -> None:
    """Let graduation hear facts of the other services: its own outbox stands in for theirs, relay and cursor are real."""
    await service.publish(*events)
    await relay(service)
    topics = {f"pilar.{name}": service.worker for name in FIELDS}
    for subscription in service.parts.subscriptions:
        await apply(service, subscription, topics)


class Field:
    """A pendamping, and families of theirs, as graduation has heard of them."""

    def __init__(self, service: Running, kode_wilayah: str = DESA) -> None:
        self.service, self.area = service, kode_wilayah
        self.pendamping_id, self.penugasan_id = uuid7(), uuid7()

    @property
    def token(self) -> str:
        return self.service.token(
            "PENDAMPING",
            f"pendamping-{self.pendamping_id}",
            [self.area[:5]],
            pendamping_id=self.pendamping_id,
        )

    async def begin(self, status: PendampingStatus = PendampingStatus.AKTIF) -> "Field":
        mine: dict[str, Any] = {"pendamping_id": self.pendamping_id}
        kind, since = PilarKind.PKH_PENDAMPING, date(2025, 1, 1)
        await tell(
            self.service,
            registry.PendampingRegistered(
                **mine, pendamping_no="PD-1", subject=SubjectKind.PERSON, status=status, from_on=since
            ),
            registry.PenugasanStarted(
                **mine,
                penugasan_id=self.penugasan_id,
                kind=kind,
                ditjen=Ditjen.LINJAMSOS,
                employer_status=EmployerStatus.PPPK,
                valid_from=since,
            ),
            registry.WilayahTugasPlaced(
                **mine,
                wilayah_tugas_id=uuid7(),
                penugasan_id=self.penugasan_id,
                kode_wilayah=self.area,
                valid_from=since,
            ),
        )
        return self

    def dampingan(self, kpm_id: UUID, **more: Any) -> dict[str, Any]:
        return {
            "dampingan_id": uuid7(),
            "kpm_id": kpm_id,
            "kode_wilayah": self.area,
            "pendamping_id": self.pendamping_id,
            "penugasan_id": self.penugasan_id,
            "kind": PilarKind.PKH_PENDAMPING,
            "purpose": DampinganPurpose.PENDAMPINGAN,
            "valid_from": date(2025, 1, 1),
            **more,
        }

    async def family(self, **facts: Any) -> tuple[UUID, UUID]:
        """The mother of scenario 2: two children, a warung since 2023-03, desil NAS 3, 4, 5. Returns kpm, kepesertaan."""
        kpm_id, kepesertaan_id = uuid7(), uuid7()
        where: dict[str, Any] = {"kpm_id": kpm_id, "kode_wilayah": self.area}
        desil = [
            caseload.Desil(scope=DesilScope.NAS, value=value, snapshot=snapshot)
            for value, snapshot in ((3, "2025-Q3"), (4, "2025-Q4"), (5, "2026-Q1"))
        ]
        known = {
            "members": 4,
            "able_productive": 2,
            "lansia": 0,
            "disabilitas": 0,
            "komponen": {},
            "desil": desil,
        }
        await tell(
            self.service,
            caseload.KpmRegistered(**where, **{**known, **facts}),
            caseload.UsahaRecorded(
                **where,
                usaha_id=uuid7(),
                owner_sex=Sex.P,
                owner_birth_year=1987,
                owner_married=True,
                sector=UsahaSector.PERDAGANGAN,
                started_on=date(2023, 3, 1),
                omzet_rp=9_000_000,
                has_nib=False,
                has_letter=True,
            ),
            caseload.KepesertaanStarted(
                **where, kepesertaan_id=kepesertaan_id, bansos=Bansos.PKH, valid_from=date(2019, 1, 1)
            ),
            caseload.DampinganStarted(**self.dampingan(kpm_id)),
        )
        return kpm_id, kepesertaan_id


def officials(service: Running) -> dict[str, str]:
    """The tokens of the four who follow the pendamping."""
    return {
        "verification": service.token("KETUA_TIM_KABKOTA", "ketua-tim-kendal-1", [KENDAL]),
        "musyawarah": service.token("OPERATOR_DESA", "operator-desa-1", [DESA]),
        "approval": service.token("DINSOS_KABKOTA", "dinsos-kendal-1", [KENDAL]),
        "sk": service.token("KEMENSOS", "kemensos-1"),
    }


def ok(answer: httpx.Response, status: int = 201) -> Any:
    """Return the body of an answer that must have this status."""
    assert answer.status_code == status, answer.text
    return answer.json()


class Road:
    """One case on its way; each step is one request by whoever may."""

    def __init__(self, field: Field, kpm_id: UUID, kepesertaan_id: UUID) -> None:
        self.field, self.service = field, field.service
        self.kpm_id, self.kepesertaan_id = kpm_id, kepesertaan_id
        self.by = {**officials(self.service), "field": field.token}
        self.graduasi_id = ""

    @classmethod
    async def begin(cls, service: Running, **facts: Any) -> "Road":
        """A family of a pendamping of its own, known to graduation."""
        field = await Field(service).begin()
        return cls(field, *await field.family(**facts))

    async def post(self, noun: str, body: Any, by: str, **more: Any) -> httpx.Response:
        return await self.service.post(
            f"/v1/graduasi/{self.graduasi_id}/{noun}", body, as_=self.by[by], **more
        )

    async def evidence(self, content: bytes = b"a photograph") -> str:
        return await self.service.put_file(content, as_=self.by["field"])

    async def open(self, exit_reason: str = "SEJAHTERA_MANDIRI") -> "Road":
        body = {
            "kpm_id": str(self.kpm_id),
            "kepesertaan_id": str(self.kepesertaan_id),
            "exit_reason": exit_reason,
        }
        self.graduasi_id = ok(await self.service.post("/v1/graduasi", body, as_=self.by["field"]))[
            "graduasi_id"
        ]
        return self

    async def answers(self, **other: Any) -> dict[str, Any]:
        evidence = await self.evidence()
        found = {code: {"value": value} for code, value in {**ANSWERS, **other}.items()}
        for code in WITH_EVIDENCE:
            found[code]["evidence_sha256"] = evidence
        return {"answers": found}

    async def assess(self, **other: Any) -> httpx.Response:
        return await self.post("asesmen", await self.answers(**other), "field")

    async def sign(self, signed_on: str) -> httpx.Response:
        body = {
            "signed_on": signed_on,
            "evidence_sha256": await self.evidence(b"signed"),
            "offers_sha256": OFFERS,
        }
        return await self.post("pernyataan", body, "field")

    async def propose(self) -> httpx.Response:
        return await self.post("proposal", {}, "field")

    async def verify(self) -> httpx.Response:
        return await self.post("verification", {"note": "Ditemui di rumah."}, "verification")

    async def deliberate(self, held_on: str) -> httpx.Response:
        evidence = await self.service.put_file(b"berita acara", as_=self.by["musyawarah"])
        body = {"berita_acara_no": "BA/014/V/2026", "held_on": held_on, "evidence_sha256": evidence}
        return await self.post("musyawarah", body, "musyawarah")

    async def approve(self) -> httpx.Response:
        return await self.post("approval", {}, "approval")

    async def determine(self, sk_on: str, sk_no: str = "") -> httpx.Response:
        body = {"sk_no": sk_no or f"SK/{uuid7()}"[:39], "sk_on": sk_on, "graduasi_ids": [self.graduasi_id]}
        return await self.service.post("/v1/sk", body, as_=self.by["sk"])

    async def state(self) -> str:
        rows = await self.service.sql("SELECT state FROM graduasi WHERE graduasi_id = $1", self.graduasi_id)
        return str(rows[0]["state"])

    async def to(self, state: str, day: str = "2026-05-18") -> "Road":
        """Walk from the beginning to a state, all on one day."""
        await at(self.service, date.fromisoformat(day))
        steps = {
            "TERIDENTIFIKASI": self.open,
            "SIAP": self.assess,
            "PERNYATAAN_DITANDATANGANI": lambda: self.sign(day),
            "DIUSULKAN": self.propose,
            "DIVERIFIKASI_KETIM": self.verify,
            "DIMUSYAWARAHKAN": lambda: self.deliberate(day),
            "DISETUJUI_DINSOS": self.approve,
            "MASA_SANGGAH": lambda: self.determine(day),
        }
        for reached, step in steps.items():
            answer = await step()
            if isinstance(answer, httpx.Response):
                ok(answer)
            if reached == state:
                assert await self.state() == state
                return self
        message = f"no road leads to {state}"
        raise AssertionError(message)


def rujukan_opened(graduasi_id: str, kpm_id: UUID) -> referral.RujukanOpened:
    """What referral tells of a graduate."""
    return referral.RujukanOpened(
        rujukan_id=uuid7(),
        graduasi_id=UUID(graduasi_id),
        kpm_id=kpm_id,
        kode_wilayah=DESA,
        purpose=referral.RujukanPurpose.PASCAGRADUASI,
        exit_reason=referral.ExitReason.SEJAHTERA_MANDIRI,
    )


def proposal(road: Road, exit_reason: str = "MENINGGAL", **other: Any) -> caseload.ExitProposed:
    """What caseload tells when the pendamping of the family proposes."""
    mine = {"pendamping_id": road.field.pendamping_id, "penugasan_id": road.field.penugasan_id}
    fields: dict[str, Any] = {
        "exit_proposal_id": uuid7(),
        "kpm_id": road.kpm_id,
        "kode_wilayah": DESA,
        "kepesertaan_id": road.kepesertaan_id,
        "bansos": Bansos.PKH,
        "exit_reason": ExitReason(exit_reason),
        "evidence_sha256": "e" * 64,
        "proposer": str(road.field.pendamping_id),
        "proposed_on": date(2026, 5, 18),
        **mine,
    }
    return caseload.ExitProposed(**{**fields, **other})
