"""Deadlines are rules that the ministry sets. Failed work of a service is overdue too."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from shared.jobs import schedule
from tests.factories.graduation.case import set_day
from tests.factories.overdue import read_overdue
from tests.factories.registry.commands import register_pendamping
from tests.factories.services import Running, expect_refusal

DAY = date(2026, 5, 18)
RULE: dict[str, Any] = {
    "subject_kind": "pendamping",
    "state": "CALON",
    "days": 30,
    "escalate_to": [],
    "valid_from": str(DAY),
    "basis": "Surat edaran tentang calon pendamping",
}


async def test_a_rule_of_one_state_replaces_the_general_one_from_its_day_on(registry: Running) -> None:
    await set_day(registry, DAY)
    await register_pendamping(registry)
    ministry = registry.token("KEMENSOS", "kemensos-1")
    assert len(await read_overdue(registry, ministry, DAY + timedelta(days=15))) == 1
    rule = RULE | {"valid_from": str(DAY + timedelta(days=16)), "owner": "DINSOS_KABKOTA"}
    answer = await registry.post("/v1/deadline-rule", rule, as_=ministry)
    assert answer.status_code == 201, answer.text
    assert len(await read_overdue(registry, ministry)) == 1, "it is not in force yet"
    assert await read_overdue(registry, ministry, DAY + timedelta(days=16)) == []
    (item,) = await read_overdue(registry, ministry, DAY + timedelta(days=31))
    assert (item["owner"], item["level"], item["escalated_to"]) == ("DINSOS_KABKOTA", 0, None)


async def test_a_later_rule_ends_the_one_before(registry: Running) -> None:
    await set_day(registry, DAY)
    ministry = registry.token("KEMENSOS", "kemensos-1")
    later = RULE | {"valid_from": str(DAY + timedelta(days=7)), "days": 7}
    for rule in (RULE, later):
        assert (await registry.post("/v1/deadline-rule", rule, as_=ministry)).status_code == 201
    items = (await registry.get("/v1/deadline-rule", as_=ministry)).json()["items"]
    assert [(one["subject_kind"], one["days"], one["valid_to"]) for one in items] == [
        ("*", 14, None),
        ("pendamping", 30, later["valid_from"]),
        ("pendamping", 7, None),
    ]
    expect_refusal(await registry.post("/v1/deadline-rule", RULE, as_=ministry), "VersionNotLatest")


@pytest.mark.parametrize(
    ("changes", "status", "title"),
    [
        ({"subject_kind": "sanggah"}, 422, "WaitingStateUnknown"),
        ({"state": "AKTIF"}, 422, "WaitingStateUnknown"),
        ({"valid_from": "2026-05-17"}, 422, "DateInThePast"),
        ({"days": 0}, 422, "Invalid"),
    ],
)
async def test_a_rule_that_cannot_apply_is_refused(
    registry: Running, changes: dict[str, Any], status: int, title: str
) -> None:
    await set_day(registry, DAY)
    ministry = registry.token("KEMENSOS", "kemensos-1")
    expect_refusal(await registry.post("/v1/deadline-rule", RULE | changes, as_=ministry), title, status)


async def test_only_the_ministry_sets_a_rule(registry: Running) -> None:
    office = registry.token("DINSOS_KABKOTA", "dinsos-1", ["33.24"])
    expect_refusal(await registry.post("/v1/deadline-rule", RULE, as_=office), "NotAllowed", 403)


async def test_work_of_the_service_that_fails_is_overdue_on_the_next_day(registry: Running) -> None:
    await set_day(registry, DAY)
    async with registry.session() as session:
        due_at = datetime(2026, 5, 20, 3, tzinfo=UTC)
        await schedule(session, "status.start", due_at, subject_id="broken")
    operator = registry.token("OPERATOR", "operator-1")
    await registry.sql(
        "UPDATE platform.scheduled_task SET lease_until = 'infinity' WHERE subject_id = 'broken'"
    )
    assert await read_overdue(registry, operator, date(2026, 5, 20)) == []
    (item,) = await read_overdue(registry, operator, date(2026, 5, 21))
    assert (item["subject_kind"], item["state"], item["owner"]) == ("scheduled_task", "business", "OPERATOR")
    assert (item["level"], item["escalated_to"]) == (1, "OPERATOR")
    assert 'pilar_overdue_rows{level="1",service="registry",subject_kind="scheduled_task"} 1.0' in (
        await registry.metrics()
    )
