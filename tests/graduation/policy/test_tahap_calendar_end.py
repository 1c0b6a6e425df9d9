"""The tahap calendar warns two tahap before it ends (docs/case-lifecycle.md#deadlines-of-states)."""

from datetime import date

from tests.factories.graduation.case import expect_ok, set_day
from tests.factories.overdue import read_overdue
from tests.factories.services import Running

LAST_QUIET_DAY = date(2027, 3, 20)  # the cut-off of tahap 2027-2; 2027-3 and 2027-4 are left after it
FIRST_WARNED_DAY = date(2027, 3, 21)
NEXT = {"year": 2028, "number": 1, "starts_on": "2028-01-01", "cutoff_on": "2027-12-20"}


async def test_the_calendar_warns_two_tahap_before_it_ends(graduation: Running) -> None:
    ministry = graduation.token("KEMENSOS", "kemensos-1")

    async def read(on: date) -> tuple[int, bool, list[tuple[str, str]]]:
        items = await read_overdue(graduation, ministry, on, subject_kind="tahap_calendar")
        page = expect_ok(await graduation.get("/v1/tahap-calendar", as_=ministry), 200)
        return (
            page["ahead"],
            page["warning"] is not None,
            [(one["subject_id"], one["owner"]) for one in items],
        )

    assert await read(LAST_QUIET_DAY) == (3, False, [])
    assert 'pilar_tahap_ahead{service="graduation"} 3.0' in await graduation.metrics()
    assert await read(FIRST_WARNED_DAY) == (2, True, [("2027/4", "KEMENSOS")])
    expect_ok(await graduation.post("/v1/tahap-calendar", NEXT, as_=ministry))
    assert await read(FIRST_WARNED_DAY) == (3, False, [])


async def test_an_office_does_not_see_the_end_of_the_calendar_as_its_own(graduation: Running) -> None:
    office = graduation.token("DINSOS_KABKOTA", "dinsos-1", ["33.24"])
    assert await read_overdue(graduation, office, FIRST_WARNED_DAY) == []
    await set_day(graduation, FIRST_WARNED_DAY)
    page = expect_ok(await graduation.get("/v1/tahap-calendar", as_=office), 200)
    assert page["warning"]["id"].startswith("Kalender tinggal memuat 2 tahap")
