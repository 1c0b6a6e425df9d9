"""A year of random acts by random people: who may do what next is guessed, and often wrong, as in an office."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import httpx

from deploy.local.checker import Command
from deploy.local.demo.answers import ANSWERS, WITH_EVIDENCE
from deploy.local.demo.families import Maker, as_csv, graduating_family
from deploy.local.demo.ministry import Ministry
from deploy.local.demo.people import DINSOS, KELURAHAN_OPERATOR, KEMENSOS, KETUA, OTHER_DINSOS
from deploy.local.demo.placing import Placed, place_pendamping
from deploy.local.demo.taking_in import take_in
from deploy.local.demo.world import World

A, B = "33.24.15.1001", "33.24.15.1002"
FIELD = ("pendamping-1", "pendamping-2", "pendamping-3", "pendamping-4")
NIKS = ("3324154107859601", "3324154107859602", "3324154107859603", "3324154107859604")
FIRST, LAST = date(2026, 3, 2), date(2027, 2, 26)
SERIALS = (9610, 9998)
SURE = 0.93
HANDS = 4
FAULT = 500
UNSURE = 503
PAPER = {"graduation": b"kertas", "caseload": b"kertas", "referral": b"kertas"}
NEXT = {
    "TERIDENTIFIKASI": ("asesmen", "asesmen", "proposal", "cancellation"),
    "DIASESMEN": ("asesmen",),
    "BELUM_SIAP": ("asesmen", "cancellation"),
    "SIAP": ("pernyataan", "pernyataan", "pernyataan", "cancellation"),
    "PERNYATAAN_DITANDATANGANI": ("proposal", "proposal", "proposal", "cancellation"),
    "DIUSULKAN": ("verification", "verification", "verification", "verification", "return", "refusal"),
    "DIVERIFIKASI_KETIM": ("musyawarah", "musyawarah", "musyawarah", "approval", "postponement"),
    "DIMUSYAWARAHKAN": ("approval", "approval", "approval", "refusal"),
    "DISETUJUI_DINSOS": ("sk", "sk", "sk", "sk", "return", "postponement"),
    "MASA_SANGGAH": ("sanggah", "consent", "consent", "annulment"),
    "DISANGGAH": ("decision",),
    "EFEKTIF": ("sanggah", "consent", "annulment"),
    "PEMANTAUAN": ("monitoring", "monitoring", "monitoring", "sanggah", "annulment"),
    "SELESAI": ("annulment",),
    "DIKEMBALIKAN": ("proposal", "asesmen"),
    "DITUNDA": ("resumption",),
}
VERBS = tuple(sorted({verb for verbs in NEXT.values() for verb in verbs}))


@dataclass(frozen=True, slots=True)
class Family:
    """A family and its PKH."""

    kpm_id: str
    kepesertaan_id: str


@dataclass(slots=True)
class Chance:
    """One year. `counts` says how often each act was accepted, refused or left unanswered; `faults` is what must not be."""

    world: World
    ministry: Ministry
    seed: int
    size: int
    families: list[Family] = field(default_factory=list[Family])
    placed: list[Placed] = field(default_factory=list[Placed])
    papers: dict[str, str] = field(default_factory=dict[str, str])
    counts: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    faults: list[str] = field(default_factory=list[str])

    async def begin(self) -> None:
        """Four pendamping who all serve both kelurahan, and families shared among them."""
        for step in self.ministry.agenda():
            await step[1]()
        for who, nik in zip(FIELD, NIKS, strict=True):
            self.placed.append(await place_pendamping(self.world, who, nik, [A, B]))
        assert await take_in(self.world, "chance.csv", self.file()) == []
        for item in await self.world.pages("caseload", "/v1/kpm", DINSOS):
            held = await self.world.get("caseload", f"/v1/kpm/{item['kpm_id']}/kepesertaan", DINSOS)
            (pkh,) = [one["kepesertaan_id"] for one in held["items"] if one["bansos"] == "PKH"]
            self.families.append(Family(item["kpm_id"], pkh))
        for service, content in PAPER.items():
            self.papers[service] = await self.world.put_file(service, content, DINSOS)

    def file(self) -> bytes:
        """Half of the families can graduate; the last komponen of a third has ended or ends within the year."""
        chance = random.Random(self.seed)
        makers = [Maker(placed.pendamping_no, SERIALS, chance) for placed in self.placed]
        rows: list[dict[str, str]] = []
        for number in range(self.size):
            maker, kode = makers[number % len(makers)], chance.choice((A, B))
            maker.taken = makers[0].taken
            if chance.random() < 0.6:
                ends = date(2025, 12, 1) + timedelta(days=chance.randrange(900))
                nik = maker.number(kode, date(1987, 11, 12), woman=True)
                rows += graduating_family(maker, kode, nik, komponen=f"ANAK_SMA:{ends}")
            else:
                rows += [row | {"pendamping_no": maker.pendamping_no} for row in maker.family(kode)]
        return as_csv(rows)

    async def year(self, days: int, acts_a_day: int, each_day: Callable[[], Awaitable[None]]) -> None:
        """Go through so many days, a random time apart, with several hands at work at once on each."""
        chance = random.Random(f"{self.seed} days")
        when = sorted(chance.sample(range((LAST - FIRST).days), days - 1))
        for number, after in enumerate([*when, (LAST - FIRST).days]):
            await self.world.day(str(FIRST + timedelta(days=after)))
            hands = [self.hand(number, hand, acts_a_day // HANDS) for hand in range(HANDS)]
            await asyncio.gather(*hands, each_day())

    async def hand(self, day: int, number: int, acts: int) -> None:
        """One person's day at a desk; the same seed makes the same choices."""
        chance = random.Random(f"{self.seed} {day} {number}")
        for _ in range(acts):
            act = chance.choices(ACTS, WEIGHTS)[0]
            await act(self, chance, chance.choice(self.families))

    async def ask(self, noun: str, service: str, path: str, body: Any, who: str) -> Any:
        """Do it if one may; a refusal is an answer, a fault of the service is not."""
        try:
            answer = await self.world.tried("POST", service, path, who, json=body)
        except httpx.TransportError:
            self.counts[noun, "unanswered"] += 1
            return None
        if answer.status_code >= FAULT and answer.status_code != UNSURE:
            self.faults.append(f"{who}: POST {path}: {answer.status_code} {answer.text[:300]}")
        self.counts[noun, "accepted" if answer.is_success else "refused"] += 1
        return answer.json() if answer.is_success else None

    async def look(self, service: str, path: str, who: str = DINSOS) -> Any:
        """Read, if it is there to be read."""
        try:
            answer = await self.world.tried("GET", service, path, who)
        except httpx.TransportError:
            return None
        return answer.json() if answer.is_success else None

    @property
    def accepted(self) -> list[Command]:
        return [command for command in self.world.history if command.accepted]

    # What people do

    async def open_case(self, chance: random.Random, family: Family) -> None:
        reason = chance.choice(("SEJAHTERA_MANDIRI", "SEJAHTERA_MANDIRI", "SEJAHTERA_PPSE", "ALAMIAH"))
        body = {"kpm_id": family.kpm_id, "kepesertaan_id": family.kepesertaan_id, "exit_reason": reason}
        who = await self.holder(chance, family)
        await self.ask("graduasi", "graduation", "/v1/graduasi", body, who)

    async def move_case(self, chance: random.Random, family: Family) -> None:
        """Take the family's case a step on, mostly one that its state allows."""
        found = await self.look("graduation", f"/v1/graduasi?kpm_id={family.kpm_id}")
        if not found or not found["items"]:
            return await self.open_case(chance, family)
        case = chance.choice(found["items"][-2:])
        usual = NEXT.get(case["state"], VERBS)
        verb = chance.choice(usual if chance.random() < SURE else VERBS)
        await self.do(verb, chance, case, family)
        return None

    async def holder(self, chance: random.Random, family: Family) -> str:
        """Who accompanies the family, mostly."""
        if chance.random() > SURE:
            return chance.choice(FIELD)
        known = await self.look("caseload", f"/v1/kpm/{family.kpm_id}")
        held = [one["pendamping_id"] for one in known["dampingan"] if not one["valid_to"]] if known else []
        names = [who for who, placed in zip(FIELD, self.placed, strict=True) if placed.pendamping_id in held]
        return names[0] if names else chance.choice(FIELD)

    async def do(self, verb: str, chance: random.Random, case: dict[str, Any], family: Family) -> None:
        path = f"/v1/graduasi/{case['graduasi_id']}/{verb}"
        if verb in DESK:
            who, body = DESK[verb]
            if chance.random() > SURE:
                who = chance.choice((*FIELD, KETUA, DINSOS, OTHER_DINSOS, KEMENSOS, KELURAHAN_OPERATOR))
            today = str(self.world.shown_on)
            known = {"today": today, "paper": self.papers["graduation"]}
            filled = {name: known.get(str(value).strip("<>"), value) for name, value in body.items()}
            await self.ask(verb, "graduation", path, filled, who)
        else:
            await getattr(self, verb)(chance, case, family)

    async def asesmen(self, chance: random.Random, case: dict[str, Any], family: Family) -> None:
        answers: dict[str, Any] = {code: {"value": value} for code, value in ANSWERS.items()}
        if chance.random() < 0.2:
            answers["INCOME_PER_CAPITA_RP"] = {"value": 400_000}
        for code in WITH_EVIDENCE:
            answers[code] |= {"evidence_sha256": self.papers["graduation"]}
        path = f"/v1/graduasi/{case['graduasi_id']}/asesmen"
        await self.ask("asesmen", "graduation", path, {"answers": answers}, await self.holder(chance, family))

    async def pernyataan(self, chance: random.Random, case: dict[str, Any], family: Family) -> None:
        who = await self.holder(chance, family)
        offers = await self.look("referral", f"/v1/offer?kpm_id={family.kpm_id}", who)
        paper = {
            "signed_on": str(self.world.shown_on),
            "evidence_sha256": self.papers["graduation"],
            "offers_sha256": offers["sha256"] if offers else "0" * 64,
        }
        path = f"/v1/graduasi/{case['graduasi_id']}/pernyataan"
        await self.ask("pernyataan", "graduation", path, paper, who)

    async def proposal(self, chance: random.Random, case: dict[str, Any], family: Family) -> None:
        path = f"/v1/graduasi/{case['graduasi_id']}/proposal"
        await self.ask("proposal", "graduation", path, {}, await self.holder(chance, family))

    async def sk(self, chance: random.Random, case: dict[str, Any], family: Family) -> None:
        """Everything approved that is seen goes into one SK, by one of two officials."""
        del family
        found = await self.look("graduation", "/v1/graduasi?state=DISETUJUI_DINSOS&limit=5")
        ids = {item["graduasi_id"] for item in found["items"]} if found else set()
        number = f"{chance.randrange(10**9)}/SK/{self.world.shown_on}"
        cases = sorted(ids | {case["graduasi_id"]})
        body = {"sk_no": number, "sk_on": str(self.world.shown_on), "graduasi_ids": cases}
        who = chance.choice((KEMENSOS, "kemensos-2"))
        await self.ask("sk", "graduation", "/v1/sk", body, who)

    async def decision(self, chance: random.Random, case: dict[str, Any], family: Family) -> None:
        del family
        found = await self.look("graduation", f"/v1/sanggah?graduasi_id={case['graduasi_id']}")
        for item in (found or {"items": []})["items"]:
            outcome = chance.choice(("DITERIMA", "DITOLAK", "DITOLAK"))
            path = f"/v1/sanggah/{item['sanggah_id']}/decision"
            await self.with_back_pay("decision", path, {"outcome": outcome, "reason": "Diperiksa."})

    async def annulment(self, chance: random.Random, case: dict[str, Any], family: Family) -> None:
        """Seldom: an SK was wrong."""
        del family
        if chance.random() < 0.3:
            body = {"ground": "DATA_KELIRU", "reason": "Data keluarga keliru."}
            await self.with_back_pay("annulment", f"/v1/graduasi/{case['graduasi_id']}/annulment", body)

    async def with_back_pay(self, noun: str, path: str, body: dict[str, Any]) -> None:
        """Each tahap that may be concerned is tried to be decided: from none to all four of the year and the next."""
        year = self.world.shown_on.year if self.world.shown_on else FIRST.year
        tahap = [f"{y}-{n}" for y in (FIRST.year, year + 1) for n in range(1, 5)]
        for first in range(len(tahap)):
            for last in range(first, min(first + 4, len(tahap)) + 1):
                paid = [{"tahap": one, "paid": True, "reason": "Tertahan."} for one in tahap[first:last]]
                if await self.ask(noun, "graduation", path, body | {"back_pay": paid}, OTHER_DINSOS):
                    return
                if body.get("outcome") == "DITOLAK" or self.settled(path):
                    return

    def settled(self, path: str) -> bool:
        """Whether the last refusal had nothing to do with back-pay."""
        last = [command for command in self.world.history if command.path == path][-1]
        return last.problem not in {"BackPayUndecided", "BackPayNotConcerned"}

    async def monitoring(self, chance: random.Random, case: dict[str, Any], family: Family) -> None:
        who = await self.holder(chance, family)
        path = f"/v1/monitoring?graduasi_id={case['graduasi_id']}&open_only=true"
        found = await self.look("graduation", path, who)
        for task in (found or {"items": []})["items"][:1]:
            fell = chance.random() < 0.1
            seen = {"still_out": not fell} | ({"cause": "SAKIT"} if fell else {})
            path = f"/v1/monitoring/{task['task_id']}/result"
            await self.ask("monitoring", "graduation", path, seen, who)

    async def consent(self, chance: random.Random, case: dict[str, Any], family: Family) -> None:
        """The family agrees to one partner, which is told."""
        del case
        listed = await self.look("referral", f"/v1/rujukan?kpm_id={family.kpm_id}")
        for item in (listed or {"items": []})["items"][-1:]:
            rujukan = await self.look("referral", f"/v1/rujukan/{item['rujukan_id']}")
            offers = [one["rujukan_program_id"] for one in (rujukan or {"programs": []})["programs"]]
            given = {
                "text_version": 1,
                "channel": "TATAP_MUKA",
                "evidence_sha256": self.papers["referral"],
                "given_on": str(self.world.shown_on),
            }
            if offers:
                path = f"/v1/rujukan-program/{chance.choice(offers)}/consent"
                await self.ask("consent", "referral", path, given, await self.holder(chance, family))

    async def visit(self, chance: random.Random, family: Family) -> None:
        body = {
            "kpm_id": family.kpm_id,
            "visited_on": str(self.world.shown_on),
            "purpose": "PENDAMPINGAN",
            "findings": "Ditemui di rumah.",
        }
        await self.ask("kunjungan", "caseload", "/v1/kunjungan", body, await self.holder(chance, family))

    async def propose_exit(self, chance: random.Random, family: Family) -> None:
        body = {
            "kpm_id": family.kpm_id,
            "kepesertaan_id": family.kepesertaan_id,
            "exit_reason": chance.choice(("PINDAH", "DATA_GANDA", "TIDAK_DITEMUKAN", "MENINGGAL")),
            "evidence_sha256": self.papers["caseload"],
            "on": str(self.world.shown_on),
        }
        who = await self.holder(chance, family)
        await self.ask("exit-proposal", "caseload", "/v1/exit-proposal", body, who)

    async def hand_over(self, chance: random.Random, family: Family) -> None:
        del family
        giving, taking = chance.sample(self.placed, 2)
        body = {
            "from_penugasan_id": giving.penugasan_id,
            "to_penugasan_id": taking.penugasan_id,
            "kode_wilayah": chance.choice((A, B)),
            "on": str(self.world.shown_on),
            "reason": "Pembagian tugas.",
        }
        await self.ask("hand-over", "caseload", "/v1/hand-over", body, KETUA)


# Who does it, and what is said; <today> and <paper> are filled in.
DESK: dict[str, tuple[str, dict[str, str]]] = {
    "verification": (KETUA, {"note": "Ditemui di rumah."}),
    "musyawarah": (
        KELURAHAN_OPERATOR,
        {"berita_acara_no": "BA/1", "held_on": "<today>", "evidence_sha256": "<paper>"},
    ),
    "approval": (DINSOS, {}),
    "return": (DINSOS, {"reason": "Foto tidak terbaca."}),
    "refusal": (DINSOS, {"ground": "BELUM_LAYAK", "reason": "Belum layak."}),
    "postponement": (KETUA, {"reason": "Data bertentangan."}),
    "resumption": (KETUA, {"reason": "Data sudah jelas."}),
    "cancellation": ("pendamping-1", {"ground": "KELUARGA_MENARIK_DIRI", "reason": "Keluarga menarik diri."}),
    "sanggah": (
        KELURAHAN_OPERATOR,
        {
            "lodged_on": "<today>",
            "lodged_by": "KELUARGA",
            "channel": "DESA",
            "ground": "KEADAAN_BERUBAH",
            "evidence_sha256": "<paper>",
        },
    ),
}
ACTS = (Chance.move_case, Chance.open_case, Chance.visit, Chance.propose_exit, Chance.hand_over)
WEIGHTS = (78, 10, 6, 4, 2)
