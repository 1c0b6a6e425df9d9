"""Preparation by Kemensos before any scenario: target, partners and programs."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from deploy.demo.agenda import Agenda
from deploy.demo.partner_simulator import PartnerSimulator, over_http
from deploy.demo.people import KEMENSOS
from deploy.demo.programs import BASIS, PARTNERS, PROGRAMS
from deploy.demo.world import World

OFFICE = {"kode_wilayah": "33.24", "name": "Dinas Sosial Kabupaten Kendal", "phone": "(0294) 381234"}
TARGET = {"year": 2026, "kind": "PKH_PENDAMPING", "per_person": 10, "basis": "Kerangka kerja 2026"}


@dataclass(slots=True)
class Ministry:
    """The partner simulators by code, and the steps that register them."""

    world: World
    stack: AsyncExitStack
    since: str = "2026-03-01"
    number: int = 0
    partners: dict[str, PartnerSimulator] = field(default_factory=dict[str, PartnerSimulator])

    def agenda(self) -> Agenda:
        return [(self.since, self.target), (self.since, self.catalogue)]

    async def target(self) -> None:
        await self.world.act("sets the target of 2026", "registry", "/v1/target", TARGET, KEMENSOS)

    async def catalogue(self) -> None:
        """Register the partners and the Dinsos office, and publish the programs."""
        world = self.world
        await world.act(
            "registers the Dinsos office for questions", "referral", "/v1/office", OFFICE, KEMENSOS
        )
        for code, partner in PARTNERS.items():
            await self.partner(code, partner)
        for code, program in PROGRAMS.items():
            published = {key: value for key, value in program.items() if key != "partner"}
            body = {
                "code": code,
                "partner_id": world.data_folder.people()[program["partner"]]["partner_id"],
                "valid_from": "2026-01-01",
                "legal_basis": BASIS,
                **published,
            }
            await world.act(f"publishes {code}", "referral", "/v1/program", body, KEMENSOS)

    async def partner(self, code: str, partner: dict[str, Any]) -> None:
        simulator = await self.stack.enter_async_context(PartnerSimulator(name=code))
        body = {"code": code, "channel": "HOST_TO_HOST", "webhook_url": simulator.url, **partner}
        registered = await self.world.act(
            f"registers {partner['name']}", "referral", "/v1/partner", body, KEMENSOS
        )
        simulator.secret = registered["webhook_secret"]
        self.world.data_folder.save_person(code, partner_id=registered["partner_id"])
        if code == "BANK_KUR":
            self.world.data_folder.save_person("partner-1", partner_id=registered["partner_id"])

        def token() -> str:
            claims = {"partner_id": registered["partner_id"]}
            return self.world.issuer.token("PARTNER", code.lower(), ["*"], **claims, ttl=600)

        simulator.call_back = over_http(self.world.state.url("referral"), token)
        self.partners[code] = simulator

    def of(self, program: str) -> PartnerSimulator:
        """Return the partner of a program."""
        return self.partners[PROGRAMS[program]["partner"]]
