"""The second half of scenario 2: three partners take over. They are simulators, told and answering over real HTTP."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from deploy.demo.agenda import Agenda
from deploy.demo.family_graduation import FamilyGraduation, S
from deploy.demo.ministry import Ministry
from deploy.demo.partner_simulator import PartnerSimulator
from deploy.demo.people import DINSOS
from deploy.demo.programs import OPTIONAL, PROGRAMS, WANTED
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
            ("2026-05-18", self.proposed),
            ("2026-05-20", self.consent),
            ("2026-07-01", self.market),
            *(("2026-07-10", self.answers), ("2026-07-20", self.delivery), ("2026-10-20", self.outcome)),
        ]

    async def proposed(self) -> None:
        """One rujukan has opened; in it each program that fits, with a reason per rule."""
        world = self.world
        await self.look()
        for code, benefit in WANTED.items():
            offer = self.offers.get(code)
            world.check(f"{code} is proposed for {benefit}", offer and offer["benefit_kinds"], [benefit])
            reasons = offer["reasons"] if offer else []
            world.check("… with its reasons", bool(reasons) and all(reason["fits"] for reason in reasons))
            for reason in reasons:
                world.console.print(f"        [dim]{reason['en']} ({reason['source']})[/]")
        world.check(f"{OPTIONAL} is there too, as an option", OPTIONAL in self.offers)

    async def look(self) -> None:
        world, kpm_id = self.world, self.graduation.case.kpm_id
        listed = await world.get("referral", f"/v1/rujukan?kpm_id={kpm_id}", DINSOS)
        world.check("exactly one rujukan has opened", len(listed["items"]), 1)
        rujukan = await world.get("referral", f"/v1/rujukan/{listed['items'][0]['rujukan_id']}", DINSOS)
        for item in rujukan["programs"]:
            path = f"/v1/rujukan-program/{item['rujukan_program_id']}"
            self.offers[item["program_code"]] = await world.get("referral", path, DINSOS)

    async def consent(self) -> None:
        """The family agrees to three, one by one; caseload seals who she is, and what may go is sent."""
        world = self.world
        paper = await world.put_file("referral", b"persetujuan berbagi data, bertanda tangan", S)
        given = {
            "text_version": 1,
            "channel": "TATAP_MUKA",
            "evidence_sha256": paper,
            "given_on": "2026-05-20",
        }
        for code in WANTED:
            path = f"/v1/rujukan-program/{self.id_of(code)}/consent"
            await world.act(f"records her consent to {code}", "referral", path, given, S)
        for code in ("KUR_SUPERMIKRO", "PLUT_PENDAMPINGAN"):
            await self.sent(code)
        await world.heard()
        world.check("KDMP waits for the effect", len(self.of("KDMP_PASAR").received), 0)

    async def sent(self, code: str) -> None:
        """Wait for the signed webhook, and look at what it carried."""
        simulator = self.of(code)

        async def told() -> bool:
            return bool(simulator.received)

        await self.world.until(f"{simulator.name} to be told of {code}", told)
        received = simulator.received[-1]
        extra = set(received.body) - ALWAYS - set(PROGRAMS[code]["minimum_data"])
        self.world.check(f"{simulator.name} was told of {code}, signed", received.signed)
        self.world.check("… and nothing beyond the program's minimum data", sorted(extra), [])

    async def market(self) -> None:
        """What waited for the effect is sent."""
        await self.sent("KDMP_PASAR")

    async def answers(self) -> None:
        """Partners answer, twice over as they do."""
        for code in WANTED:
            await self.answer(code)

    async def delivery(self) -> None:
        for code in WANTED:
            amount = {"amount_rp": DELIVERED_RP} if code == "KUR_SUPERMIKRO" else {}
            await self.said(
                "delivers", code, "deliver", delivery_id=f"{code}-D1", delivered_on="2026-07-20", **amount
            )

    async def outcome(self) -> None:
        """Three months later it is seen what became of it."""
        seen = {"month": 3, "still_in_business": True, "omzet_rp": 11_000_000}
        path = f"/v1/rujukan-program/{self.id_of('KUR_SUPERMIKRO')}/outcome"
        await self.world.act("records the outcome after three months", "referral", path, seen, S)
        await self.check_aid()

    async def answer(self, code: str) -> None:
        amount = {"amount_rp": DELIVERED_RP} if code == "KUR_SUPERMIKRO" else {}
        said = {"answer_id": f"{code}-A1", "status": "DISETUJUI", "answered_on": "2026-07-10", **amount}
        await self.said("approves", code, "answer", **said)
        await self.said("says it again, which changes nothing,", code, "answer", **said)

    async def said(self, sentence: str, code: str, verb: str, **fields: Any) -> None:
        simulator, world = self.of(code), self.world
        world.console.print(f"  [bold]{simulator.name}[/] {sentence} {code}  [dim]referral POST …/{verb}[/]")
        answer = await getattr(simulator, verb)(self.id_of(code), **fields)
        world.check(f"referral takes it ({answer.status_code})", answer.is_success)
        await world.heard()

    async def check_aid(self) -> None:
        world = self.world
        await self.look()
        states = {code: self.offers[code]["state"] for code in WANTED}
        world.check("all three have reached her", set(states.values()) <= {"DISALURKAN", "TUTUP"})
        bank = self.offers["KUR_SUPERMIKRO"]
        world.check("KUR delivered Rp8,000,000, once", bank["amount_rp"], DELIVERED_RP)
        outcomes = [(item["month"], item["still_in_business"]) for item in bank["outcomes"]]
        world.check("the outcome after three months is recorded", outcomes, [(3, True)])
        world.check(f"{OPTIONAL}, without consent, was never sent", self.offers[OPTIONAL]["state"], "DRAF")
        world.check("… and its partner was told nothing", self.of(OPTIONAL).tries, 0)

    def of(self, code: str) -> PartnerSimulator:
        return self.ministry.of(code)

    def id_of(self, code: str) -> str:
        return self.offers[code]["rujukan_program_id"]


ALWAYS = {"notice", "rujukan_program_id", "program", "purpose", "legal_basis", "consent_id", "office"}
