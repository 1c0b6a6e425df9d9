"""A case that is brought to a state over HTTP."""

import hashlib
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import httpx

from deploy.demo.answers import ANSWERS, WITH_EVIDENCE
from shared.database import uuid7
from tests.factories.graduation.events import DESA, KENDAL, Field
from tests.factories.papers import build_pdf
from tests.factories.recall import recall
from tests.factories.services import Running

OFFERS = hashlib.sha256(b"the offers shown to the family").hexdigest()


async def set_day(service: Running, day: date, hour: int = 3) -> None:
    """Set the business clock to 10:00 in Jakarta on a day, also backwards."""
    target_time = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
    seconds = int((target_time - datetime.now(UTC)).total_seconds()) + 1
    await service.sql("UPDATE platform.business_clock SET offset_seconds = $1", seconds)


async def work_until(service: Running, day: date) -> None:
    """Run the work due after a term of 2026-05-18, then that of a later day."""
    for on in (date(2026, 6, 18), day):
        await set_day(service, on)
        await service.work()


def officials(service: Running) -> dict[str, str]:
    """Return the tokens of the four officials who act after the pendamping."""
    return {
        "verification": service.token("KETUA_TIM_KABKOTA", "ketua-tim-kendal-1", [KENDAL]),
        "musyawarah": service.token("OPERATOR_DESA", "operator-desa-1", [DESA]),
        "approval": service.token("DINSOS_KABKOTA", "dinsos-kendal-1", [KENDAL]),
        "sk": service.token("KEMENSOS", "kemensos-1"),
    }


def expect_ok(answer: httpx.Response, status: int = 201) -> Any:
    """Return the body of an answer that must have this status."""
    assert answer.status_code == status, answer.text
    return answer.json()


class CaseDriver:
    """One case. Each step is one request by the account of its role."""

    def __init__(self, field: Field, kpm_id: UUID, kepesertaan_id: UUID) -> None:
        self.field, self.service = field, field.service
        self.kpm_id, self.kepesertaan_id = kpm_id, kepesertaan_id
        self.by = {**officials(self.service), "field": field.token}
        self.own_accounts = dict(self.by)
        self.graduasi_id = ""

    @classmethod
    async def start(cls, service: Running, **facts: Any) -> "CaseDriver":
        """Create a family of a new pendamping in graduation's replicas."""

        async def create() -> tuple[UUID, UUID, UUID, UUID]:
            field = await Field(service).start()
            return field.pendamping_id, field.penugasan_id, *await field.family(**facts)

        pendamping_id, penugasan_id, *family = await recall(("case", repr(facts)), create, service)
        field = Field(service)
        field.pendamping_id, field.penugasan_id = pendamping_id, penugasan_id
        return cls(field, *family)

    async def post(self, noun: str, body: Any, by: str, **more: Any) -> httpx.Response:
        return await self.service.post(
            f"/v1/graduasi/{self.graduasi_id}/{noun}", body, as_=self.by[by], **more
        )

    async def upload_evidence(self, content: bytes = b"a photograph") -> str:
        """Upload evidence of this family, which serves no other one."""
        return await self.service.put_file(build_pdf(content + self.kpm_id.bytes), as_=self.by["field"])

    async def open(self, exit_reason: str = "SEJAHTERA_MANDIRI") -> "CaseDriver":
        body = {
            "kpm_id": str(self.kpm_id),
            "kepesertaan_id": str(self.kepesertaan_id),
            "exit_reason": exit_reason,
        }
        self.graduasi_id = expect_ok(await self.service.post("/v1/graduasi", body, as_=self.by["field"]))[
            "graduasi_id"
        ]
        return self

    async def build_answers(self, **other: Any) -> dict[str, Any]:
        evidence = await self.upload_evidence()
        answers = {code: {"value": value} for code, value in {**ANSWERS, **other}.items()}
        for code in WITH_EVIDENCE:
            answers[code]["evidence_sha256"] = evidence
        return {"answers": answers}

    async def assess(self, **other: Any) -> httpx.Response:
        return await self.post("asesmen", await self.build_answers(**other), "field")

    async def sign(self, signed_on: str, **more: Any) -> httpx.Response:
        body = more | {
            "signed_on": signed_on,
            "evidence_sha256": await self.upload_evidence(b"signed"),
            "offers_sha256": OFFERS,
        }
        return await self.post("pernyataan", body, "field")

    async def propose(self) -> httpx.Response:
        return await self.post("proposal", {}, "field")

    async def verify(self) -> httpx.Response:
        return await self.post("verification", {"note": "Ditemui di rumah."}, "verification")

    async def deliberate(self, held_on: str) -> httpx.Response:
        content = build_pdf(b"berita acara" + self.kpm_id.bytes)
        evidence = await self.service.put_file(content, as_=self.by["musyawarah"])
        body = {"berita_acara_no": "BA/014/V/2026", "held_on": held_on, "evidence_sha256": evidence}
        return await self.post("musyawarah", body, "musyawarah")

    async def approve(self) -> httpx.Response:
        return await self.post("approval", {}, "approval")

    async def determine(self, sk_on: str, sk_no: str = "", **more: Any) -> httpx.Response:
        body = {"sk_no": sk_no or f"SK/{uuid7()}"[:39], "sk_on": sk_on, "graduasi_ids": [self.graduasi_id]}
        body |= more
        return await self.service.post("/v1/sk", body, as_=self.by["sk"])

    async def read_state(self) -> str:
        rows = await self.service.sql("SELECT state FROM graduasi WHERE graduasi_id = $1", self.graduasi_id)
        return str(rows[0]["state"])

    async def advance_to(self, state: str, day: str = "2026-05-18") -> "CaseDriver":
        """Take all steps from the start to a state, on one day."""

        async def advance() -> str:
            await self._take_steps_to(state, day)
            return self.graduasi_id

        if self.by != self.own_accounts or "upload_evidence" in vars(self):
            await advance()
        else:
            self.graduasi_id = await recall(("steps", state, day, self.kpm_id), advance, self.service)
        return self

    async def _take_steps_to(self, state: str, day: str) -> None:
        await set_day(self.service, date.fromisoformat(day))
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
                expect_ok(answer)
            if reached == state:
                assert await self.read_state() == state
                return
        message = f"no steps lead to {state}"
        raise AssertionError(message)


async def read_penetapan(driver: CaseDriver) -> dict[str, Any]:
    """Return the penetapan of a case as the ministry sees it."""
    shown = await driver.service.get(f"/v1/graduasi/{driver.graduasi_id}", as_=driver.by["sk"])
    penetapan: dict[str, Any] = expect_ok(shown, 200)["penetapan"]
    return penetapan


async def read_emitted_events(service: Running, *kinds: str) -> list[tuple[str, dict[str, Any]]]:
    """Return graduation's events of these kinds, in order."""
    events = [
        (envelope["type"].split(".")[1], envelope["data"]) for envelope in await service.read_envelopes()
    ]
    return [event for event in events if event[0] in kinds]
