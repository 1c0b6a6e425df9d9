"""One account is one human, with and without a pendamping_id; two accounts of one pendamping_id are one, too."""

import asyncio
import itertools
import random
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from shared.database import uuid7
from tests.factories.graduation.accounts import DAY, ORDERS, ROLES, P, is_refused, reached, step, token
from tests.factories.graduation.case import Road, at, ok
from tests.factories.graduation.events import DESA, tell
from tests.factories.graduation.exit_proposal import proposal
from tests.factories.services import Running


async def inserted(service: Running, graduasi_id: str, *acts: tuple[str, str, str]) -> None:
    """Write acts (stage, person, sub) past the commands, and take them back."""
    connection = await asyncpg.connect(service.settings.worker_database_url)
    transaction = connection.transaction()
    await transaction.start()
    try:
        for stage, person, sub in acts:
            await connection.execute(
                "INSERT INTO stage_act (graduasi_id, kode_wilayah, stage, person, sub, role, four_people, at)"
                " VALUES ($1, $2, $3, $4, $5, 'x', true, now())",
                UUID(graduasi_id),
                DESA,
                stage,
                person,
                sub,
            )
    finally:
        await transaction.rollback()
        await connection.close()


@pytest.mark.parametrize("by", ROLES)
async def test_the_account_that_proposed_acts_in_no_later_stage(graduation: Running, by: str) -> None:
    road = await reached(graduation, by)
    somebody = road.by[by]
    road.by[by] = token(graduation, by, f"pendamping-{road.field.pendamping_id}", None)
    is_refused(await step(road, by))
    road.by[by] = somebody
    ok(await step(road, by))


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("pair", list(itertools.combinations(ROLES, 2)))
async def test_one_account_does_not_act_in_two_stages_with_and_without_pendamping_id(
    graduation: Running, pair: tuple[str, str], order: tuple[UUID | None, UUID | None]
) -> None:
    road = await reached(graduation, pair[0])
    road.by[pair[0]] = token(graduation, pair[0], "one-account", order[0])
    for by in ROLES:
        if by == pair[1]:
            somebody = road.by[by]
            road.by[by] = token(graduation, by, "one-account", order[1])
            is_refused(await step(road, by))
            road.by[by] = somebody
        if list(ROLES).index(by) >= list(ROLES).index(pair[0]):
            ok(await step(road, by))


@pytest.mark.parametrize("order", ORDERS)
async def test_the_database_refuses_one_account_in_two_stages(
    graduation: Running, order: tuple[UUID | None, UUID | None]
) -> None:
    road = await (await Road.begin(graduation)).open()
    first, second = (("VERIFIKASI", "a", "a"), ("PERSETUJUAN", str(P), "a"))
    acts = (first, second) if order[0] is None else (second, first)
    with pytest.raises(asyncpg.ExclusionViolationError, match="ex_stage_act_four_accounts"):
        await inserted(graduation, road.graduasi_id, *acts)


TOKENS = list(itertools.product(("a", "b", "c"), (None, P, UUID(int=2))))


def one_human(first: tuple[str, UUID | None], second: tuple[str, UUID | None]) -> bool:
    return first[0] == second[0] or (first[1] is not None and first[1] == second[1])


async def test_the_database_knows_exactly_which_tokens_are_one_human(graduation: Running) -> None:
    road = await (await Road.begin(graduation)).open()
    for first, second in itertools.product(TOKENS, TOKENS):
        acts = [
            (stage, str(pendamping_id or sub), sub)
            for stage, (sub, pendamping_id) in zip(("VERIFIKASI", "PENETAPAN"), (first, second), strict=True)
        ]
        refused = False
        try:
            await inserted(graduation, road.graduasi_id, *acts)
        except asyncpg.ExclusionViolationError:
            refused = True
        assert refused is one_human(first, second), (first, second)


@pytest.mark.parametrize("seed", range(3))
async def test_no_sequence_of_tokens_lets_one_human_act_in_two_stages(graduation: Running, seed: int) -> None:
    chance = random.Random(seed)
    road = await (await Road.begin(graduation)).to("DIUSULKAN")
    acted: list[tuple[str, UUID | None]] = [
        (f"pendamping-{road.field.pendamping_id}", road.field.pendamping_id)
    ]
    tokens = [*TOKENS, (acted[0][0], None), ("d", road.field.pendamping_id)]
    for by in ROLES:
        for one in [*chance.sample(tokens, len(tokens)), ("somebody-else-" + by, None)]:
            road.by[by] = token(graduation, by, *one)
            answer = await step(road, by)
            known = any(one_human(one, other) for other in acted)
            assert answer.status_code == (403 if known else 201), (by, one, acted, answer.text)
            if not known:
                acted.append(one)
                break
    assert await road.state() == "MASA_SANGGAH"
    assert not any(one_human(one, other) for one, other in itertools.combinations(acted, 2))


async def test_one_account_in_two_stages_at_once_acts_in_one(graduation: Running) -> None:
    road = await reached(graduation, "musyawarah")
    why = {"reason": "Berita acara belum ditandatangani."}
    for by, pendamping_id in (("musyawarah", None), ("approval", P)):
        road.by[by] = token(graduation, by, "one-account", pendamping_id)
    paper = road.deliberate(str(DAY))
    answers = await asyncio.gather(paper, road.post("return", why, "approval"))
    assert sorted(answer.status_code for answer in answers) in ([201, 403], [201, 409])
    rows = await graduation.sql("SELECT count(DISTINCT stage) FROM stage_act WHERE sub = 'one-account'")
    assert rows[0][0] == 1


@pytest.mark.parametrize("noun", ["return", "refusal"])
@pytest.mark.parametrize("order", ORDERS)
async def test_the_account_of_another_stage_neither_returns_nor_refuses(
    graduation: Running, noun: str, order: tuple[UUID | None, UUID | None]
) -> None:
    road = await reached(graduation, "verification")
    road.by["verification"] = token(graduation, "verification", "one-account", order[0])
    ok(await road.verify())
    body = {"reason": "Foto rumah kabur."} | ({"ground": "BUKTI_LEMAH"} if noun == "refusal" else {})
    somebody = road.by["approval"]
    road.by["approval"] = token(graduation, "approval", "one-account", order[1])
    is_refused(await road.post(noun, body, "approval"))
    road.by["approval"] = somebody
    ok(await road.post(noun, body, "approval"))


@pytest.mark.parametrize("order", ORDERS)
async def test_an_sk_of_many_cases_leaves_out_what_its_account_acted_in(
    graduation: Running, order: tuple[UUID | None, UUID | None]
) -> None:
    road, other = [await reached(graduation, "approval") for _ in range(2)]
    road.by["approval"] = token(graduation, "approval", "one-account", order[0])
    for one in (road, other):
        ok(await one.approve())
    ministry = token(graduation, "sk", "one-account", order[1])
    lines = f"{road.graduasi_id}\n{other.graduasi_id}\n".encode()
    sha256 = await graduation.put_file(lines, as_=ministry)
    body = {"sk_no": "SK/9/2026", "sk_on": str(DAY), "sha256": sha256}
    asked = ok(await graduation.post("/v1/sk/bulk", body, as_=ministry), 202)
    await graduation.work()
    listed = ok(await graduation.get(f"{asked['job']}/errors", as_=ministry), 200)["items"]
    assert [(one["row"], one["code"]) for one in listed] == [(1, "SamePersonTwice")]
    assert (await road.state(), await other.state()) == ("DISETUJUI_DINSOS", "MASA_SANGGAH")


@pytest.mark.parametrize("by", ROLES)
async def test_what_an_account_acted_in_does_not_wait_for_it(graduation: Running, by: str) -> None:
    road = await reached(graduation, by)
    mine = token(graduation, by, f"pendamping-{road.field.pendamping_id}", None)
    for as_, count in ((mine, 0), (road.by[by], 1)):
        items = ok(await graduation.get("/v1/graduasi?waiting=me", as_=as_), 200)["items"]
        assert len(items) == count


async def exit_of(service: Running, **proposer: Any) -> Road:
    """A case of an exit that caseload proposed, in DIUSULKAN."""
    await at(service, DAY)
    road = await Road.begin(service)
    told = proposal(road, **proposer)
    await tell(service, told)
    rows = await service.sql(
        "SELECT graduasi_id FROM exit_proposal WHERE exit_proposal_id = $1", told.exit_proposal_id
    )
    road.graduasi_id = str(rows[0][0])
    return road


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
    "an official, told before the account travelled": (
        {**OFFICIAL, "proposer": "one-account"},
        [("one-account", None), ("one-account", P)],
    ),
    "a pendamping, told before the account travelled": (
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
    road = await exit_of(graduation, **proposer)
    somebody = road.by["verification"]
    for sub, pendamping_id in same:
        road.by["verification"] = token(graduation, "verification", sub, pendamping_id)
        waits = await graduation.get("/v1/graduasi?waiting=me", as_=road.by["verification"])
        assert ok(waits, 200)["items"] == [], (sub, pendamping_id)
        is_refused(await road.verify())
    road.by["verification"] = somebody
    ok(await road.verify())
    for sub, pendamping_id in same:
        road.by["approval"] = token(graduation, "approval", sub, pendamping_id)
        is_refused(await road.approve())
    road.by["approval"] = token(graduation, "approval", "somebody-else", None)
    ok(await road.approve())
