"""Credit counts families: one penetapan of a family and year (docs/case-lifecycle.md#credit)."""

import asyncio
from datetime import date
from typing import Any

import asyncpg
import pytest

from tests.factories.graduation.case import CaseDriver, expect_ok, read_emitted_events, set_day
from tests.factories.graduation.credit import start_other_membership
from tests.factories.graduation.objection import annul_graduasi
from tests.factories.services import Running

COUNTED_TWICE = (
    "UPDATE credit SET state = 'GRANTED', granted_on = '2026-05-18' WHERE state = 'FAMILY_COUNTED'"
)


async def approve_both(service: Running, day: str = "2026-05-18") -> tuple[CaseDriver, CaseDriver]:
    """Return approved cases on PKH and SEMBAKO of one family."""
    pkh = await (await CaseDriver.start(service)).advance_to("DISETUJUI_DINSOS", day)
    sembako = await start_other_membership(pkh)
    return pkh, await sembako.advance_to("DISETUJUI_DINSOS", day)


async def read_credit(driver: CaseDriver) -> dict[str, Any]:
    shown = await driver.service.get(f"/v1/graduasi/{driver.graduasi_id}", as_=driver.by["sk"])
    credit: dict[str, Any] = expect_ok(shown, 200)["credit"]
    return credit


async def read_states(*drivers: CaseDriver) -> list[str]:
    return [(await read_credit(driver))["state"] for driver in drivers]


async def read_events(service: Running) -> list[tuple[str, str, str]]:
    """Return the credit events as kind, case and reason."""
    events = await read_emitted_events(service, "credit_granted", "credit_reversed")
    return [(kind, fact["graduasi_id"], fact.get("reason", "")) for kind, fact in events]


async def test_one_sk_on_two_memberships_of_a_family_is_credited_once(graduation: Running) -> None:
    pkh, sembako = await approve_both(graduation)
    ids = [pkh.graduasi_id, sembako.graduasi_id]
    body = {"sk_no": "SK/1/2026", "sk_on": "2026-05-18", "graduasi_ids": ids}
    expect_ok(await graduation.post("/v1/sk", body, as_=pkh.by["sk"]))
    assert await read_states(pkh, sembako) == ["GRANTED", "FAMILY_COUNTED"]
    assert await read_events(graduation) == [("credit_granted", pkh.graduasi_id, "")]
    counts = expect_ok(await graduation.post("/v1/numbers", {}, as_=pkh.by["sk"]), 200)["totals"]
    assert (counts["determined"], counts["credited"]) == (2, 1)


async def test_next_sk_of_the_family_is_credited_when_the_first_is_undone(graduation: Running) -> None:
    pkh, sembako = await approve_both(graduation)
    expect_ok(await pkh.determine("2026-05-18"))
    expect_ok(await sembako.determine("2026-05-18"))
    expect_ok(await annul_graduasi(pkh))
    assert await read_states(pkh, sembako) == ["REVERSED", "GRANTED"]
    assert await read_events(graduation) == [
        ("credit_granted", pkh.graduasi_id, ""),
        ("credit_reversed", pkh.graduasi_id, "DATA_KELIRU"),
        ("credit_granted", sembako.graduasi_id, ""),
    ]
    expect_ok(await annul_graduasi(sembako))
    assert await read_states(pkh, sembako) == ["REVERSED", "REVERSED"]
    assert len(await read_events(graduation)) == 4


async def test_undoing_an_sk_that_does_not_count_changes_no_credit(graduation: Running) -> None:
    pkh, sembako = await approve_both(graduation)
    expect_ok(await pkh.determine("2026-05-18"))
    expect_ok(await sembako.determine("2026-05-18"))
    expect_ok(await annul_graduasi(sembako))
    assert await read_states(pkh, sembako) == ["GRANTED", "REVERSED"]
    expect_ok(await annul_graduasi(pkh))
    assert [kind for kind, *_ in await read_events(graduation)] == ["credit_granted", "credit_reversed"]


async def test_sk_of_an_earlier_date_that_is_entered_later_takes_the_credit(graduation: Running) -> None:
    pkh, sembako = await approve_both(graduation)
    await set_day(graduation, date(2026, 5, 25))
    expect_ok(await pkh.determine("2026-05-20"))
    expect_ok(await sembako.determine("2026-05-19"))
    assert await read_states(pkh, sembako) == ["FAMILY_COUNTED", "GRANTED"]
    assert await read_events(graduation) == [
        ("credit_granted", pkh.graduasi_id, ""),
        ("credit_reversed", pkh.graduasi_id, "FAMILY_COUNTED"),
        ("credit_granted", sembako.graduasi_id, ""),
    ]
    expect_ok(await annul_graduasi(sembako))
    assert await read_states(pkh, sembako) == ["GRANTED", "REVERSED"]
    assert (await read_credit(pkh))["reversed_on"] is None


async def test_sk_of_two_years_are_credited_in_each(graduation: Running) -> None:
    pkh, sembako = await approve_both(graduation, "2026-12-30")
    expect_ok(await pkh.determine("2026-12-30"))
    await set_day(graduation, date(2027, 1, 4))
    expect_ok(await sembako.determine("2027-01-04"))
    assert await read_states(pkh, sembako) == ["GRANTED", "GRANTED"]


async def test_rule_that_counts_penetapan_credits_each(graduation: Running) -> None:
    await graduation.sql("UPDATE credit_rule SET unit = 'PENETAPAN'")
    pkh, sembako = await approve_both(graduation)
    expect_ok(await pkh.determine("2026-05-18"))
    expect_ok(await sembako.determine("2026-05-18"))
    assert await read_states(pkh, sembako) == ["GRANTED", "GRANTED"]


async def test_two_sk_at_once_credit_a_family_once(graduation: Running) -> None:
    pairs = [await approve_both(graduation) for _ in range(4)]
    answers = await asyncio.gather(*(case.determine("2026-05-18") for pair in pairs for case in pair))
    assert {answer.status_code for answer in answers} == {201}
    for pair in pairs:
        assert sorted(await read_states(*pair)) == ["FAMILY_COUNTED", "GRANTED"]


async def test_sk_beside_the_annulment_of_another_leaves_the_family_credited_once(
    graduation: Running,
) -> None:
    pairs = [await approve_both(graduation) for _ in range(4)]
    for pkh, _ in pairs:
        expect_ok(await pkh.determine("2026-05-18"))
    acts = [act for pkh, sembako in pairs for act in (annul_graduasi(pkh), sembako.determine("2026-05-18"))]
    assert {answer.status_code for answer in await asyncio.gather(*acts)} == {201}
    for pair in pairs:
        assert await read_states(*pair) == ["REVERSED", "GRANTED"]


async def test_database_refuses_a_second_credit_of_a_family_and_year(graduation: Running) -> None:
    pkh, sembako = await approve_both(graduation)
    expect_ok(await pkh.determine("2026-05-18"))
    expect_ok(await sembako.determine("2026-05-18"))
    with pytest.raises(asyncpg.UniqueViolationError, match="uq_credit_one_per_family"):
        await graduation.sql(COUNTED_TWICE)
