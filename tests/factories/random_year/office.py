"""Everybody who acts in a random year, and how they ask: a refusal is an answer, a fault of a service is not."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import httpx

from deploy.demo.families import Maker, as_csv, graduating_family
from deploy.demo.intake import take_in
from deploy.demo.ministry import Ministry
from deploy.demo.people import DINSOS, KEMENSOS
from deploy.demo.placement import Placed, place_pendamping
from deploy.demo.world import World
from deploy.invariants import Command

A, B = "33.24.15.1001", "33.24.15.1002"
FIELD = ("pendamping-1", "pendamping-2", "pendamping-3", "pendamping-4")
NIKS = ("3324154107859601", "3324154107859602", "3324154107859603", "3324154107859604")
THIRD = "kemensos-3"
FIRST, LAST = date(2026, 3, 2), date(2027, 2, 26)
SERIALS = (9610, 9998)
SURE = 0.93
FAULT = 500
UNSURE = 503
PAPER = {"graduation": b"kertas", "graduation again": b"lain", "caseload": b"kertas", "referral": b"kertas"}
# So many families have most of what happens, so that their cases go deep; to the others it happens now and then.
BUSY, OFTEN = 24, 0.9


@dataclass(frozen=True, slots=True)
class Family:
    """A family and the PKH that it began with."""

    kpm_id: str
    kepesertaan_id: str


class Town(World):
    """The demonstration's world, with a third official of the ministry and every partner as a caller."""

    __slots__ = ()

    def token(self, who: str) -> str:
        if who == THIRD:
            return self.issuer.token("KEMENSOS", who, ["*"], ttl=600)
        if who.startswith("partner:"):
            known = self.place.people()[who.removeprefix("partner:")]
            return self.issuer.token("PARTNER", who, ["*"], partner_id=known["partner_id"], ttl=600)
        return World.token(self, who)


def holds_on(today: date) -> Callable[[dict[str, Any]], bool]:
    """Whether a range, as services show it, holds on a day."""
    on = str(today)
    return lambda one: one["valid_from"] <= on and (one["valid_to"] is None or on < one["valid_to"])


@dataclass(slots=True)
class Office:
    """One year. `counts` says how often each act was accepted, refused or left unanswered; `faults` is what must not be."""

    world: Town
    ministry: Ministry
    seed: int
    size: int
    families: list[Family] = field(default_factory=list[Family])
    placed: list[Placed] = field(default_factory=list[Placed])
    papers: dict[str, str] = field(default_factory=dict[str, str])
    counts: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    faults: list[str] = field(default_factory=list[str])
    refusals: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])

    async def begin(self) -> None:
        """Four pendamping who all serve both kelurahan, and families shared among them."""
        for step in self.ministry.agenda():
            await step[1]()
        for who, nik in zip(FIELD, NIKS, strict=True):
            self.placed.append(await place_pendamping(self.world, who, nik, [A, B]))
        assert await take_in(self.world, "chance.csv", self.file()) == []
        for item in await self.world.pages("caseload", "/v1/kpm", DINSOS):
            self.families.append(Family(item["kpm_id"], ""))
        busy = [await self.known(family) for family in self.families[:BUSY]]
        self.families[:BUSY] = busy
        for name, content in PAPER.items():
            self.papers[name] = await self.world.put_file(name.partition(" ")[0], content, DINSOS)

    async def known(self, family: Family) -> Family:
        """The family with its PKH, as caseload has it."""
        if family.kepesertaan_id:
            return family
        held = await self.world.get("caseload", f"/v1/kpm/{family.kpm_id}/kepesertaan", DINSOS)
        (pkh,) = [one["kepesertaan_id"] for one in held["items"] if one["bansos"] == "PKH"]
        return Family(family.kpm_id, pkh)

    def file(self) -> bytes:
        """Most families can graduate; the last komponen of many has ended or ends within the year."""
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

    def some_family(self, chance: random.Random) -> Family:
        """Mostly one of the busy ones."""
        often = chance.random() < OFTEN
        return chance.choice(self.families[:BUSY] if often else self.families)

    @property
    def today(self) -> date:
        return self.world.shown_on or FIRST

    def day(self, after: int) -> str:
        """The day so many days from today; before it, if the number is negative."""
        return str(self.today + timedelta(days=after))

    async def ask(
        self, noun: str, service: str, path: str, body: Any, who: str, *, version: int | None = None
    ) -> Any:
        """Do it if one may; None where it was refused or nobody answered."""
        headers = {} if version is None else {"If-Match": f'"{version}"'}
        more = {} if body is None else {"json": body}
        try:
            answer = await self.world.tried("POST", service, path, who, headers=headers, **more)
        except httpx.TransportError:
            self.counts[noun, "unanswered"] += 1
            return None
        self.judge(noun, f"{who}: POST {path}", answer)
        return answer.json() if answer.is_success else None

    def judge(self, noun: str, asked: str, answer: httpx.Response) -> None:
        if answer.status_code >= FAULT and answer.status_code != UNSURE:
            self.faults.append(f"{asked}: {answer.status_code} {answer.text[:300]}")
        if not answer.is_success:
            self.refusals[noun, str(answer.json().get("title"))] += 1
        self.counts[noun, "accepted" if answer.is_success else "refused"] += 1

    async def look(self, service: str, path: str, who: str = DINSOS) -> Any:
        """Read, if it is there to be read."""
        try:
            answer = await self.world.tried("GET", service, path, who)
        except httpx.TransportError:
            return None
        if answer.status_code >= FAULT and answer.status_code != UNSURE:
            self.faults.append(f"{who}: GET {path}: {answer.status_code} {answer.text[:300]}")
        return answer.json() if answer.is_success else None

    async def items(self, service: str, path: str, who: str = DINSOS) -> list[Any]:
        """The first page of a list; nothing where it cannot be read."""
        return (await self.look(service, path, who) or {"items": []})["items"]

    async def store(self, service: str, content: bytes, who: str) -> str | None:
        """Hand in a file; return its SHA-256, if it was taken."""
        headers = {"Content-Type": "application/octet-stream"}
        try:
            answer = await self.world.tried(
                "POST", service, "/v1/files", who, content=content, headers=headers
            )
        except httpx.TransportError:
            return None
        return answer.json()["sha256"] if answer.is_success else None

    async def holder(self, chance: random.Random, family: Family) -> str:
        """Who accompanies the family, mostly."""
        if chance.random() > SURE:
            return chance.choice(FIELD)
        known = await self.look("caseload", f"/v1/kpm/{family.kpm_id}")
        today = holds_on(self.today)
        held = [one["pendamping_id"] for one in known["dampingan"] if today(one)] if known else []
        names = [who for who, placed in zip(FIELD, self.placed, strict=True) if placed.pendamping_id in held]
        return names[0] if names else chance.choice(FIELD)

    def somebody(self, chance: random.Random, who: str) -> str:
        """The right person, mostly."""
        others = (*FIELD, DINSOS, KEMENSOS)
        return who if chance.random() < SURE else chance.choice(others)

    @property
    def accepted(self) -> list[Command]:
        return [command for command in self.world.history if command.accepted]
