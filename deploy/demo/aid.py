"""The second half of scenario 2: three partners, simulated, answer over HTTP."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from deploy.demo.agenda import Agenda
from deploy.demo.family_graduation import FamilyGraduation, S
from deploy.demo.ministry import Ministry
from deploy.demo.partner_simulator import PartnerSimulator
from deploy.demo.people import DINSOS
from deploy.demo.programs import CONSENTED, OPTIONAL, PROGRAMS
from deploy.demo.world import World

DELIVERED_RP = 8_000_000


@dataclass(slots=True)
class Aid:
    """The family's offers by program."""

    graduation: FamilyGraduation
    ministry: Ministry
    number: int = 2
    offers: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])

    @property
    def world(self) -> World:
        return self.graduation.world

    def agenda(self) -> Agenda:
        return [
            ("2026-05-18", self.check_offers),
            ("2026-05-20", self.consent),
            ("2026-07-01", self.market),
            *(("2026-07-10", self.answers), ("2026-07-20", self.delivery), ("2026-10-20", self.outcome)),
        ]

    async def check_offers(self) -> None:
        """Check that one rujukan has opened, with each matching program and its reasons."""
        world = self.world
        await self.fetch_offers()
        for code, benefit in CONSENTED.items():
            offer = self.offers.get(code)
            world.check(f"{code} is proposed for {benefit}", offer and offer["benefit_kinds"], [benefit])
            reasons = offer["reasons"] if offer else []
            world.check("… with its reasons", bool(reasons) and all(reason["fits"] for reason in reasons))
            for reason in reasons:
                world.console.print(f"        [dim]{reason['en']} ({reason['source']})[/]")
        world.check(f"{OPTIONAL} is there too, as an option", OPTIONAL in self.offers)

    async def fetch_offers(self) -> None:
        world, kpm_id = self.world, self.graduation.case.kpm_id
        listed = await world.get("referral", f"/v1/rujukan?kpm_id={kpm_id}", DINSOS)
        world.check("exactly one rujukan has opened", len(listed["items"]), 1)
        rujukan = await world.get("referral", f"/v1/rujukan/{listed['items'][0]['rujukan_id']}", DINSOS)
        for item in rujukan["programs"]:
            path = f"/v1/rujukan-program/{item['rujukan_program_id']}"
            self.offers[item["program_code"]] = await world.get("referral", path, DINSOS)

    async def consent(self) -> None:
        """Record the family's consent to three programs. Sending follows for two of them."""
        world = self.world
        paper = await world.put_paper("referral", "persetujuan berbagi data, bertanda tangan", S)
        given = {
            "text_version": 1,
            "channel": "TATAP_MUKA",
            "evidence_sha256": paper,
            "given_on": "2026-05-20",
        }
        for code in CONSENTED:
            path = f"/v1/rujukan-program/{self.id_of(code)}/consent"
            await world.act(f"records her consent to {code}", "referral", path, given, S)
        for code in ("KUR_SUPERMIKRO", "PLUT_PENDAMPINGAN"):
            await self.check_sent(code)
        await world.wait_until_delivered()
        world.check("KDMP waits for the effect", len(self.of("KDMP_PASAR").received), 0)

    async def check_sent(self, code: str) -> None:
        """Wait for the signed webhook and check its fields."""
        simulator = self.of(code)

        async def is_received() -> bool:
            return bool(simulator.received)

        await self.world.wait_for(f"{simulator.name} to receive {code}", is_received)
        received = simulator.received[-1]
        extra = set(received.body) - ALWAYS - set(PROGRAMS[code]["minimum_data"])
        self.world.check(f"{simulator.name} received {code}, signed", received.signed)
        self.world.check("… with only the program's minimum data", sorted(extra), [])

    async def market(self) -> None:
        """Check that the offer which waited for the effect is sent."""
        await self.check_sent("KDMP_PASAR")

    async def answers(self) -> None:
        """Let each partner answer twice."""
        for code in CONSENTED:
            await self.answer(code)

    async def delivery(self) -> None:
        for code in CONSENTED:
            amount = {"amount_rp": DELIVERED_RP} if code == "KUR_SUPERMIKRO" else {}
            await self.call_referral(
                "delivers", code, "deliver", delivery_id=f"{code}-D1", delivered_on="2026-07-20", **amount
            )

    async def outcome(self) -> None:
        """Record the outcome after three months."""
        outcome = {"month": 3, "still_in_business": True, "omzet_rp": 11_000_000}
        path = f"/v1/rujukan-program/{self.id_of('KUR_SUPERMIKRO')}/outcome"
        await self.world.act("records the outcome after three months", "referral", path, outcome, S)
        await self.check_aid()

    async def answer(self, code: str) -> None:
        amount = {"amount_rp": DELIVERED_RP} if code == "KUR_SUPERMIKRO" else {}
        answer = {"answer_id": f"{code}-A1", "status": "DISETUJUI", "answered_on": "2026-07-10", **amount}
        await self.call_referral("approves", code, "answer", **answer)
        await self.call_referral("repeats its answer, which changes nothing,", code, "answer", **answer)

    async def call_referral(self, sentence: str, code: str, verb: str, **fields: Any) -> None:
        simulator, world = self.of(code), self.world
        world.console.print(f"  [bold]{simulator.name}[/] {sentence} {code}  [dim]referral POST …/{verb}[/]")
        answer = await getattr(simulator, verb)(self.id_of(code), **fields)
        world.check(f"referral accepts it ({answer.status_code})", answer.is_success)
        await world.wait_until_delivered()

    async def check_aid(self) -> None:
        world = self.world
        await self.fetch_offers()
        states = {code: self.offers[code]["state"] for code in CONSENTED}
        world.check("all three are delivered", set(states.values()) <= {"DISALURKAN", "TUTUP"})
        bank = self.offers["KUR_SUPERMIKRO"]
        world.check("KUR delivered Rp8,000,000, once", bank["amount_rp"], DELIVERED_RP)
        outcomes = [(item["month"], item["still_in_business"]) for item in bank["outcomes"]]
        world.check("the outcome after three months is recorded", outcomes, [(3, True)])
        world.check(f"{OPTIONAL}, without consent, was never sent", self.offers[OPTIONAL]["state"], "DRAF")
        world.check("… and its partner received nothing", self.of(OPTIONAL).tries, 0)

    def of(self, code: str) -> PartnerSimulator:
        return self.ministry.of(code)

    def id_of(self, code: str) -> str:
        return self.offers[code]["rujukan_program_id"]


ALWAYS = {
    "notice",
    "rujukan_program_id",
    "notified_at",
    "sla_due_on",
    "kode_wilayah",
    "program",
    "purpose",
    "legal_basis",
    "consent_id",
    "office",
}
