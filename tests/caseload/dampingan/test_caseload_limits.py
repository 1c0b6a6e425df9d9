"""Caseload limits are versions, set by the ministry from a day on."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from shared.access import Role
from tests.factories.caseload.hand_over import (
    advance_days,
    import_families,
    post_hand_over,
    preview_hand_over,
    read_emitted_data,
    read_today,
)
from tests.factories.caseload.intake import (
    PENDAMPING,
    PENUGASAN,
    build_csv,
    dinsos_token,
    family,
    import_file,
    pendamping_token,
)
from tests.factories.services import Running

PKH = "PKH_PENDAMPING"


async def build_limit(
    service: Running, warn: int, refuse: int, *, days: int = 0, **more: Any
) -> dict[str, Any]:
    on = str(await read_today(service) + timedelta(days=days))
    limit = {"kind": PKH, "warn_above": warn, "refuse_above": refuse, "valid_from": on}
    return limit | {"basis": "Surat Dirjen Linjamsos"} | more


async def set_limits(service: Running, warn: int, refuse: int, **more: Any) -> Any:
    body = await build_limit(service, warn, refuse, **more)
    return await service.post("/v1/dampingan-limit", body, as_=service.token(Role.KEMENSOS))


async def list_limits(service: Running, asked: str = "") -> list[tuple[Any, ...]]:
    answer = await service.get(f"/v1/dampingan-limit{asked}", as_=pendamping_token(service))
    names = ("version", "warn_above", "refuse_above", "valid_from", "valid_to")
    return [tuple(item[name] for name in names) for item in answer.json()["items"]]


async def read_crossings(service: Running) -> list[tuple[int, int, str]]:
    events = await read_emitted_data(service, "dampingan_limit_crossed")
    return [(data["count"], data["limit"], data["side"]) for data in events]


async def assign_dampingan(service: Running, **more: Any) -> Any:
    """Assign a new family to S."""
    await import_file(service, build_csv(family(70)))
    list_limits = (await service.get("/v1/dampingan-gap", as_=dinsos_token(service))).json()["items"]
    given = {"kpm_id": list_limits[0]["kpm_id"], "penugasan_id": str(PENUGASAN)}
    given |= {"valid_from": str(await read_today(service))}
    return await service.post("/v1/dampingan", given | more, as_=dinsos_token(service))


async def test_versions_follow_without_a_gap(kendal_caseload: Running) -> None:
    answer = await set_limits(kendal_caseload, 400, 550, days=30)
    assert answer.status_code == 201, answer.text
    first = str(await read_today(kendal_caseload) + timedelta(days=30))
    before, after = (1, 450, 600, "2019-01-01", first), (2, 400, 550, first, None)
    assert await list_limits(kendal_caseload) == [before, after]
    assert await list_limits(kendal_caseload, f"?kind={PKH}&on={await read_today(kendal_caseload)}") == [
        before
    ]
    assert await list_limits(kendal_caseload, f"?on={first}") == [after]
    limit = answer.json()
    assert (limit["version"], limit["basis"], limit["set_by"]) == (2, "Surat Dirjen Linjamsos", "kemensos-1")


async def test_limit_applies_from_its_first_day(kendal_caseload: Running) -> None:
    await import_families(kendal_caseload, 2)
    await set_limits(kendal_caseload, 1, 2, days=1)
    assert (await assign_dampingan(kendal_caseload)).status_code == 201
    await advance_days(kendal_caseload)
    await import_file(kendal_caseload, build_csv(family(71)))
    refused = await assign_dampingan(kendal_caseload)
    assert (refused.status_code, refused.json()["title"]) == (409, "CaseloadFull")
    assert "more than 2 are refused" in refused.json()["detail"]


async def test_history_names_the_version_of_a_decision(kendal_caseload: Running) -> None:
    await import_families(kendal_caseload, 2)
    await set_limits(kendal_caseload, 1, 2)
    made = await assign_dampingan(kendal_caseload, override_reason="Belum ada pendamping lain.")
    assert made.status_code == 201, made.text
    await set_limits(kendal_caseload, 500, 700, days=1)
    await advance_days(kendal_caseload)
    history = f"/v1/kpm/{made.json()['kpm_id']}/history"
    acts = (await kendal_caseload.get(history, as_=dinsos_token(kendal_caseload))).json()["items"]
    (act,) = [one for one in acts if one["act"] == "ASSIGNED"]
    assert (act["detail"], act["reason_code"]) == (
        {"over_limit": True, "limit_version": 2},
        "BATAS_DILAMPAUI",
    )
    assert (2, 1, 2) in [row[:3] for row in await list_limits(kendal_caseload)]


async def test_new_limit_emits_crossings_on_its_first_day(kendal_caseload: Running) -> None:
    await import_families(kendal_caseload, 3)
    await set_limits(kendal_caseload, 2, 5, days=1)
    await kendal_caseload.work()
    assert await read_crossings(kendal_caseload) == []
    await advance_days(kendal_caseload)
    await kendal_caseload.work()
    assert await read_crossings(kendal_caseload) == [(3, 2, "ABOVE")]
    # One more family above the limit is no crossing. A higher limit is one crossing.
    assert (await assign_dampingan(kendal_caseload)).status_code == 201
    await set_limits(kendal_caseload, 10, 20, days=1)
    await advance_days(kendal_caseload)
    await kendal_caseload.work()
    assert await read_crossings(kendal_caseload) == [(3, 2, "ABOVE"), (4, 10, "BELOW")]


async def test_several_future_limits_emit_crossings_one_by_one(kendal_caseload: Running) -> None:
    await import_families(kendal_caseload, 3)
    await set_limits(kendal_caseload, 2, 5, days=1)
    await set_limits(kendal_caseload, 10, 20, days=2)
    for _ in range(2):
        await advance_days(kendal_caseload)
        await kendal_caseload.work()
    assert await read_crossings(kendal_caseload) == [(3, 2, "ABOVE"), (3, 10, "BELOW")]


async def test_hand_over_uses_the_limit_of_its_day(kendal_caseload: Running) -> None:
    await import_families(kendal_caseload, 3)
    await set_limits(kendal_caseload, 1, 2, days=5)
    before, on = [
        (
            await preview_hand_over(kendal_caseload, await read_today(kendal_caseload) + timedelta(days=n))
        ).json()
        for n in (4, 5)
    ]
    assert (before["limit_version"], before["warnings"]) == (1, [])
    assert (on["limit_version"], on["warnings"]) == (2, [{"code": "ABOVE_REFUSAL", "count": 3}])
    refused = await post_hand_over(kendal_caseload, await read_today(kendal_caseload) + timedelta(days=5))
    assert refused.json()["title"] == "CaseloadFull"


async def test_first_limit_of_another_kind_can_be_set(kendal_caseload: Running) -> None:
    answer = await set_limits(kendal_caseload, 90, 120, kind="TKSK")
    assert (answer.status_code, answer.json()["version"]) == (201, 1)


async def test_setting_the_same_limit_again_changes_nothing(kendal_caseload: Running) -> None:
    first, again = await set_limits(kendal_caseload, 400, 550), await set_limits(kendal_caseload, 400, 550)
    assert (again.status_code, again.json()) == (201, first.json())


@pytest.mark.parametrize(
    ("more", "status", "title", "place"),
    [
        ({"warn_above": 600, "refuse_above": 600}, 422, "WarningNotBelowRefusal", "/body/warn_above"),
        ({"days": -1}, 422, "DateInThePast", "/body/valid_from"),
        ({"warn_above": 0}, 422, "Invalid", "/body/warn_above"),
        ({"refuse_above": "600"}, 422, "Invalid", "/body/refuse_above"),
        ({"kind": "UNKNOWN"}, 422, "Invalid", "/body/kind"),
        ({"basis": " "}, 422, "Invalid", "/body/basis"),
    ],
)
async def test_invalid_limit_is_refused_with_pointer(
    kendal_caseload: Running, more: dict[str, Any], status: int, title: str, place: str
) -> None:
    answer = await set_limits(kendal_caseload, **({"warn": 400, "refuse": 550} | more))
    assert (answer.status_code, answer.json()["title"]) == (status, title)
    assert answer.json()["errors"][0]["pointer"] == place


@pytest.mark.parametrize("days", [0, 3650])
async def test_wrong_limit_is_replaced_by_one_of_the_same_or_an_earlier_day(
    kendal_caseload: Running, days: int
) -> None:
    on = await read_today(kendal_caseload)
    await set_limits(kendal_caseload, 40, 55, days=days)
    assert (await set_limits(kendal_caseload, 400, 550, days=days)).status_code == 201
    last = await set_limits(kendal_caseload, 410, 560)
    assert (last.status_code, last.json()["version"]) == (201, 4)
    wrong, first = str(on + timedelta(days=days)), str(on)
    assert (await list_limits(kendal_caseload))[1:] == [
        (2, 40, 55, wrong, wrong),
        (3, 400, 550, wrong, wrong),
        (4, 410, 560, first, None),
    ]
    assert [row[0] for row in await list_limits(kendal_caseload, f"?kind={PKH}&on={wrong}")] == [4]
    again = await set_limits(kendal_caseload, 400, 550, days=days)
    assert (again.status_code, again.json()["version"]) == (201, 5)


async def test_of_concurrent_limits_one_is_in_force(kendal_caseload: Running) -> None:
    answers = await asyncio.gather(*(set_limits(kendal_caseload, n, 550, days=3) for n in (300, 310)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    last = max(answer.json().get("version", 0) for answer in answers)
    assert [row[0] for row in await list_limits(kendal_caseload) if row[-1] is None] == [last]


@pytest.mark.parametrize("role", [Role.DINSOS_KABKOTA, Role.KETUA_TIM_KABKOTA])
async def test_only_the_ministry_sets_limits(kendal_caseload: Running, role: Role) -> None:
    body = await build_limit(kendal_caseload, 400, 550)
    assert (
        await kendal_caseload.post("/v1/dampingan-limit", body, as_=kendal_caseload.token(role))
    ).status_code == 403
    regional = kendal_caseload.token(Role.KEMENSOS, "kemensos-jateng", ["33"])
    assert (await kendal_caseload.post("/v1/dampingan-limit", body, as_=regional)).status_code == 403
    assert (
        await kendal_caseload.get("/v1/dampingan-limit", as_=pendamping_token(kendal_caseload, PENDAMPING))
    ).status_code == 200


@pytest.mark.parametrize(
    "act",
    [
        "UPDATE dampingan_limit SET warn_above = 1",
        "UPDATE dampingan_limit SET basis = 'x'",
        "DELETE FROM dampingan_limit",
    ],
)
async def test_limits_are_immutable(kendal_caseload: Running, act: str) -> None:
    await kendal_caseload.expect_sql_refusal(act, asyncpg.InsufficientPrivilegeError)


async def test_database_refuses_overlapping_limits(kendal_caseload: Running) -> None:
    with pytest.raises(asyncpg.ExclusionViolationError):
        await kendal_caseload.sql(
            "INSERT INTO dampingan_limit (kind, version, warn_above, refuse_above, valid, basis, set_by, set_at)"
            f" VALUES ('{PKH}', 9, 1, 2, '[2026-01-01,2026-02-01)', 'x', 'x', now())"
        )
