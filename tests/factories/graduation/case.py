"""A case walked to a state over HTTP."""

import hashlib
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import httpx

from deploy.demo.answers import ANSWERS, WITH_EVIDENCE
from shared.database import uuid7
from tests.factories.graduation.events import DESA, KENDAL, Field
from tests.factories.services import Running

OFFERS = hashlib.sha256(b"the offers that the family saw").hexdigest()


async def at(service: Running, day: date, hour: int = 3) -> None:
    """Put the business clock of a test at 10:00 in Jakarta of a day, back or forward."""
    wanted = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
    seconds = int((wanted - datetime.now(UTC)).total_seconds()) + 1
    await service.sql("UPDATE platform.business_clock SET offset_seconds = $1", seconds)


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


async def emitted_events(service: Running, *kinds: str) -> list[tuple[str, dict[str, Any]]]:
    """What graduation told of these kinds, in order."""
    found = [(one["type"].split(".")[1], one["data"]) for one in await service.emitted()]
    return [one for one in found if one[0] in kinds]
