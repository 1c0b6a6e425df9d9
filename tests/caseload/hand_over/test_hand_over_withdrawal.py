"""A future hand-over is withdrawn with a stored reason, and no family moves."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from shared.access import Role
from shared.jobs import run_scheduled_task
from tests.factories.caseload.hand_over import (
    S,
    accompanied,
    days_later,
    facts,
    hand_over,
    leader,
    loads,
    today,
)
from tests.factories.caseload.intake import OTHER, companion, dinsos
from tests.factories.services import Running

WHY = {"reason": "Penerima batal pindah tugas."}


async def order_hand_over(service: Running, days: int = 10) -> dict[str, Any]:
    """Order a hand-over for a later day."""
    answer = await hand_over(service, await today(service) + timedelta(days=days))
    assert answer.json()["state"] == "SCHEDULED", answer.text
    return dict(answer.json())


async def withdraw(service: Running, asked: dict[str, Any], **more: Any) -> Any:
    path = f"/v1/hand-over/{asked['hand_over_id']}/withdrawal"
    return await service.post(path, WHY, as_=more.pop("as_", leader(service)), **more)


async def test_withdrawn_hand_over_stores_reason_and_moves_nothing(placed: Running) -> None:
    (kpm_id,) = await accompanied(placed, 1)
    asked = await order_hand_over(placed)
    answer = await withdraw(placed, asked)
    assert answer.status_code == 201, answer.text
    withdrawn = answer.json()
    assert (withdrawn["state"], withdrawn["job"], withdrawn["withdrawal_reason"]) == (
        "WITHDRAWN",
        None,
        WHY["reason"],
    )
    assert (withdrawn["withdrawn_by"], withdrawn["reason"]) == ("ketua-tim-kendal-1", asked["reason"])
    await days_later(placed, 11)
    await placed.work()
    seen = (await placed.get(f"/v1/hand-over/{asked['hand_over_id']}", as_=leader(placed))).json()
    assert seen == withdrawn
    assert (await placed.get(f"/v1/kpm/{kpm_id}", as_=companion(placed))).status_code == 200
    assert await loads(placed) == {S: 1}
    assert await facts(placed, "dampingan_ended") == []


async def test_second_withdrawal_is_refused(placed: Running) -> None:
    await accompanied(placed, 1)
    asked = await order_hand_over(placed)
    first = await withdraw(placed, asked, key="the-same")
    again = await withdraw(placed, asked, key="the-same")
    assert (again.status_code, again.json()) == (201, first.json())
    another = await withdraw(placed, asked)
    assert (another.status_code, another.json()["title"]) == (409, "HandOverAlreadyWithdrawn")
    rows = await placed.sql("SELECT count(*) FROM hand_over_withdrawal")
    assert rows[0]["count"] == 1


async def test_withdrawn_hand_over_can_be_ordered_again(placed: Running) -> None:
    await accompanied(placed, 1)
    asked = await order_hand_over(placed)
    assert (await hand_over(placed, await today(placed) + timedelta(days=10))).status_code == 409
    await withdraw(placed, asked)
    second_order = await order_hand_over(placed)
    assert second_order["hand_over_id"] != asked["hand_over_id"]
    await days_later(placed, 10)
    await placed.work()
    seen = (await placed.get(f"/v1/hand-over/{second_order['hand_over_id']}", as_=leader(placed))).json()
    assert (seen["state"], seen["done"]) == ("DONE", 1)


async def test_another_ketua_tim_withdraws_a_listed_hand_over(placed: Running) -> None:
    await accompanied(placed, 2)
    asked = await order_hand_over(placed)
    another = placed.token(Role.KETUA_TIM_KABKOTA, "ketua-tim-kendal-2", ["33.24"])
    listed = (await placed.get("/v1/hand-over?kode_wilayah=33.24.09", as_=another)).json()
    assert listed == {"items": [asked], "next": None}
    for path, token in (
        ("/v1/hand-over?kode_wilayah=33.24.01", another),
        ("/v1/hand-over", placed.token(Role.KETUA_TIM_KABKOTA, "far", ["35.03"])),
    ):
        assert (await placed.get(path, as_=token)).json()["items"] == []
    withdrawn = (await withdraw(placed, asked, as_=another)).json()
    assert (await placed.get("/v1/hand-over", as_=another)).json()["items"] == []
    everything = (await placed.get("/v1/hand-over?open_only=false", as_=another)).json()["items"]
    assert everything == [withdrawn]


async def test_failed_hand_over_is_not_listed_as_open(placed: Running) -> None:
    await accompanied(placed, 1)
    asked = await order_hand_over(placed)
    await days_later(placed, 10)
    await placed.sql(
        "UPDATE replica_pendamping.pendamping SET status = 'CUTI' WHERE pendamping_id = $1", OTHER
    )
    await placed.work()
    assert (await placed.get("/v1/hand-over", as_=leader(placed))).json()["items"] == []
    (seen,) = (await placed.get("/v1/hand-over?open_only=false", as_=leader(placed))).json()["items"]
    assert (seen["hand_over_id"], seen["state"]) == (asked["hand_over_id"], "FAILED")


async def test_started_hand_over_cannot_be_withdrawn(placed: Running) -> None:
    await accompanied(placed, 1)
    asked = await order_hand_over(placed)
    await days_later(placed, 10)
    while await run_scheduled_task(placed.worker, placed.parts.work):
        pass
    answer = await withdraw(placed, asked)
    assert (answer.status_code, answer.json()["title"]) == (409, "HandOverStarted")
    seen = (await placed.get(f"/v1/hand-over/{asked['hand_over_id']}", as_=leader(placed))).json()
    assert f"(POST {seen['job']}/cancellation)" in answer.json()["detail"]
    assert (await placed.post(f"{seen['job']}/cancellation", as_=leader(placed))).status_code == 202
    await placed.work()
    seen = (await placed.get(f"/v1/hand-over/{asked['hand_over_id']}", as_=leader(placed))).json()
    assert (seen["state"], seen["done"]) == ("CANCELLED", 0)


async def test_withdrawal_and_start_at_once_have_one_winner(placed: Running) -> None:
    await accompanied(placed, 1)
    asked = await order_hand_over(placed)
    await days_later(placed, 10)
    answer, _ = await asyncio.gather(withdraw(placed, asked), placed.work())
    seen = (await placed.get(f"/v1/hand-over/{asked['hand_over_id']}", as_=leader(placed))).json()
    assert (answer.status_code, seen["state"], seen["done"]) in {(201, "WITHDRAWN", 0), (409, "DONE", 1)}


@pytest.mark.parametrize(
    ("role", "area", "status"),
    [(Role.KETUA_TIM_KABKOTA, "35.03", 404), (Role.DINSOS_KABKOTA, "33.24", 403), (Role.KEMENSOS, "*", 403)],
)
async def test_only_who_may_order_there_withdraws(
    placed: Running, role: Role, area: str, status: int
) -> None:
    await accompanied(placed, 1)
    asked = await order_hand_over(placed)
    answer = await withdraw(placed, asked, as_=placed.token(role, "another", [area]))
    assert answer.status_code == status, answer.text
    seen = await placed.get(f"/v1/hand-over/{asked['hand_over_id']}", as_=dinsos(placed))
    assert seen.json()["state"] == "SCHEDULED"


@pytest.mark.parametrize(
    "act", ["UPDATE hand_over_withdrawal SET reason = 'x'", "DELETE FROM hand_over_withdrawal"]
)
async def test_withdrawal_is_append_only(placed: Running, act: str) -> None:
    await placed.refuses(act, asyncpg.InsufficientPrivilegeError)
