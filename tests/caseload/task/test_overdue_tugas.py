"""What nobody does for a family is overdue (docs/case-lifecycle.md#deadlines-of-states)."""

from datetime import date, timedelta
from typing import Any

from tests.factories.caseload.family import Family
from tests.factories.caseload.hand_over import read_today
from tests.factories.caseload.intake import OTHER, dinsos_token, pendamping_token
from tests.factories.caseload.member import split_family
from tests.factories.caseload.task import read_tasks
from tests.factories.overdue import read_overdue


async def split_off(family: Family) -> str:
    """Split one member off and return the id of the new family."""
    body, version = await split_family(family)
    return str((await family.post_ok("split", body, version))["new"]["kpm_id"])


async def test_the_undecided_bansos_of_a_split_off_family_is_overdue_and_escalates(family: Family) -> None:
    new = await split_off(family)
    office, today = dinsos_token(family.caseload), await read_today(family.caseload)
    (task,) = await read_tasks(family.caseload, office)
    due_on = date.fromisoformat(task["due_on"])
    assert due_on == today + timedelta(days=30)

    async def read(on: date) -> list[tuple[Any, ...]]:
        items = await read_overdue(family.caseload, office, on, kpm_id=new)
        names = ("subject_id", "state", "owner", "level", "escalated_to")
        return [tuple(item[name] for name in names) for item in items]

    waits = (task["tugas_id"], "PUTUSKAN_KEPESERTAAN", "DINSOS_KABKOTA")
    assert await read(due_on) == []
    assert await read(due_on + timedelta(days=1)) == [(*waits, 1, "DINSOS_KABKOTA")]
    assert await read(due_on + timedelta(days=15)) == [(*waits, 2, "KEMENSOS")]
    started = {"bansos": "SEMBAKO", "valid_from": str(due_on)}
    await family.post_ok(f"/v1/kpm/{new}/kepesertaan", started, as_=office)
    assert await read_overdue(family.caseload, office, kpm_id=new) == []


async def test_only_the_pendamping_and_the_office_of_the_family_see_what_is_overdue(family: Family) -> None:
    await split_off(family)
    late = await read_today(family.caseload) + timedelta(days=31)
    assert len(await read_overdue(family.caseload, dinsos_token(family.caseload), late)) == 1
    assert len(await read_overdue(family.caseload, family.mine)) == 1
    assert await read_overdue(family.caseload, pendamping_token(family.caseload, OTHER)) == []
    assert await read_overdue(family.caseload, dinsos_token(family.caseload, "33.25")) == []


async def test_a_dampingan_whose_end_was_not_done_is_overdue_for_the_operator(family: Family) -> None:
    today = await read_today(family.caseload)
    await family.caseload.sql(
        "UPDATE dampingan SET valid = daterange(lower(valid), $1), reason = 'TEST'", today + timedelta(days=1)
    )
    operator = family.caseload.token("OPERATOR", "operator-1")
    assert await read_overdue(family.caseload, operator, today + timedelta(days=1)) == []
    (item,) = await read_overdue(family.caseload, operator, today + timedelta(days=2))
    assert (item["subject_kind"], item["state"], item["owner"]) == ("dampingan", "ENDING", "OPERATOR")
