"""The actors of a random year, and how they send requests.

A refusal is a valid answer, an error of a service is not.
"""

import json
import random
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import httpx

from deploy.demo.families import FamilyGenerator, as_csv, graduating_family
from deploy.demo.intake import run_intake
from deploy.demo.ministry import Ministry
from deploy.demo.people import DINSOS, KEMENSOS
from deploy.demo.placement import PlacedPendamping, place_pendamping
from deploy.demo.programs import PARTNERS
from deploy.demo.world import World

A, B = "33.24.15.1001", "33.24.15.1002"
FIELD = ("pendamping-1", "pendamping-2", "pendamping-3", "pendamping-4")
NIKS = ("3324154107859601", "3324154107859602", "3324154107859603", "3324154107859604")
FIRST, LAST = date(2026, 3, 2), date(2027, 2, 26)
SERIALS = (9610, 9998)
USUAL = 0.93
FAULT = 500
OUTCOME_UNKNOWN = 503
PAPER = b"kertas"
# An own paper for most acts. The others use one paper of the service, as evidence for several families.
OWN_PAPER = 0.95
SHA256 = re.compile(r"[0-9a-f]{64}")
# Most acts are on this many families, so that their cases reach late states.
BUSY, OFTEN = 24, 0.9


@dataclass(frozen=True, slots=True)
class Family:
    """A family and its first PKH membership."""

    kpm_id: str
    kepesertaan_id: str


class Town(World):
    """The demonstration's world, with every partner as actors."""

    __slots__ = ()

    def token(self, who: str) -> str:
        if who.startswith("partner:"):
            ids = self.data_folder.people()[who.removeprefix("partner:")]
            return self.issuer.token("PARTNER", who, ["*"], partner_id=ids["partner_id"], ttl=600)
        return World.token(self, who)


def valid_on(today: date) -> Callable[[dict[str, Any]], bool]:
    """Return a predicate for ranges that contain a day."""
    on = str(today)
    return lambda item: item["valid_from"] <= on and (item["valid_to"] is None or on < item["valid_to"])


@dataclass(slots=True)
class Office:
    """One year. `counts` has the outcomes of each act, `faults` what must not happen."""

    world: Town
    ministry: Ministry
    seed: int
    size: int
    families: list[Family] = field(default_factory=list[Family])
    people: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    placed: list[PlacedPendamping] = field(default_factory=list[PlacedPendamping])
    papers: dict[str, str] = field(default_factory=dict[str, str])
    # The content of each paper, which who names it has uploaded himself.
    contents: dict[str, bytes] = field(default_factory=dict[str, bytes])
    counts: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    faults: list[str] = field(default_factory=list[str])
    refusals: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])

    async def start(self) -> None:
        """Place four pendamping in both kelurahan and import families for them."""
        for step in self.ministry.agenda():
            await step[1]()
        for who, nik in zip(FIELD, NIKS, strict=True):
            self.placed.append(await place_pendamping(self.world, who, nik, [A, B]))
        assert await run_intake(self.world, "chance.csv", self.build_file()) == []
        for item in await self.world.pages("caseload", "/v1/kpm", DINSOS):
            self.families.append(Family(item["kpm_id"], ""))
        busy = [await self.add_membership(family) for family in self.families[:BUSY]]
        self.families[:BUSY] = busy
        for service in ("graduation", "caseload", "referral"):
            self.papers[service] = await self.world.put_file(service, PAPER, DINSOS)
            self.contents[self.papers[service]] = PAPER

    async def add_membership(self, family: Family) -> Family:
        """Return the family with its PKH membership."""
        if family.kepesertaan_id:
            return family
        memberships = await self.world.get("caseload", f"/v1/kpm/{family.kpm_id}/kepesertaan", DINSOS)
        (pkh,) = [item["kepesertaan_id"] for item in memberships["items"] if item["bansos"] == "PKH"]
        return Family(family.kpm_id, pkh)

    def build_file(self) -> bytes:
        """Return an intake file. Most families can graduate, and many last komponen end this year."""
        chance = random.Random(self.seed)
        makers = [FamilyGenerator(placed.pendamping_no, SERIALS, chance) for placed in self.placed]
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
        self.people = rows
        return as_csv(rows)

    def choose_family(self, chance: random.Random) -> Family:
        """Return a family, mostly one of the busy ones."""
        often = chance.random() < OFTEN
        return chance.choice(self.families[:BUSY] if often else self.families)

    @property
    def silent_partner(self) -> str:
        """The partner of this year that answers next to nothing."""
        return sorted(PARTNERS)[self.seed % len(PARTNERS)]

    @property
    def today(self) -> date:
        return self.world.shown_on or FIRST

    def day(self, after: int) -> str:
        """Return the day that many days from today, earlier for a negative number."""
        return str(self.today + timedelta(days=after))

    def choose_day(self, chance: random.Random) -> str:
        """Return today, or the earlier day of a paper that arrives late."""
        return self.day(-chance.choice((0, 0, chance.randrange(40))))

    async def send_command(
        self, noun: str, service: str, path: str, body: Any, who: str, *, version: int | None = None
    ) -> Any:
        """Send a command. Return None if it was refused or unanswered."""
        headers = {} if version is None else {"If-Match": f'"{version}"'}
        # A paper is also named within an answer of an assessment.
        for sha256 in SHA256.findall(json.dumps(body)) if who != DINSOS else ():
            if sha256 in self.contents:
                await self.upload_file(service, self.contents[sha256], who)
        more = {} if body is None else {"json": body}
        try:
            answer = await self.world.send("POST", service, path, who, headers=headers, **more)
        except httpx.TransportError:
            self.counts[noun, "unanswered"] += 1
            return None
        self.count_answer(noun, f"{who}: POST {path}", answer)
        return answer.json() if answer.is_success else None

    async def approve(self, noun: str, service: str, requested: Any, who: str) -> Any:
        """Approve a request of another person, if it was made."""
        if requested and "approval_request_id" in requested:
            path = f"/v1/approval-request/{requested['approval_request_id']}/approval"
            return await self.send_command(
                noun, service, path, {"body_sha256": requested["body_sha256"]}, who
            )
        return None

    def count_answer(self, noun: str, request: str, answer: httpx.Response) -> None:
        if answer.status_code >= FAULT and answer.status_code != OUTCOME_UNKNOWN:
            self.faults.append(f"{request}: {answer.status_code} {answer.text[:300]}")
        if not answer.is_success:
            self.refusals[noun, str(answer.json().get("title"))] += 1
        self.counts[noun, "accepted" if answer.is_success else "refused"] += 1

    async def read(self, service: str, path: str, who: str = DINSOS) -> Any:
        """Read a resource. Return None if it cannot be read."""
        try:
            answer = await self.world.send("GET", service, path, who)
        except httpx.TransportError:
            return None
        if answer.status_code >= FAULT and answer.status_code != OUTCOME_UNKNOWN:
            self.faults.append(f"{who}: GET {path}: {answer.status_code} {answer.text[:300]}")
        return answer.json() if answer.is_success else None

    async def read_items(self, service: str, path: str, who: str = DINSOS) -> list[Any]:
        """Return the first page of a list, empty if it cannot be read."""
        return (await self.read(service, path, who) or {"items": []})["items"]

    async def upload_file(self, service: str, content: bytes, who: str) -> str | None:
        """Upload a file and return its SHA-256, or None."""
        headers = {"Content-Type": "application/octet-stream"}
        try:
            answer = await self.world.send(
                "POST", service, "/v1/files", who, content=content, headers=headers
            )
        except httpx.TransportError:
            return None
        return answer.json()["sha256"] if answer.is_success else None

    async def choose_paper(self, chance: random.Random, service: str) -> str:
        """Upload a new paper and return its SHA-256, seldom that of a paper in use."""
        if chance.random() > OWN_PAPER:
            return self.papers[service]
        content = chance.randbytes(16).hex().encode()
        sha256 = await self.upload_file(service, content, DINSOS)
        if sha256 is None:
            return self.papers[service]
        self.contents[sha256] = content
        return sha256

    async def choose_pendamping(self, chance: random.Random, family: Family, on: date | None = None) -> str:
        """Return the family's pendamping on a day, seldom another."""
        if chance.random() > USUAL:
            return chance.choice(FIELD)
        shown = await self.read("caseload", f"/v1/kpm/{family.kpm_id}")
        is_valid = valid_on(on or self.today)
        pendamping_ids = (
            [item["pendamping_id"] for item in shown["dampingan"] if is_valid(item)] if shown else []
        )
        names = [
            who
            for who, placed in zip(FIELD, self.placed, strict=True)
            if placed.pendamping_id in pendamping_ids
        ]
        return names[0] if names else chance.choice(FIELD)

    def choose_account(self, chance: random.Random, who: str) -> str:
        """Return the given account, seldom another."""
        others = (*FIELD, DINSOS, KEMENSOS)
        return who if chance.random() < USUAL else chance.choice(others)
