"""Two accounts of one person count as one person in all stages of a case."""

import asyncio
import itertools
import random
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from shared.database import uuid7
from tests.factories.graduation.accounts import (
    DAY,
    ORDERS,
    ROLES,
    P,
    create_case_before,
    insert_acts,
    take_step,
    token,
)
from tests.factories.graduation.case import CaseDriver, expect_ok, set_day
from tests.factories.graduation.events import apply_events
from tests.factories.graduation.exit_proposal import build_exit_proposed
from tests.factories.services import Running, expect_refusal


@pytest.mark.parametrize("by", ROLES)
async def test_the_account_that_proposed_acts_in_no_later_stage(graduation: Running, by: str) -> None:
    driver = await create_case_before(graduation, by)
    somebody = driver.by[by]
    driver.by[by] = token(graduation, by, f"pendamping-{driver.field.pendamping_id}", None)
    expect_refusal(await take_step(driver, by), "SamePersonTwice", 403)
    driver.by[by] = somebody
    expect_ok(await take_step(driver, by))


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("pair", list(itertools.combinations(ROLES, 2)))
async def test_one_account_does_not_act_in_two_stages_with_and_without_pendamping_id(
    graduation: Running, pair: tuple[str, str], order: tuple[UUID | None, UUID | None]
) -> None:
    driver = await create_case_before(graduation, pair[0])
    driver.by[pair[0]] = token(graduation, pair[0], "one-account", order[0])
    for by in ROLES:
        if by == pair[1]:
            somebody = driver.by[by]
            driver.by[by] = token(graduation, by, "one-account", order[1])
            expect_refusal(await take_step(driver, by), "SamePersonTwice", 403)
            driver.by[by] = somebody
        if list(ROLES).index(by) >= list(ROLES).index(pair[0]):
            expect_ok(await take_step(driver, by))


@pytest.mark.parametrize("order", ORDERS)
async def test_the_database_refuses_one_account_in_two_stages(
    graduation: Running, order: tuple[UUID | None, UUID | None]
) -> None:
    driver = await (await CaseDriver.start(graduation)).open()
    first, second = (("VERIFIKASI", "a", "a"), ("PERSETUJUAN", str(P), "a"))
    acts = (first, second) if order[0] is None else (second, first)
    with pytest.raises(asyncpg.ExclusionViolationError, match="ex_stage_act_four_accounts"):
        await insert_acts(graduation, driver.graduasi_id, *acts)


TOKENS = list(itertools.product(("a", "b", "c"), (None, P, UUID(int=2))))


def is_one_person(first: tuple[str, UUID | None], second: tuple[str, UUID | None]) -> bool:
    return first[0] == second[0] or (first[1] is not None and first[1] == second[1])


async def test_database_treats_the_same_tokens_as_one_person(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).open()
    for first, second in itertools.product(TOKENS, TOKENS):
        acts = [
            (stage, str(pendamping_id or sub), sub)
            for stage, (sub, pendamping_id) in zip(("VERIFIKASI", "PENETAPAN"), (first, second), strict=True)
        ]
        refused = False
        try:
            await insert_acts(graduation, driver.graduasi_id, *acts)
        except asyncpg.ExclusionViolationError:
            refused = True
        assert refused is is_one_person(first, second), (first, second)


@pytest.mark.parametrize("seed", range(3))
async def test_no_sequence_of_tokens_lets_one_person_act_in_two_stages(
    graduation: Running, seed: int
) -> None:
    chance = random.Random(seed)
    driver = await (await CaseDriver.start(graduation)).advance_to("DIUSULKAN")
    acted: list[tuple[str, UUID | None]] = [
        (f"pendamping-{driver.field.pendamping_id}", driver.field.pendamping_id)
    ]
    tokens = [*TOKENS, (acted[0][0], None), ("d", driver.field.pendamping_id)]
    for by in ROLES:
        for one in [*chance.sample(tokens, len(tokens)), ("somebody-else-" + by, None)]:
            driver.by[by] = token(graduation, by, *one)
            answer = await take_step(driver, by)
            known = any(is_one_person(one, other) for other in acted)
            assert answer.status_code == (403 if known else 201), (by, one, acted, answer.text)
            if not known:
                acted.append(one)
                break
    assert await driver.read_state() == "MASA_SANGGAH"
    assert not any(is_one_person(one, other) for one, other in itertools.combinations(acted, 2))


async def test_one_account_in_two_stages_at_once_acts_in_one(graduation: Running) -> None:
    driver = await create_case_before(graduation, "musyawarah")
    why = {"reason": "Berita acara belum ditandatangani."}
    for by, pendamping_id in (("musyawarah", None), ("approval", P)):
        driver.by[by] = token(graduation, by, "one-account", pendamping_id)
    paper = driver.deliberate(str(DAY))
    answers = await asyncio.gather(paper, driver.post("return", why, "approval"))
    assert sorted(answer.status_code for answer in answers) in ([201, 403], [201, 409])
    rows = await graduation.sql("SELECT count(DISTINCT stage) FROM stage_act WHERE sub = 'one-account'")
    assert rows[0][0] == 1


@pytest.mark.parametrize("noun", ["return", "refusal"])
@pytest.mark.parametrize("order", ORDERS)
async def test_the_account_of_another_stage_neither_returns_nor_refuses(
    graduation: Running, noun: str, order: tuple[UUID | None, UUID | None]
) -> None:
    driver = await create_case_before(graduation, "verification")
    driver.by["verification"] = token(graduation, "verification", "one-account", order[0])
    expect_ok(await driver.verify())
    body = {"reason": "Foto rumah kabur."} | ({"ground": "BUKTI_LEMAH"} if noun == "refusal" else {})
    somebody = driver.by["approval"]
    driver.by["approval"] = token(graduation, "approval", "one-account", order[1])
    expect_refusal(await driver.post(noun, body, "approval"), "SamePersonTwice", 403)
    driver.by["approval"] = somebody
    expect_ok(await driver.post(noun, body, "approval"))


@pytest.mark.parametrize("order", ORDERS)
async def test_an_sk_of_many_cases_leaves_out_what_its_account_acted_in(
    graduation: Running, order: tuple[UUID | None, UUID | None]
) -> None:
    driver, other = [await create_case_before(graduation, "approval") for _ in range(2)]
    driver.by["approval"] = token(graduation, "approval", "one-account", order[0])
    for one in (driver, other):
        expect_ok(await one.approve())
    ministry = token(graduation, "sk", "one-account", order[1])
    lines = f"{driver.graduasi_id}\n{other.graduasi_id}\n".encode()
    sha256 = await graduation.put_file(lines, as_=ministry)
    body = {"sk_no": "SK/9/2026", "sk_on": str(DAY), "sha256": sha256}
    asked = expect_ok(await graduation.post("/v1/sk/bulk", body, as_=ministry), 202)
    await graduation.work()
    listed = expect_ok(await graduation.get(f"{asked['job']}/errors", as_=ministry), 200)["items"]
    assert [(one["row"], one["code"]) for one in listed] == [(1, "SamePersonTwice")]
    assert (await driver.read_state(), await other.read_state()) == ("DISETUJUI_DINSOS", "MASA_SANGGAH")


@pytest.mark.parametrize("by", ROLES)
async def test_worklist_excludes_cases_in_which_the_account_acted(graduation: Running, by: str) -> None:
    driver = await create_case_before(graduation, by)
    mine = token(graduation, by, f"pendamping-{driver.field.pendamping_id}", None)
    for as_, count in ((mine, 0), (driver.by[by], 1)):
        items = expect_ok(await graduation.get("/v1/graduasi?waiting=me", as_=as_), 200)["items"]
        assert len(items) == count


async def open_exit_case(service: Running, **proposer: Any) -> CaseDriver:
    """A case of an exit that caseload proposed, in DIUSULKAN."""
    await set_day(service, DAY)
    driver = await CaseDriver.start(service, members=1, able_productive=1)
    event = build_exit_proposed(driver, **proposer)
    await apply_events(service, event)
    rows = await service.sql(
        "SELECT graduasi_id FROM exit_proposal WHERE exit_proposal_id = $1", event.exit_proposal_id
    )
    driver.graduasi_id = str(rows[0][0])
    return driver


OFFICIAL: dict[str, Any] = {"pendamping_id": None, "penugasan_id": None}
PROPOSERS: dict[str, tuple[dict[str, Any], list[tuple[str, UUID | None]]]] = {
    "an official": (
        {**OFFICIAL, "proposer": "one-account", "proposer_sub": "one-account"},
        [("one-account", None), ("one-account", P)],
    ),
    "an official with a pendamping_id": (
        {**OFFICIAL, "proposer": str(P), "proposer_sub": "one-account"},
        [("one-account", None), ("one-account", P), ("another-account", P)],
    ),
    "an official, event before the account travelled": (
        {**OFFICIAL, "proposer": "one-account"},
        [("one-account", None), ("one-account", P)],
    ),
    "a pendamping, event before the account travelled": (
        {"pendamping_id": P, "penugasan_id": uuid7(), "proposer": str(P)},
        [("one-account", P), ("another-account", P)],
    ),
    "a pendamping": (
        {"pendamping_id": P, "penugasan_id": uuid7(), "proposer": str(P), "proposer_sub": "one-account"},
        [("one-account", None), ("one-account", P), ("another-account", P)],
    ),
}


@pytest.mark.parametrize("who", PROPOSERS)
async def test_the_account_that_proposed_an_exit_acts_in_no_later_stage(
    graduation: Running, who: str
) -> None:
    proposer, same = PROPOSERS[who]
    driver = await open_exit_case(graduation, **proposer)
    somebody = driver.by["verification"]
    for sub, pendamping_id in same:
        driver.by["verification"] = token(graduation, "verification", sub, pendamping_id)
        waits = await graduation.get("/v1/graduasi?waiting=me", as_=driver.by["verification"])
        assert expect_ok(waits, 200)["items"] == [], (sub, pendamping_id)
        expect_refusal(await driver.verify(), "SamePersonTwice", 403)
    driver.by["verification"] = somebody
    expect_ok(await driver.verify())
    for sub, pendamping_id in same:
        driver.by["approval"] = token(graduation, "approval", sub, pendamping_id)
        expect_refusal(await driver.approve(), "SamePersonTwice", 403)
    driver.by["approval"] = token(graduation, "approval", "somebody-else", None)
    expect_ok(await driver.approve())
