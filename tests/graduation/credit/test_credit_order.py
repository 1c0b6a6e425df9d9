"""A penetapan is credited at most once in any order of acts (docs/case-lifecycle.md#credit)."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from shared.database import uuid7
from tests.factories.cluster import Cluster
from tests.factories.graduation.case import CaseDriver, expect_ok, read_emitted_events, set_day
from tests.factories.graduation.credit import hand_over_family
from tests.factories.graduation.objection import annul_graduasi, build_tahap, decide_sanggah, lodge_sanggah
from tests.factories.services import Running, run_service

ACTS = (
    "hand_over_family",
    "assess_again",
    "issue_sk",
    "issue_sk_for_both",
    "postpone",
    "resume",
    "refuse_objection",
    "accept_objection",
    "annul",
    "days",
)
WHY = {"reason": "Perlu diperiksa lagi."}
Plan = list[tuple[int, str]]


@dataclass
class Side:
    """One case, with what its credit must say once it is determined."""

    driver: CaseDriver
    holder: str
    author: str
    year: int = 0


class Simulation:
    """Two cases of one service, and the acts that are tried on them."""

    def __init__(self, service: Running, sides: list[Side]) -> None:
        self.service, self.sides, self.today = service, sides, date(2026, 10, 1)
        self.done: Counter[str] = Counter()

    @classmethod
    async def start(cls, service: Running) -> "Simulation":
        sides: list[Side] = []
        for _ in range(2):
            driver = await (await CaseDriver.start(service)).advance_to("DISETUJUI_DINSOS", "2026-10-01")
            author = str(driver.field.penugasan_id)
            sides.append(Side(driver, author, author))
        return cls(service, sides)

    async def perform_act(self, number: int, act: str) -> None:
        self.today += timedelta(days=60 if act == "days" else 1)
        await set_day(self.service, self.today)
        await self.service.work()
        if act != "days":
            self.done[act] += await getattr(self, act)(self.sides[number])
            await self.service.work()

    async def hand_over_family(self, side: Side) -> bool:
        side.holder = str((await hand_over_family(side.driver, self.today)).penugasan_id)
        return True

    async def assess_again(self, side: Side) -> bool:
        """Return the case and assess it again by the current pendamping, who becomes its author."""
        day, driver = self.today.isoformat(), side.driver
        if (await driver.post("return", WHY, "approval")).status_code != 201:
            return False
        for step in (driver.assess, lambda: driver.sign(day), driver.propose, driver.verify):
            expect_ok(await step())
        expect_ok(await driver.deliberate(day))
        expect_ok(await driver.approve())
        side.author = side.holder
        return True

    async def issue_sk(self, side: Side) -> bool:
        return await self.post_sk([side])

    async def issue_sk_for_both(self, side: Side) -> bool:
        """One SK over both: all or none."""
        del side
        return await self.post_sk(self.sides)

    async def post_sk(self, sides: list[Side]) -> bool:
        ids = [side.driver.graduasi_id for side in sides]
        body = {"sk_no": f"SK/{uuid7()}"[:39], "sk_on": self.today.isoformat(), "graduasi_ids": ids}
        answer = await self.service.post("/v1/sk", body, as_=sides[0].driver.by["sk"])
        if answer.status_code == 201:
            for side in sides:
                side.year = self.today.year
        return answer.status_code == 201

    async def postpone(self, side: Side) -> bool:
        return (await side.driver.post("postponement", WHY, "approval")).status_code == 201

    async def resume(self, side: Side) -> bool:
        return (await side.driver.post("resumption", WHY, "approval")).status_code == 201

    async def refuse_objection(self, side: Side) -> bool:
        return await self.lodge_and_decide(side, "DITOLAK")

    async def accept_objection(self, side: Side) -> bool:
        return await self.lodge_and_decide(side, "DITERIMA")

    async def lodge_and_decide(self, side: Side, outcome: str) -> bool:
        """On paper dated in term, whenever it is typed in."""
        asked = "SELECT term_ends_on FROM penetapan WHERE graduasi_id = $1"
        rows = await self.service.sql(asked, side.driver.graduasi_id)
        dated = min([self.today, *(row[0] for row in rows)])
        lodged = await lodge_sanggah(side.driver, dated, f"surat {self.today}".encode())
        if lodged.status_code != 201:
            return False
        sanggah_id = lodged.json()["sanggah_id"]
        expect_ok(
            await retry_with_back_pay(
                lambda paid: decide_sanggah(side.driver, sanggah_id, outcome, back_pay=paid)
            )
        )
        return True

    async def annul(self, side: Side) -> bool:
        answer = await retry_with_back_pay(lambda paid: annul_graduasi(side.driver, back_pay=paid))
        return answer.status_code == 201


async def retry_with_back_pay(
    ask: Callable[[list[dict[str, Any]]], Awaitable[httpx.Response]],
) -> httpx.Response:
    """Send the request without back pay, and again with the tahap that the refusal names."""
    answer = await ask([])
    if answer.status_code != 422:
        return answer
    return await ask(build_tahap(*answer.json()["detail"].rstrip(".").split(": ")[1].split(", ")))


WHOLE: Plan = [
    (0, "hand_over_family"),
    (0, "assess_again"),
    (1, "postpone"),
    (1, "resume"),
    (0, "issue_sk_for_both"),
    (0, "refuse_objection"),
]
WHOLE += [(1, "days"), (1, "accept_objection"), (0, "annul"), (0, "annul"), (1, "issue_sk")]
LATE: Plan = [
    (0, "issue_sk"),
    (1, "days"),
    (0, "hand_over_family"),
    (0, "accept_objection"),
    (1, "annul"),
    (1, "issue_sk"),
    (1, "refuse_objection"),
]


# What of these is possible where it stands: so that an order in which all is refused is not taken for a proof.
POSSIBLE = [
    "hand_over_family",
    "assess_again",
    "postpone",
    "resume",
    "issue_sk_for_both",
    "refuse_objection",
    "accept_objection",
    "annul",
]
POSSIBLE_LATE = ["issue_sk", "issue_sk", "hand_over_family", "accept_objection", "refuse_objection"]


@pytest.mark.timeout(600)
@settings(
    max_examples=5,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(plan=st.lists(st.tuples(st.integers(0, 1), st.sampled_from(ACTS)), min_size=6, max_size=14))
@example(plan=WHOLE)
@example(plan=LATE)
def test_each_penetapan_is_credited_once_or_not_at_all(cluster: Cluster, plan: Plan) -> None:
    played = asyncio.run(play_acts(cluster, plan))
    for known, possible in ((WHOLE, POSSIBLE), (LATE, POSSIBLE_LATE)):
        assert plan != known or sorted((+played.done).elements()) == sorted(possible)


async def play_acts(cluster: Cluster, plan: Plan) -> Simulation:
    async with run_service(cluster, "graduation") as service:
        played = await Simulation.start(service)
        for number, act in plan:
            await played.perform_act(number, act)
        await check_credits(played)
        return played


async def check_credits(played: Simulation) -> None:
    granted = [fact for _, fact in await read_emitted_events(played.service, "credit_granted")]
    taken = Counter(
        fact["credit_id"] for _, fact in await read_emitted_events(played.service, "credit_reversed")
    )
    for side in played.sides:
        mine = [fact for fact in granted if fact["graduasi_id"] == side.driver.graduasi_id]
        given = [(fact["penugasan_id"], fact["year"]) for fact in mine]
        assert given == ([(side.author, side.year)] if side.year else [])
        undone = await side.driver.read_state() == "DIPULIHKAN"
        assert [taken[fact["credit_id"]] for fact in mine] == [int(undone)] * len(mine)
    net = await played.service.sql("SELECT count(*) FILTER (WHERE reversed_on IS NULL) FROM credit")
    assert len(granted) - taken.total() == net[0][0]
