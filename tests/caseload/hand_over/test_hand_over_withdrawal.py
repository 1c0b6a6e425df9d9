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
    advance_days,
    import_families,
    ketua_tim_token,
    post_hand_over,
    read_emitted_data,
    read_loads,
    read_today,
)
from tests.factories.caseload.intake import OTHER, dinsos_token, pendamping_token
from tests.factories.services import Running

WHY = {"reason": "Penerima batal pindah tugas."}


async def create_hand_over(service: Running, days: int = 10) -> dict[str, Any]:
    """Order a hand-over for a later day."""
    answer = await post_hand_over(service, await read_today(service) + timedelta(days=days))
    assert answer.json()["state"] == "SCHEDULED", answer.text
    return dict(answer.json())


async def withdraw_hand_over(service: Running, asked: dict[str, Any], **more: Any) -> Any:
    path = f"/v1/hand-over/{asked['hand_over_id']}/withdrawal"
    return await service.post(path, WHY, as_=more.pop("as_", ketua_tim_token(service)), **more)


async def test_withdrawn_hand_over_stores_reason_and_moves_nothing(kendal_caseload: Running) -> None:
    (kpm_id,) = await import_families(kendal_caseload, 1)
    asked = await create_hand_over(kendal_caseload)
    answer = await withdraw_hand_over(kendal_caseload, asked)
    assert answer.status_code == 201, answer.text
    withdrawn = answer.json()
    assert (withdrawn["state"], withdrawn["job"], withdrawn["withdrawal_reason"]) == (
        "WITHDRAWN",
        None,
        WHY["reason"],
    )
    assert (withdrawn["withdrawn_by"], withdrawn["reason"]) == ("ketua-tim-kendal-1", asked["reason"])
    await advance_days(kendal_caseload, 11)
    await kendal_caseload.work()
    seen = (
        await kendal_caseload.get(
            f"/v1/hand-over/{asked['hand_over_id']}", as_=ketua_tim_token(kendal_caseload)
        )
    ).json()
    assert seen == withdrawn
    assert (
        await kendal_caseload.get(f"/v1/kpm/{kpm_id}", as_=pendamping_token(kendal_caseload))
    ).status_code == 200
    assert await read_loads(kendal_caseload) == {S: 1}
    assert await read_emitted_data(kendal_caseload, "dampingan_ended") == []


async def test_second_withdrawal_is_refused(kendal_caseload: Running) -> None:
    await import_families(kendal_caseload, 1)
    asked = await create_hand_over(kendal_caseload)
    first = await withdraw_hand_over(kendal_caseload, asked, key="the-same")
    again = await withdraw_hand_over(kendal_caseload, asked, key="the-same")
    assert (again.status_code, again.json()) == (201, first.json())
    another = await withdraw_hand_over(kendal_caseload, asked)
    assert (another.status_code, another.json()["title"]) == (409, "HandOverAlreadyWithdrawn")
    rows = await kendal_caseload.sql("SELECT count(*) FROM hand_over_withdrawal")
    assert rows[0]["count"] == 1


async def test_withdrawn_hand_over_can_be_ordered_again(kendal_caseload: Running) -> None:
    await import_families(kendal_caseload, 1)
    asked = await create_hand_over(kendal_caseload)
    assert (
        await post_hand_over(kendal_caseload, await read_today(kendal_caseload) + timedelta(days=10))
    ).status_code == 409
    await withdraw_hand_over(kendal_caseload, asked)
    second_order = await create_hand_over(kendal_caseload)
    assert second_order["hand_over_id"] != asked["hand_over_id"]
    await advance_days(kendal_caseload, 10)
    await kendal_caseload.work()
    seen = (
        await kendal_caseload.get(
            f"/v1/hand-over/{second_order['hand_over_id']}", as_=ketua_tim_token(kendal_caseload)
        )
    ).json()
    assert (seen["state"], seen["done"]) == ("DONE", 1)


async def test_another_ketua_tim_withdraws_a_listed_hand_over(kendal_caseload: Running) -> None:
    await import_families(kendal_caseload, 2)
    asked = await create_hand_over(kendal_caseload)
    another = kendal_caseload.token(Role.KETUA_TIM_KABKOTA, "ketua-tim-kendal-2", ["33.24"])
    listed = (await kendal_caseload.get("/v1/hand-over?kode_wilayah=33.24.09", as_=another)).json()
    assert (listed["items"], listed["next"]) == ([asked], None)
    for path, token in (
        ("/v1/hand-over?kode_wilayah=33.24.01", another),
        ("/v1/hand-over", kendal_caseload.token(Role.KETUA_TIM_KABKOTA, "far", ["35.03"])),
    ):
        assert (await kendal_caseload.get(path, as_=token)).json()["items"] == []
    withdrawn = (await withdraw_hand_over(kendal_caseload, asked, as_=another)).json()
    assert (await kendal_caseload.get("/v1/hand-over", as_=another)).json()["items"] == []
    everything = (await kendal_caseload.get("/v1/hand-over?open_only=false", as_=another)).json()["items"]
    assert everything == [withdrawn]


async def test_failed_hand_over_is_not_listed_as_open(kendal_caseload: Running) -> None:
    await import_families(kendal_caseload, 1)
    asked = await create_hand_over(kendal_caseload)
    await advance_days(kendal_caseload, 10)
    await kendal_caseload.sql(
        "UPDATE replica_pendamping.pendamping_status SET status = 'CUTI' WHERE pendamping_id = $1", OTHER
    )
    await kendal_caseload.work()
    assert (await kendal_caseload.get("/v1/hand-over", as_=ketua_tim_token(kendal_caseload))).json()[
        "items"
    ] == []
    (seen,) = (
        await kendal_caseload.get("/v1/hand-over?open_only=false", as_=ketua_tim_token(kendal_caseload))
    ).json()["items"]
    assert (seen["hand_over_id"], seen["state"]) == (asked["hand_over_id"], "FAILED")


async def test_started_hand_over_cannot_be_withdrawn(kendal_caseload: Running) -> None:
    await import_families(kendal_caseload, 1)
    asked = await create_hand_over(kendal_caseload)
    await advance_days(kendal_caseload, 10)
    while await run_scheduled_task(kendal_caseload.worker, kendal_caseload.parts.work):
        pass
    answer = await withdraw_hand_over(kendal_caseload, asked)
    assert (answer.status_code, answer.json()["title"]) == (409, "HandOverStarted")
    seen = (
        await kendal_caseload.get(
            f"/v1/hand-over/{asked['hand_over_id']}", as_=ketua_tim_token(kendal_caseload)
        )
    ).json()
    assert f"(POST {seen['job']}/cancellation)" in answer.json()["detail"]
    assert (
        await kendal_caseload.post(f"{seen['job']}/cancellation", as_=ketua_tim_token(kendal_caseload))
    ).status_code == 202
    await kendal_caseload.work()
    seen = (
        await kendal_caseload.get(
            f"/v1/hand-over/{asked['hand_over_id']}", as_=ketua_tim_token(kendal_caseload)
        )
    ).json()
    assert (seen["state"], seen["done"]) == ("CANCELLED", 0)
    late = await withdraw_hand_over(kendal_caseload, asked)
    assert (late.status_code, late.json()["title"]) == (409, "HandOverEnded")


async def test_withdrawal_and_start_at_once_have_one_winner(kendal_caseload: Running) -> None:
    await import_families(kendal_caseload, 1)
    asked = await create_hand_over(kendal_caseload)
    await advance_days(kendal_caseload, 10)
    answer, _ = await asyncio.gather(withdraw_hand_over(kendal_caseload, asked), kendal_caseload.work())
    seen = (
        await kendal_caseload.get(
            f"/v1/hand-over/{asked['hand_over_id']}", as_=ketua_tim_token(kendal_caseload)
        )
    ).json()
    assert (answer.status_code, seen["state"], seen["done"]) in {(201, "WITHDRAWN", 0), (409, "DONE", 1)}


@pytest.mark.parametrize(
    ("role", "area", "status"),
    [(Role.KETUA_TIM_KABKOTA, "35.03", 404), (Role.DINSOS_KABKOTA, "33.24", 403), (Role.KEMENSOS, "*", 403)],
)
async def test_only_who_may_order_there_withdraws(
    kendal_caseload: Running, role: Role, area: str, status: int
) -> None:
    await import_families(kendal_caseload, 1)
    asked = await create_hand_over(kendal_caseload)
    answer = await withdraw_hand_over(
        kendal_caseload, asked, as_=kendal_caseload.token(role, "another", [area])
    )
    assert answer.status_code == status, answer.text
    seen = await kendal_caseload.get(
        f"/v1/hand-over/{asked['hand_over_id']}", as_=dinsos_token(kendal_caseload)
    )
    assert seen.json()["state"] == "SCHEDULED"


@pytest.mark.parametrize(
    "act", ["UPDATE hand_over_withdrawal SET reason_sealed = 'x'", "DELETE FROM hand_over_withdrawal"]
)
async def test_withdrawal_is_append_only(kendal_caseload: Running, act: str) -> None:
    await kendal_caseload.expect_sql_refusal(act, asyncpg.InsufficientPrivilegeError)
