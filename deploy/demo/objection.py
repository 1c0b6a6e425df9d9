"""domain.md 10, scenario 8 without its emergency lane: an objection on paper, in term; and one that comes too late."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from deploy.demo.agenda import Agenda
from deploy.demo.cases import (
    Case,
    approve,
    assess,
    deliberate,
    determine,
    find_family,
    on_cases,
    reach,
    sign_and_propose,
    verify,
)
from deploy.demo.families import Maker, as_csv, graduating_family
from deploy.demo.intake import take_in
from deploy.demo.ministry import Ministry
from deploy.demo.people import DINSOS, KELURAHAN_OPERATOR, KEMENSOS, OTHER_DINSOS
from deploy.demo.placement import Placed, place_pendamping
from deploy.demo.world import World

KELURAHAN = "33.24.15.1003"
S, NIK_S = "pendamping-4", "3324154307859503"
# The mother whose husband dies, and a neighbour who asks eleven days later than she may.
NIKS = {"IN_TERM": "3324155211879599", "TOO_LATE": "3324155211879598"}
SERIALS = (9504, 9597)
KUR = "KUR_SUPERMIKRO"
NEXT_TAHAP = "2026-2"


@dataclass(slots=True)
class Objection:
    """What has come into being so far: two families, their cases, what the bank was told of each."""

    world: World
    ministry: Ministry
    number: int = 8
    s: Placed = field(init=False)
    cases: dict[str, Case] = field(default_factory=dict[str, Case])
    asked: dict[str, str] = field(default_factory=dict[str, str])
    sanggah_id: str = ""
    usulan_id: str = ""

    def agenda(self) -> Agenda:
        return [
            *(("2026-01-02", self.pendamping), ("2026-01-02", self.intake)),
            *(("2026-01-05", self.assessment), ("2026-01-09", self.statements)),
            *(("2026-01-16", self.verification), ("2026-01-23", self.musyawarah)),
            *(("2026-01-30", self.approval), ("2026-02-10", self.decision)),
            *(("2026-02-16", self.bank), ("2026-03-05", self.death), ("2026-03-10", self.sanggah)),
            *(
                ("2026-03-13", self.term_ends),
                ("2026-03-20", self.too_late),
                ("2026-03-20", self.applies_again),
            ),
            *(("2026-03-25", self.accepted), ("2026-03-25", self.restored)),
            ("2026-04-20", self.comes_back),
        ]

    @property
    def both(self) -> list[Case]:
        return list(self.cases.values())

    async def pendamping(self) -> None:
        self.s = await place_pendamping(self.world, S, NIK_S, [KELURAHAN])

    async def intake(self) -> None:
        maker = Maker(self.s.pendamping_no, SERIALS)
        rows = [row for nik in NIKS.values() for row in graduating_family(maker, KELURAHAN, nik)]
        self.world.check("no row is refused", await take_in(self.world, "objecting.csv", as_csv(rows)), [])
        for name, nik in NIKS.items():
            self.cases[name] = await find_family(self.world, name, nik)
        kpm_ids = [case.kpm_id for case in self.both]
        self.world.place.remember_scenario(
            self.number, kpm_ids=kpm_ids, pendamping_ids=[self.s.pendamping_id]
        )

    async def assessment(self) -> None:
        await assess(self.world, self.both, S)

    async def statements(self) -> None:
        await sign_and_propose(self.world, self.both, "2026-01-08", S)

    async def verification(self) -> None:
        await verify(self.world, self.both)

    async def musyawarah(self) -> None:
        await deliberate(self.world, self.both, "2026-01-22", KELURAHAN_OPERATOR)

    async def approval(self) -> None:
        await approve(self.world, self.both)

    async def decision(self) -> None:
        """The term ends on 12 March; the exit would be effective with tahap 2."""
        await determine(self.world, self.both, "101/3.4/BS.01/2/2026", "2026-02-10")
        for case in self.both:
            decided = (await self.case_of(case))["penetapan"]
            said = (decided["term_ends_on"], decided["effective_tahap"])
            self.world.check(f"{case.name}: in term until 12 March", said, ("2026-03-12", NEXT_TAHAP))

    async def bank(self) -> None:
        """Both agree that the bank may know them; it has heard, and has not answered."""
        world = self.world
        paper = await world.put_file("referral", b"persetujuan berbagi data, bertanda tangan", S)
        given = {
            "text_version": 1,
            "channel": "TATAP_MUKA",
            "evidence_sha256": paper,
            "given_on": "2026-02-16",
        }
        for case in self.both:
            rujukan = await self.rujukan_of(case)
            (self.asked[case.name],) = [
                item["rujukan_program_id"] for item in rujukan["programs"] if item["program_code"] == KUR
            ]
        asked = [(f"/v1/rujukan-program/{offer}/consent", given) for offer in self.asked.values()]
        await world.acts("records their consent to the bank", "referral", asked, S)
        bank = self.ministry.of(KUR)

        async def told() -> bool:
            return len(bank.rujukan) == len(self.asked)

        await world.until("the bank to be told", told)

    async def death(self) -> None:
        """The breadwinner dies; the family's facts change, and no case by itself."""
        world, case = self.world, self.cases["IN_TERM"]
        known = await world.get("caseload", f"/v1/kpm/{case.kpm_id}", S)
        (father,) = [one for one in known["members"] if one["relation"] == "KEPALA_KELUARGA"]
        proof = await world.put_file("caseload", b"kutipan akta kematian", S)
        died = {"reason": "MENINGGAL", "on": "2026-03-05", "evidence_sha256": proof}
        path = f"/v1/kpm/{case.kpm_id}/anggota/{father['anggota_id']}/end"
        sentence = "records that the father has died"
        await world.act(sentence, "caseload", path, died, S, version=known["version"])
        world.check("the case goes on by itself", (await self.case_of(case))["state"], "MASA_SANGGAH")

    async def sanggah(self) -> None:
        """A neighbour objects for her at the Puskesos desk on 9 March; it is typed in the next day, and suspends."""
        lodged = await self.object_for("IN_TERM", "2026-03-09")
        self.sanggah_id = lodged["sanggah_id"]
        await reach(self.world, [self.cases["IN_TERM"]], "DISANGGAH")
        self.world.check("the payment stop is suspended", (await self.payable("IN_TERM"))["payable"], "HELD")
        paused = (await self.rujukan_of(self.cases["IN_TERM"]))["paused"]
        self.world.check("what was to be sent to partners waits", paused)

    async def object_for(self, name: str, lodged_on: str) -> dict[str, Any]:
        paper = await self.paper(lodged_on)
        case = [self.cases[name]]
        sentence = f"types in the sanggah of {name}"
        return (await on_cases(self.world, sentence, case, "sanggah", paper, KELURAHAN_OPERATOR))[0]

    async def paper(self, lodged_on: str) -> dict[str, Any]:
        content = f"surat sanggah tertanggal {lodged_on}".encode()
        return {
            "lodged_on": lodged_on,
            "lodged_by": "MASYARAKAT",
            "channel": "PUSKESOS",
            "ground": "KEADAAN_BERUBAH",
            "evidence_sha256": await self.world.put_file("graduation", content, KELURAHAN_OPERATOR),
        }

    async def term_ends(self) -> None:
        """The term passes: the neighbour's exit is in effect, hers waits for the decision."""
        await reach(self.world, [self.cases["TOO_LATE"]], "EFEKTIF")
        case = await self.case_of(self.cases["IN_TERM"])
        self.world.check(
            "hers has no effect", (case["state"], case["penetapan"]["certificate_no"]), ("DISANGGAH", None)
        )

    async def too_late(self) -> None:
        """The same objection, dated 20 March, is out of term, and the refusal names the path that is open."""
        path = f"/v1/graduasi/{self.cases['TOO_LATE'].graduasi_id}/sanggah"
        paper = await self.paper("2026-03-20")
        said = await self.world.refused("graduation", path, paper, KELURAHAN_OPERATOR)
        found = (said.get("status"), said.get("title"))
        self.world.check("an objection out of term is refused", found, (409, "SanggahOutOfTerm"))
        words = str(said)
        self.world.check("… and the usulan is named as the right path", "usulan" in words)

    async def accepted(self) -> None:
        """Decided by a person of no stage, after the list of tahap 2 was closed: each tahap between is decided too."""
        world, path = self.world, f"/v1/sanggah/{self.sanggah_id}/decision"
        ruling: dict[str, Any] = {
            "outcome": "DITERIMA",
            "reason": "Pencari nafkah meninggal; ibu cuci darah.",
        }
        same = await world.refused("graduation", path, ruling, DINSOS)
        world.check("who approved may not decide it", same.get("title"), "SamePersonTwice")
        silent = await world.refused("graduation", path, ruling, OTHER_DINSOS)
        world.check("back-pay is decided explicitly, or nothing is", silent.get("title"), "BackPayUndecided")
        paid = {"tahap": NEXT_TAHAP, "paid": True, "reason": "Pembayaran ditahan sejak sanggah."}
        whole = ruling | {"back_pay": [paid]}
        await world.act("accepts the sanggah", "graduation", path, whole, OTHER_DINSOS)
        await reach(world, [self.cases["IN_TERM"]], "DIPULIHKAN")

    async def restored(self) -> None:
        """Her PKH goes on, S's count falls by one, KUR is withdrawn, and the bank knows."""
        world, case = self.world, self.cases["IN_TERM"]
        payable = await self.payable("IN_TERM")
        world.check(
            "her PKH goes on as if nothing had been", (payable["payable"], payable["ends_on"]), ("ALL", None)
        )
        world.check("tahap 2 is paid back", payable["back_pay"], [NEXT_TAHAP])
        path = f"/v1/pendamping/{self.s.pendamping_id}/scorecard?year=2026"
        card = await world.get("registry", path, KEMENSOS)
        said = (card["granted"], card["reversed"], card["net"])
        world.check("S's count falls by one", said, (2, 1, 1))
        rujukan = await self.rujukan_of(case)
        states = {item["program_code"]: item["state"] for item in rujukan["programs"]}
        world.check(
            "her rujukan and KUR are DICABUT", (rujukan["state"], states[KUR]), ("DICABUT", "DICABUT")
        )
        bank = self.ministry.of(KUR)

        async def told() -> bool:
            return self.asked["IN_TERM"] in bank.withdrawn

        await world.until("the bank to be told of the withdrawal", told)
        world.check("the bank is told, of her alone", bank.withdrawn, {self.asked["IN_TERM"]})

    async def applies_again(self) -> None:
        """Her paper becomes an application for a new membership, beginning after the one that ends."""
        world, case = self.world, self.cases["TOO_LATE"]
        proof = await world.put_file("caseload", b"surat tertanggal 20 Maret", KELURAHAN_OPERATOR)
        body = {
            "kpm_id": case.kpm_id,
            "bansos": "PKH",
            "reason": "Sanggah diajukan setelah masa sanggah berakhir.",
            "ground": "SANGGAH_TERLAMBAT",
            "lodged_on": "2026-03-20",
            "evidence_sha256": proof,
        }
        made = await world.act("records it as a usulan", "caseload", "/v1/usulan", body, KELURAHAN_OPERATOR)
        self.usulan_id = made["usulan_id"]

    async def comes_back(self) -> None:
        """Accepted, it is a new kepesertaan; the graduation stands, and no other number moves."""
        world, case = self.world, self.cases["TOO_LATE"]
        body = {"accepted": True, "valid_from": "2026-05-01", "reason": "Layak menurut pemeriksaan."}
        path = f"/v1/usulan/{self.usulan_id}/decision"
        await world.act("accepts the usulan", "caseload", path, body, DINSOS)
        held = await world.get("caseload", f"/v1/kpm/{case.kpm_id}/kepesertaan", DINSOS)
        spans = [(one["valid_from"], one["valid_to"]) for one in held["items"] if one["bansos"] == "PKH"]
        world.check("a new membership, beside the one that ended", spans[1:], [("2026-05-01", None)])
        world.check("… which stays ended", spans[0][1], "2026-04-01")

    async def case_of(self, case: Case) -> dict[str, Any]:
        return await self.world.get("graduation", f"/v1/graduasi/{case.graduasi_id}", DINSOS)

    async def payable(self, name: str) -> dict[str, Any]:
        path = f"/v1/kpm/{self.cases[name].kpm_id}/tahap?bansos=PKH"
        return await self.world.get("caseload", path, DINSOS)

    async def rujukan_of(self, case: Case) -> dict[str, Any]:
        listed = await self.world.get("referral", f"/v1/rujukan?kpm_id={case.kpm_id}", DINSOS)
        return await self.world.get("referral", f"/v1/rujukan/{listed['items'][0]['rujukan_id']}", DINSOS)
