"""A referral service with the accounts of its users."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx

from deploy.demo.partner_simulator import PartnerSimulator
from shared.events import Event
from tests.factories.delivery import apply_records, relay
from tests.factories.referral.events import TODAY, Family, build_identity_sealed
from tests.factories.services import Running


@dataclass
class World:
    """A referral service with the accounts of its users."""

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

    async def apply_events(self, *events: Event, times: int = 1) -> None:
        """Let referral apply events of the other services, through a real outbox, relay and cursor."""
        await self.referral.publish(*events)
        await relay(self.referral)
        publishers = {event.topic: self.referral.worker for event in events}
        for _ in range(times):
            for subscription in self.referral.parts.subscriptions:
                await apply_records(self.referral, subscription, publishers)

    async def apply_before_replica(self, *events: Event) -> None:
        """Let the reactions apply events before the replica of families has them."""
        await self.referral.publish(*events)
        await relay(self.referral)
        await self._apply_published(lambda name: name != "kpm")

    async def apply_to_replica(self) -> None:
        """Let the replica of families catch up."""
        await self._apply_published(lambda name: name == "kpm")

    async def _apply_published(self, reads: Callable[[str], bool]) -> None:
        publishers = dict.fromkeys(("pilar.caseload", "pilar.graduation"), self.referral.worker)
        for subscription in self.referral.parts.subscriptions:
            if reads(subscription.name):
                await apply_records(self.referral, subscription, publishers)

    async def read_programs(self) -> dict[str, dict[str, Any]]:
        """Return the programs of the family's rujukan by code."""
        listed = await self.referral.get(f"/v1/rujukan?kpm_id={self.family.kpm_id}", as_=self.dinsos)
        assert listed.status_code == 200, listed.text
        (item,) = listed.json()["items"]
        read = await self.referral.get(f"/v1/rujukan/{item['rujukan_id']}", as_=self.dinsos)
        return {program["program_code"]: program for program in read.json()["programs"]}

    async def read_state(self, code: str) -> str:
        return (await self.read_programs())[code]["state"]

    async def record_consent(self, code: str, *, as_: str | None = None, **changes: Any) -> httpx.Response:
        """Record the family's consent to a program."""
        program = (await self.read_programs())[code]["rujukan_program_id"]
        body = {
            "text_version": 1,
            "channel": "TATAP_MUKA",
            "evidence_sha256": self.evidence,
            "given_on": str(TODAY),
        }
        path = f"/v1/rujukan-program/{program}/consent"
        return await self.referral.post(path, body | changes, as_=as_ or self.pendamping)

    async def apply_identity(self, code: str, **changes: Any) -> None:
        """Apply the sealed identity of a program's rujukan."""
        for_id = (await self.read_programs())[code]["rujukan_program_id"]
        await self.apply_events(build_identity_sealed(self.referral, self.family, UUID(for_id), **changes))

    async def send_rujukan(self, code: str) -> str:
        """Send a program's rujukan to the partner and return its rujukan_program_id."""
        answer = await self.record_consent(code)
        assert answer.status_code == 201, answer.text
        await self.apply_identity(code)
        await self.referral.work()
        return str((await self.read_programs())[code]["rujukan_program_id"])

    async def retry_now(self) -> None:
        """Make all waiting retries due now, those of breakers included."""
        await self.referral.sql(
            "UPDATE breaker SET retry_at = clock_timestamp() WHERE retry_at > clock_timestamp()"
        )
        await self.referral.sql(
            "UPDATE platform.scheduled_task SET due_at = clock_timestamp() WHERE done_at IS NULL AND clock = 'real'"
        )
        await self.referral.work()

    async def read_emitted_data(self, wire: str) -> list[dict[str, Any]]:
        """Return the data of referral's events of a wire name."""
        return [
            envelope["data"] for envelope in await self.referral.read_envelopes() if envelope["type"] == wire
        ]
