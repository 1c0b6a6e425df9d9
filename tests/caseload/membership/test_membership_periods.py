"""A membership ends, is held, goes on and begins anew as graduation and Dinsos decide; the tahap follow (chain.md 3)."""

from datetime import UTC, datetime
from itertools import permutations
from random import Random
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from shared.access import Role
from tests.factories.caseload.case import Case
from tests.factories.caseload.family import Family, refused
from tests.factories.caseload.intake import PENDAMPING_NO, csv_of, dinsos, family, family_of, mother, take_in
from tests.factories.services import Running, deliver, open_scope


@pytest.fixture
async def mothers(placed: Running) -> Family:
    return await Family.taken_in(placed, mother())


AGAIN = (
    "INSERT INTO {table} ({table}_id, {columns}, valid)"
    " SELECT uuidv7(), {columns}, daterange(current_date, NULL) FROM {table}"
)


class Story:
    """One family, one case on its PKH, and graduation beside."""

    def __init__(self, family: Family, graduation: Running, case: Case) -> None:
        self.family, self.graduation, self.case, self.caseload = family, graduation, case, family.caseload

    async def hears(self, *events: Any) -> None:
        await self.graduation.publish(*events)
        await deliver(self.graduation, self.caseload)

    async def tahap(self, on: str | None = None) -> dict[str, Any]:
        asked = f"/v1/kpm/{self.family.kpm_id}/tahap?bansos=PKH" + (f"&on={on}" if on else "")
        answer = await self.caseload.get(asked, as_=dinsos(self.caseload))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def payable(self, on: str | None = None) -> tuple[str, str | None, list[str]]:
        said = await self.tahap(on)
        return said["payable"], said["last_payable_tahap"], said["back_pay"]

    async def re_enter(self, valid_from: str, **more: Any) -> dict[str, Any]:
        """Apply and be accepted, from a day on."""
        body = {"kpm_id": self.family.kpm_id, "bansos": "PKH", "reason": "Usaha tutup.", "ground": "KAMBUH"}
        lodged = {"lodged_on": "2027-02-01"} | more
        usulan = await self.family.done("/v1/usulan", body | lodged)
        decision = {"accepted": True, "valid_from": valid_from, "reason": "Memenuhi syarat."}
        path = f"/v1/usulan/{usulan['usulan_id']}/decision"
        return await self.family.done(path, decision, as_=dinsos(self.caseload))

    async def at(self, year: int, month: int, day: int) -> None:
        await self.caseload.set_clock(datetime(year, month, day, 3, tzinfo=UTC))
        await self.caseload.work()

    async def purpose(self) -> str:
        return str((await self.family.read())["dampingan"][0]["purpose"])

    async def parked(self) -> int:
        return len(await self.caseload.sql("SELECT FROM platform.parked"))


@pytest.fixture
async def story(mothers: Family, graduation: Running) -> Story:
    pkh = (await mothers.memberships())["PKH"]["kepesertaan_id"]
    return Story(mothers, graduation, Case(mothers.kpm_id, pkh))


async def test_is_payable_as_before_when_a_sanggah_is_accepted_before_the_effect(story: Story) -> None:
    case = story.case
    await story.hears(case.determined())
    said = await story.tahap()
    assert (said["payable"], said["first_unpayable_tahap"]) == ("ALL", "2027-1")
    await story.hears(case.lodged())
    assert await story.payable() == ("HELD", None, [])
    await story.hears(case.accepted(), case.annulled())
    assert await story.payable() == ("ALL", None, [])
    assert await story.family.emitted_data("kepesertaan_ended") == []
    assert await story.family.emitted_data("kepesertaan_restored") == []


async def test_names_the_tahap_paid_back_when_a_sanggah_is_accepted_after_the_effect(story: Story) -> None:
    case = story.case
    await story.hears(case.determined(), case.graduated())
    assert await story.payable() == ("UP_TO", "2026-4", [])
    await story.at(2027, 1, 3)
    await story.hears(case.lodged())
    held = (await story.family.memberships())["PKH"]
    assert (held["status"], held["active"], held["valid_to"]) == ("HELD", True, "2027-01-01")
    assert (await story.payable())[0] == "HELD"
    await story.hears(case.accepted())
    assert (await story.payable())[0] == "HELD", "it waits for the annulment"
    await story.hears(case.annulled("2027-1"))
    said = await story.tahap()
    assert (said["payable"], said["back_pay"], said["ends_on"]) == ("ALL", ["2027-1"], None)
    assert "2027-1" in said["reason"]["en"]
    assert "dibayarkan kembali" in said["reason"]["id"]


async def test_ends_later_when_a_sanggah_is_refused_after_the_effect(story: Story) -> None:
    case = story.case
    await story.hears(case.determined(), case.graduated())
    await story.at(2027, 1, 3)
    assert await story.purpose() == "PEMANTAUAN"
    await story.hears(case.lodged(), case.refused())
    said = await story.tahap()
    assert (said["payable"], said["ends_on"]) == ("UP_TO", "2027-04-01")
    assert (said["last_payable_tahap"], said["first_unpayable_tahap"]) == ("2027-1", "2027-2")
    acts = [act for subject, act, _ in await story.family.acts() if subject == "kepesertaan"]
    assert acts == ["ENDED", "END_MOVED"]


async def test_that_an_objection_holds_does_not_turn_the_dampingan(story: Story) -> None:
    case = story.case
    await story.hears(case.determined(), case.graduated(), case.lodged())
    await story.at(2027, 1, 2)
    assert await story.purpose() == "PENDAMPINGAN"
    await story.hears(case.refused())
    await story.at(2027, 4, 1)
    assert await story.purpose() == "PEMANTAUAN"


async def test_that_is_not_suspended_is_not_held(story: Story) -> None:
    await story.hears(story.case.graduated(), story.case.lodged(suspends=False))
    assert (await story.payable())[0] == "UP_TO"


async def test_begins_anew_by_an_application(story: Story) -> None:
    await story.hears(story.case.determined(), story.case.graduated())
    await story.at(2027, 2, 1)
    assert await story.purpose() == "PEMANTAUAN"
    made = await story.re_enter("2027-03-01")
    (began,) = [
        one
        for one in await story.family.emitted_data("kepesertaan_started")
        if one["valid_from"] == "2027-03-01"
    ]
    assert began["kepesertaan_id"] == made["kepesertaan_id"]
    seen = (await story.family.memberships())["PKH"]
    assert (seen["kepesertaan_id"], seen["status"], seen["active"]) == (
        made["kepesertaan_id"],
        "ACTIVE",
        False,
    )
    assert await story.payable("2027-02-15") == ("NONE", "2026-4", [])
    assert (await story.payable("2027-03-02"))[0] == "ALL"
    await story.at(2027, 3, 1)
    assert await story.purpose() == "PENDAMPINGAN", "it weighs again"
    seen = await story.family.memberships()
    assert [seen[bansos]["status"] for bansos in ("SEMBAKO", "PBI")] == ["ACTIVE"] * 2, (
        "nothing is left any more"
    )


async def test_undone_after_a_re_entry_fills_the_days_between_and_parks_nothing(story: Story) -> None:
    await story.hears(story.case.determined(), story.case.graduated())
    await story.at(2027, 2, 1)
    made = await story.re_enter("2027-03-01")
    await story.at(2027, 3, 2)
    await story.hears(story.case.annulled("2027-1"))
    assert await story.parked() == 0
    first, second = await story.caseload.sql(
        "SELECT * FROM kepesertaan WHERE bansos = 'PKH' ORDER BY lower(valid)"
    )
    assert (str(first["valid"].upper), str(first["continued_by"])) == ("2027-03-01", made["kepesertaan_id"])
    assert (first["exit_reason"], first["graduasi_id"], second["valid"].upper) == (None, None, None)
    (said,) = await story.family.emitted_data("kepesertaan_restored")
    assert said["valid_to"] == "2027-03-01"
    assert await story.purpose() == "PENDAMPINGAN"
    assert await story.payable("2027-02-15") == ("ALL", None, ["2027-1"])
    asked = story.caseload.token(Role.OPERATOR)
    counted = await story.caseload.post("/v1/numbers", {"kpm_ids": [story.family.kpm_id]}, as_=asked)
    assert counted.json()["totals"] == {"ended": 0}


async def test_that_follows_without_a_day_between_is_one_with_the_one_before(story: Story) -> None:
    await story.hears(story.case.determined(), story.case.graduated())
    await story.re_enter("2027-01-01", lodged_on="2026-01-01")
    await story.hears(story.case.annulled())
    assert await story.parked() == 0
    (first, _) = await story.caseload.sql(
        "SELECT * FROM kepesertaan WHERE bansos = 'PKH' ORDER BY lower(valid)"
    )
    assert (str(first["valid"].upper), first["exit_reason"]) == ("2027-01-01", None)
    await story.at(2027, 1, 2)
    assert await story.purpose() == "PENDAMPINGAN", "the announced monitoring does not begin"


async def test_of_which_every_order_of_facts_makes_the_same(placed: Running, graduation: Running) -> None:
    """Twenty orders of six facts, each told to a family of its own."""
    families = [family(number, 1, pendamping_no=PENDAMPING_NO) for number in range(100, 120)]
    await take_in(placed, csv_of(*families))
    orders = Random(4).sample(list(permutations(range(6))), len(families))
    for rows, order in zip(families, orders, strict=True):
        one = Family(placed, await family_of(placed, rows[0]["nik"]), "")
        case = Case(one.kpm_id, (await one.memberships())["PKH"]["kepesertaan_id"])
        second = UUID(int=2)
        facts = [case.proposed(), case.determined(), case.graduated(), case.lodged(), case.refused()]
        facts.append(case.lodged(second, suspends=False))
        await graduation.publish(*(facts[place] for place in order))
    await deliver(graduation, placed)
    found = await placed.sql(
        "SELECT upper(k.valid)::text, k.exit_reason, k.last_payable_tahap, m.held, m.state"
        " FROM kepesertaan k JOIN case_mark m USING (kepesertaan_id)"
    )
    assert len(found) == len(families)
    assert {tuple(row) for row in found} == {
        ("2027-04-01", "SEJAHTERA_MANDIRI", "2027-1", False, "EFFECTIVE")
    }
    assert await placed.sql("SELECT FROM platform.parked") == []


async def test_of_which_an_effect_told_after_its_annulment_ends_nothing(story: Story) -> None:
    await story.hears(story.case.annulled("2027-1"), story.case.graduated())
    assert (await story.payable())[0] == "ALL"
    assert await story.family.emitted_data("kepesertaan_ended") == []


@pytest.mark.parametrize("role", ["database_url", "worker_database_url"])
@pytest.mark.parametrize(
    ("statement", "refusal"),
    [
        (
            AGAIN.format(table="kepesertaan", columns="kpm_id, bansos"),
            asyncpg.ExclusionViolationError,
        ),
        ("UPDATE kepesertaan SET valid = 'empty'", asyncpg.CheckViolationError),
        ("UPDATE kepesertaan SET valid = daterange(lower(valid), '2026-01-01')", asyncpg.CheckViolationError),
        ("UPDATE kepesertaan SET exit_reason = 'PINDAH'", asyncpg.CheckViolationError),
        (
            AGAIN.format(table="komponen", columns="kpm_id, anggota_id, kind"),
            asyncpg.ExclusionViolationError,
        ),
        ("UPDATE kpm_history SET why = 'x'", asyncpg.InsufficientPrivilegeError),
        ("DELETE FROM kpm_history", asyncpg.InsufficientPrivilegeError),
    ],
)
async def test_is_kept_by_the_database_against_the_services_own_roles(
    mothers: Family, role: str, statement: str, refusal: type[Exception]
) -> None:
    connection = await asyncpg.connect(getattr(mothers.caseload.settings, role))
    try:
        async with connection.transaction():
            await open_scope(connection, areas="*")
            with pytest.raises(refusal):
                await connection.execute(statement)
    finally:
        await connection.close()


async def test_is_recorded_once_and_after_an_end_by_application_alone(story: Story) -> None:
    office, path = dinsos(story.caseload), "kepesertaan"
    body = {"bansos": "PKH", "valid_from": "2026-01-01"}
    refused(await story.family.post(path, body), "NotAllowed", 403)
    refused(await story.family.post(path, body, as_=office), "KepesertaanOverlaps")
    late = {"bansos": "PKH", "valid_from": "2199-01-01"}
    refused(await story.family.post(path, late, as_=office), "DateInTheFuture", 422)
    await story.hears(story.case.graduated("2026-02-01"))
    refused(await story.family.post(path, body, as_=office), "ReEntryByUsulan")


async def test_of_a_new_bansos_is_told(placed: Running) -> None:
    one = await Family.taken_in(placed, family(701, 1, pendamping_no=PENDAMPING_NO))
    body = {"bansos": "SEMBAKO", "valid_from": "2026-01-01"}
    made = await one.done("kepesertaan", body, as_=dinsos(placed))
    told = await one.emitted_data("kepesertaan_started")
    assert told[-1]["kepesertaan_id"] == made["kepesertaan_id"]
    assert ("kepesertaan", "STARTED", "RECORDED") in await one.acts()
