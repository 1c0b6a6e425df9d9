"""The past of referral's tests: a catalogue by its own routes, and the facts of others through a real outbox."""

import base64
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx

from shared.clock import JAKARTA
from shared.contracts.caseload import DampinganStarted, Desil, IdentitySealed, KpmRegistered, UsahaRecorded
from shared.contracts.graduation import (
    GraduasiAnnulled,
    GraduasiDetermined,
    KpmGraduated,
    RelapseConfirmed,
    SanggahDecided,
    SanggahLodged,
)
from shared.contracts.kinds import (
    Bansos,
    DampinganPurpose,
    DesilScope,
    Ditjen,
    EmployerStatus,
    ExitReason,
    KomponenKind,
    PendampingStatus,
    PilarKind,
    SanggahOutcome,
    Sex,
    SubjectKind,
    UsahaSector,
)
from shared.contracts.registry import PendampingRegistered, PenugasanStarted, WilayahTugasPlaced
from shared.events import Event
from shared.privacy import SealingKey, seal_to
from tests.kit import Running, apply, relay
from tests.partner_simulator import PartnerSimulator

DESA = "33.24.09.2001"
TODAY = datetime.now(JAKARTA).date()
NIK = "3324075211879001"
PERSON = {"nik": NIK, "name": "Siti Contoh", "phone": "081200009001"}
TOPICS = ("pilar.caseload", "pilar.graduation", "pilar.sealed", "pilar.registry")


@dataclass
class Family:
    """A family of the tests."""

    kpm_id: UUID = field(default_factory=uuid4)
    graduasi_id: UUID = field(default_factory=uuid4)
    pendamping_id: UUID = field(default_factory=uuid4)
    penugasan_id: UUID = field(default_factory=uuid4)
    area: str = DESA
    usaha_from: date | None = TODAY - timedelta(days=1150)
    desil: int = 5


@dataclass
class World:
    """A referral service and the people around it."""

    referral: Running
    family: Family
    partners: dict[str, dict[str, Any]] = field(default_factory=dict)
    simulators: dict[str, PartnerSimulator] = field(default_factory=dict)
    evidence: str = ""

    @property
    def kemensos(self) -> str:
        return self.referral.token("KEMENSOS", "kemensos-1")

    @property
    def dinsos(self) -> str:
        return self.referral.token("DINSOS_KABKOTA", "dinsos-kendal-1", ["33.24"])

    @property
    def pendamping(self) -> str:
        return self.referral.token(
            "PENDAMPING", "pd-s", [self.family.area], pendamping_id=self.family.pendamping_id
        )

    def partner(self, code: str) -> str:
        return self.referral.token(
            "PARTNER", f"partner-{code.lower()}", partner_id=self.partners[code]["partner_id"]
        )

    async def hear(self, *events: Event, times: int = 1) -> None:
        """Let referral hear facts of others, through a real outbox, relay and cursor."""
        await self.referral.publish(*events)
        await relay(self.referral)
        places = dict.fromkeys(TOPICS, self.referral.worker)
        for _ in range(times):
            for subscription in self.referral.parts.subscriptions:
                await apply(self.referral, subscription, places)

    async def programs(self) -> dict[str, dict[str, Any]]:
        """Return what the family's rujukan holds, by program code."""
        listed = await self.referral.get(f"/v1/rujukan?kpm_id={self.family.kpm_id}", as_=self.dinsos)
        assert listed.status_code == 200, listed.text
        (item,) = listed.json()["items"]
        read = await self.referral.get(f"/v1/rujukan/{item['rujukan_id']}", as_=self.dinsos)
        return {program["program_code"]: program for program in read.json()["programs"]}

    async def state(self, code: str) -> str:
        return (await self.programs())[code]["state"]

    async def consent(self, code: str, *, as_: str | None = None, **changes: Any) -> httpx.Response:
        """Let the family agree to a program."""
        program = (await self.programs())[code]["rujukan_program_id"]
        body = {
            "text_version": 1,
            "channel": "TATAP_MUKA",
            "evidence_sha256": self.evidence,
            "given_on": str(TODAY),
        }
        path = f"/v1/rujukan-program/{program}/consent"
        return await self.referral.post(path, body | changes, as_=as_ or self.pendamping)

    async def identity(self, code: str, **changes: Any) -> None:
        """Let caseload's sealed identity arrive for a program."""
        for_id = (await self.programs())[code]["rujukan_program_id"]
        await self.hear(sealed(self.referral, self.family, UUID(for_id), **changes))

    async def sent(self, code: str) -> str:
        """Bring a program to the partner; return its rujukan_program_id."""
        answer = await self.consent(code)
        assert answer.status_code == 201, answer.text
        await self.identity(code)
        await self.referral.work()
        return str((await self.programs())[code]["rujukan_program_id"])

    async def retry_now(self) -> None:
        """Let what waits for its next try fall due at once, as if the time had passed, breakers' too."""
        await self.referral.sql(
            "UPDATE breaker SET retry_at = clock_timestamp() WHERE retry_at > clock_timestamp()"
        )
        await self.referral.sql(
            "UPDATE platform.due SET due_at = clock_timestamp() WHERE done_at IS NULL AND clock = 'real'"
        )
        await self.referral.work()

    async def told(self, wire: str) -> list[dict[str, Any]]:
        """Return what referral told under a wire name."""
        return [fact["data"] for fact in await self.referral.emitted() if fact["type"] == wire]


def sealed(referral: Running, family: Family, for_id: UUID, **person: Any) -> IdentitySealed:
    """Return an identity as caseload seals it for referral."""
    key = SealingKey.read(referral.cluster.folder / "keys" / "referral")[0]
    blob = seal_to(key.public_key, PERSON | person, "referral", for_id, key.key_id)
    text = base64.b64encode(blob).decode()
    return IdentitySealed(
        recipient="referral", for_id=for_id, kpm_id=family.kpm_id, key_id=key.key_id, ciphertext=text
    )


def family_facts(family: Family) -> list[Event]:
    """Return what caseload tells of a family."""
    facts: list[Event] = [
        KpmRegistered(
            kpm_id=family.kpm_id,
            kode_wilayah=family.area,
            members=4,
            able_productive=2,
            lansia=0,
            disabilitas=0,
            komponen={KomponenKind.ANAK_SMA: 1},
            desil=[
                Desil(scope=DesilScope.NAS, value=3, snapshot="2025-Q3"),
                Desil(scope=DesilScope.NAS, value=family.desil, snapshot="2026-Q1"),
                Desil(scope=DesilScope.KABKOTA, value=9, snapshot="2026-Q2"),
            ],
            pengurus_sex=Sex.P,
            pengurus_birth_year=1987,
            pengurus_married=True,
        ),
        DampinganStarted(
            dampingan_id=uuid4(),
            kpm_id=family.kpm_id,
            kode_wilayah=family.area,
            pendamping_id=family.pendamping_id,
            penugasan_id=family.penugasan_id,
            kind=PilarKind.PKH_PENDAMPING,
            purpose=DampinganPurpose.PENDAMPINGAN,
            valid_from=TODAY - timedelta(days=400),
        ),
        *pendamping_facts(family),
    ]
    return facts if family.usaha_from is None else [*facts, usaha(family, family.usaha_from)]


def pendamping_facts(family: Family) -> list[Event]:
    """Return what registry tells of the family's pendamping: active, serving, in the family's area."""
    since = TODAY - timedelta(days=500)
    return [
        PendampingRegistered(
            pendamping_id=family.pendamping_id,
            pendamping_no=f"PS-{family.pendamping_id.int % 10**8:08d}",
            subject=SubjectKind.PERSON,
            status=PendampingStatus.AKTIF,
            from_on=since,
        ),
        PenugasanStarted(
            penugasan_id=family.penugasan_id,
            pendamping_id=family.pendamping_id,
            kind=PilarKind.PKH_PENDAMPING,
            ditjen=Ditjen.LINJAMSOS,
            employer_status=EmployerStatus.PPPK,
            valid_from=since,
        ),
        WilayahTugasPlaced(
            wilayah_tugas_id=uuid4(),
            penugasan_id=family.penugasan_id,
            pendamping_id=family.pendamping_id,
            kode_wilayah=".".join(family.area.split(".")[:3]),
            valid_from=since,
        ),
    ]


def usaha(family: Family, started_on: date, **changes: Any) -> UsahaRecorded:
    """Return a business of the family's."""
    fields: dict[str, Any] = {
        "usaha_id": uuid4(),
        "kpm_id": family.kpm_id,
        "kode_wilayah": family.area,
        "owner_sex": Sex.P,
        "owner_birth_year": 1987,
        "owner_married": True,
        "sector": UsahaSector.PERDAGANGAN,
        "started_on": started_on,
        "omzet_rp": 9_000_000,
        "has_nib": False,
        "has_letter": True,
    }
    return UsahaRecorded(**fields | changes)


def determined(family: Family, **changes: Any) -> GraduasiDetermined:
    """Return the fact that opens a rujukan."""
    fields: dict[str, Any] = {
        "graduasi_id": family.graduasi_id,
        "kpm_id": family.kpm_id,
        "kode_wilayah": family.area,
        "kepesertaan_id": uuid4(),
        "bansos": Bansos.PKH,
        "exit_reason": ExitReason.SEJAHTERA_MANDIRI,
        "sk_id": uuid4(),
        "sk_no": "SK-GRAD/33.24/2026/001",
        "sk_on": TODAY - timedelta(days=2),
        "term_ends_on": TODAY + timedelta(days=28),
        "effective_tahap": "2026-3",
        "effective_on": TODAY + timedelta(days=42),
        "opens_rujukan": True,
    }
    return GraduasiDetermined(**fields | changes)


def graduated(family: Family, **changes: Any) -> KpmGraduated:
    """Return the fact that lets go what waits for the effect."""
    fields: dict[str, Any] = {
        "graduasi_id": family.graduasi_id,
        "kpm_id": family.kpm_id,
        "kode_wilayah": family.area,
        "kepesertaan_id": uuid4(),
        "bansos": Bansos.PKH,
        "exit_reason": ExitReason.SEJAHTERA_MANDIRI,
        "effective_on": TODAY,
        "effective_tahap": "2026-3",
        "last_payable_tahap": "2026-2",
        "certificate_no": "SG-3324-2026-000001",
    }
    return KpmGraduated(**fields | changes)


def about(family: Family) -> dict[str, Any]:
    """Return what every fact of a case says of its family."""
    return {"graduasi_id": family.graduasi_id, "kpm_id": family.kpm_id, "kode_wilayah": family.area}


def lodged(family: Family, sanggah_id: UUID, *, suspends: bool = True) -> SanggahLodged:
    """Return the fact that somebody objects in term."""
    fields = {"sanggah_id": sanggah_id, "kepesertaan_id": uuid4(), "lodged_on": TODAY, "suspends": suspends}
    return SanggahLodged(**about(family), **fields)


def decided(family: Family, sanggah_id: UUID, outcome: SanggahOutcome) -> SanggahDecided:
    """Return the fact that the objection is decided."""
    fields = {"sanggah_id": sanggah_id, "kepesertaan_id": uuid4(), "outcome": outcome, "decided_on": TODAY}
    return SanggahDecided(**about(family), **fields)


def annulled(family: Family) -> GraduasiAnnulled:
    """Return the fact that the SK is undone for the family."""
    fields: dict[str, Any] = {
        "kepesertaan_id": uuid4(),
        "bansos": Bansos.PKH,
        "exit_reason": ExitReason.SEJAHTERA_MANDIRI,
        "reason": "SANGGAH_DITERIMA",
        "was_effective": False,
        "back_pay_tahap": [],
        "annulled_on": TODAY,
    }
    return GraduasiAnnulled(**about(family), **fields)


def relapsed(family: Family) -> RelapseConfirmed:
    """Return the fact that the family has fallen back."""
    return RelapseConfirmed(**about(family), month=4, cause="USAHA_TUTUP", confirmed_on=TODAY)


def rule(
    field_: str, op: str, value: Any, strength: str = "HARD", source: str = "Permenko 7/2025"
) -> dict[str, Any]:
    """Return a rule as a request has it."""
    return {
        "field": field_,
        "op": op,
        "value": value,
        "strength": strength,
        "source": source,
        "version": "2026-01",
    }


PROGRAMS: dict[str, dict[str, Any]] = {
    "KUR_SUPERMIKRO": {
        "name": "KUR Super Mikro",
        "benefit_kinds": ["MODAL"],
        "amount_max_rp": 10_000_000,
        "minimum_data": ["nik", "name", "phone", "usaha", "sk_no"],
        "rules": [
            rule("usaha_months", "GE", 6),
            rule("owner_age", "GE_OR_MARRIED", 21),
            rule("usaha_registered", "EQ", value=True),
        ],
    },
    "UMKM_PENDAMPINGAN": {
        "name": "PLUT-KUMKM",
        "benefit_kinds": ["PENDAMPINGAN"],
        "minimum_data": ["nik", "name", "usaha"],
        "rules": [rule("desil_nas", "GE", 5, source="MoU 20-03-2025"), rule("usaha_months", "GE", 0)],
    },
    "KDMP": {
        "name": "Koperasi Desa Merah Putih",
        "benefit_kinds": ["PASAR"],
        "minimum_data": ["name", "sk_no", "certificate_no"],
        "send_from": "effective",
        "rules": [rule("kode_wilayah", "WITHIN", [DESA], source="MoU Kemensos-Kemenkop 23-01-2026")],
    },
}
PARTNERS = {"KUR_SUPERMIKRO": "BANK_KUR", "UMKM_PENDAMPINGAN": "PLUT", "KDMP": "KOPDES"}


async def a_world(
    referral: Running, simulators: dict[str, PartnerSimulator], family: Family | None = None
) -> World:
    """Return referral today with three published programs; a partner without a simulator listens nowhere."""
    world = World(referral, family or Family(), simulators=simulators)
    for code, partner in PARTNERS.items():
        await register(world, partner, simulators.get(partner))
        await publish(world, code, partner)
    world.evidence = await referral.put_file(b"persetujuan bertanda tangan", as_=world.pendamping)
    return world


async def register(world: World, code: str, simulator: PartnerSimulator | None) -> None:
    """Register a partner, and give its simulator the secret and a way back; one that pulls has no webhook."""
    url = simulator.url if simulator else "http://127.0.0.1:9/pilar/rujukan"
    body = {"code": code, "name": code.title(), "kind": "BANK", "channel": "HOST_TO_HOST", "webhook_url": url}
    if simulator and simulator.pulls:
        body = {"code": code, "name": code.title(), "kind": "BADAN", "channel": "PORTAL_LINK"}
    made = await world.referral.post("/v1/partner", body, as_=world.kemensos)
    assert made.status_code == 201, made.text
    world.partners[code] = made.json()
    if simulator:
        simulator.secret, simulator.name = made.json()["webhook_secret"] or "", code

        async def call_back(path: str, said: dict[str, Any], key: str) -> httpx.Response:
            return await world.referral.post(path, said, as_=world.partner(code), key=key)

        async def ask(path: str) -> httpx.Response:
            return await world.referral.get(path, as_=world.partner(code))

        simulator.call_back, simulator.ask = call_back, ask


async def publish(world: World, code: str, partner: str, **changes: Any) -> httpx.Response:
    """Publish a program of a partner."""
    body = {
        "code": code,
        "partner_id": world.partners[partner]["partner_id"],
        "valid_from": str(TODAY - timedelta(days=100)),
        "sla_days": 14,
        "legal_basis": "UU 27/2022 Pasal 20 ayat (2) huruf a",
        **PROGRAMS[code],
        **changes,
    }
    made = await world.referral.post("/v1/program", body, as_=world.kemensos)
    assert made.status_code == 201 or changes, made.text
    return made
