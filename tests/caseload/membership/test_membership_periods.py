"""Memberships and payable tahap after decisions of graduation and Dinsos (docs/case-lifecycle.md#end-of-a-membership)."""

from datetime import date
from itertools import permutations
from random import Random
from uuid import UUID

import asyncpg
import pytest

from shared.access import Role
from shared.contracts.kinds import SanggahOutcome
from tests.factories.caseload.case import Case
from tests.factories.caseload.case_scenario import CaseScenario
from tests.factories.caseload.family import Family
from tests.factories.caseload.intake import (
    PENDAMPING_NO,
    build_csv,
    dinsos_token,
    family,
    import_file,
    mother,
    read_kpm_id,
)
from tests.factories.delivery import deliver
from tests.factories.services import Running, expect_refusal, open_scope


@pytest.fixture
async def family_of_scenario_2(kendal_caseload: Running) -> Family:
    return await Family.create(kendal_caseload, mother())


AGAIN = (
    "INSERT INTO {table} ({table}_id, {columns}, valid)"
    " SELECT uuidv7(), {columns}, daterange(current_date, NULL) FROM {table}"
)


@pytest.fixture
async def scenario(family_of_scenario_2: Family, graduation: Running) -> CaseScenario:
    pkh = (await family_of_scenario_2.read_memberships())["PKH"]["kepesertaan_id"]
    return CaseScenario(family_of_scenario_2, graduation, Case(family_of_scenario_2.kpm_id, pkh))


async def test_sanggah_accepted_before_effect_keeps_all_tahap_payable(scenario: CaseScenario) -> None:
    case = scenario.case
    await scenario.publish(case.build_determined())
    answer_body = await scenario.read_tahap()
    assert (answer_body["payable"], answer_body["first_unpayable_tahap"]) == ("ALL", "2027-1")
    await scenario.publish(case.build_lodged())
    assert await scenario.read_payable() == ("HELD", None, [])
    await scenario.publish(case.build_accepted(), case.build_annulled())
    assert await scenario.read_payable() == ("ALL", None, [])
    assert await scenario.family.read_emitted_data("kepesertaan_ended") == []
    assert await scenario.family.read_emitted_data("kepesertaan_restored") == []


async def test_sanggah_accepted_after_effect_names_back_pay(scenario: CaseScenario) -> None:
    case = scenario.case
    await scenario.publish(case.build_determined(), case.build_graduated())
    assert await scenario.read_payable() == ("UP_TO", "2026-4", [])
    await scenario.advance_to(2027, 1, 3)
    await scenario.publish(case.build_lodged())
    membership = (await scenario.family.read_memberships())["PKH"]
    assert (membership["status"], membership["active"], membership["valid_to"]) == (
        "HELD",
        True,
        "2027-01-01",
    )
    assert (await scenario.read_payable())[0] == "HELD"
    await scenario.publish(case.build_accepted())
    assert (await scenario.read_payable())[0] == "HELD", "it waits for the annulment"
    await scenario.publish(case.build_annulled("2027-1"))
    answer_body = await scenario.read_tahap()
    assert (answer_body["payable"], answer_body["back_pay"], answer_body["ends_on"]) == (
        "ALL",
        ["2027-1"],
        None,
    )
    assert "2027-1" in answer_body["reason"]["en"]
    assert "dibayarkan kembali" in answer_body["reason"]["id"]


async def test_sanggah_refused_after_effect_moves_the_end(scenario: CaseScenario) -> None:
    case = scenario.case
    await scenario.publish(case.build_determined(), case.build_graduated())
    await scenario.advance_to(2027, 1, 3)
    assert await scenario.read_purpose() == "PEMANTAUAN"
    await scenario.publish(case.build_lodged(), case.build_refused())
    answer_body = await scenario.read_tahap()
    assert (answer_body["payable"], answer_body["ends_on"]) == ("UP_TO", "2027-04-01")
    assert (answer_body["last_payable_tahap"], answer_body["first_unpayable_tahap"]) == ("2027-1", "2027-2")
    acts = [act for subject, act, _ in await scenario.family.read_history() if subject == "kepesertaan"]
    assert acts == ["ENDED", "END_MOVED"]


async def test_effect_sent_again_moves_the_end_with_its_tahap(scenario: CaseScenario) -> None:
    graduated = scenario.case.build_graduated()
    await scenario.publish(scenario.case.build_determined(), graduated)
    await scenario.publish(graduated.model_copy(update={"effective_on": date(2027, 1, 6)}))
    answer_body = await scenario.read_tahap()
    assert (answer_body["ends_on"], answer_body["last_payable_tahap"]) == ("2027-01-06", "2026-4")
    await scenario.advance_to(2027, 1, 5)
    assert await scenario.read_purpose() == "PENDAMPINGAN"
    await scenario.advance_to(2027, 1, 6)
    assert await scenario.read_purpose() == "PEMANTAUAN"


async def test_sanggah_recorded_in_error_suspends_nothing_more(scenario: CaseScenario) -> None:
    case = scenario.case
    await scenario.publish(case.build_determined(), case.build_graduated(), case.build_lodged())
    assert (await scenario.read_payable())[0] == "HELD"
    error = case.build_refused().model_copy(update={"outcome": SanggahOutcome.SALAH_CATAT})
    await scenario.publish(error)
    answer_body = await scenario.read_tahap()
    assert (answer_body["payable"], answer_body["ends_on"]) == ("UP_TO", "2027-04-01")


async def test_annulment_sent_again_replaces_the_decision_on_tahap(scenario: CaseScenario) -> None:
    case = scenario.case
    await scenario.publish(case.build_determined(), case.build_graduated())
    await scenario.advance_to(2027, 1, 3)
    await scenario.publish(case.build_annulled(), case.build_annulled("2027-1"))
    assert await scenario.read_payable() == ("ALL", None, ["2027-1"])


async def test_suspended_end_does_not_change_the_dampingan(scenario: CaseScenario) -> None:
    case = scenario.case
    await scenario.publish(case.build_determined(), case.build_graduated(), case.build_lodged())
    await scenario.advance_to(2027, 1, 2)
    assert await scenario.read_purpose() == "PENDAMPINGAN"
    await scenario.publish(case.build_refused())
    await scenario.advance_to(2027, 4, 1)
    assert await scenario.read_purpose() == "PEMANTAUAN"


async def test_objection_out_of_term_does_not_suspend(scenario: CaseScenario) -> None:
    await scenario.publish(scenario.case.build_graduated(), scenario.case.build_lodged(suspends=False))
    assert (await scenario.read_payable())[0] == "UP_TO"


async def test_accepted_application_starts_a_new_membership(scenario: CaseScenario) -> None:
    await scenario.publish(scenario.case.build_determined(), scenario.case.build_graduated())
    await scenario.advance_to(2027, 2, 1)
    assert await scenario.read_purpose() == "PEMANTAUAN"
    made = await scenario.re_enter("2027-03-01")
    (began,) = [
        one
        for one in await scenario.family.read_emitted_data("kepesertaan_started")
        if one["valid_from"] == "2027-03-01"
    ]
    assert began["kepesertaan_id"] == made["kepesertaan_id"]
    seen = (await scenario.family.read_memberships())["PKH"]
    assert (seen["kepesertaan_id"], seen["status"], seen["active"]) == (
        made["kepesertaan_id"],
        "ACTIVE",
        False,
    )
    assert await scenario.read_payable("2027-02-15") == ("NONE", "2026-4", [])
    assert (await scenario.read_payable("2027-03-02"))[0] == "ALL"
    await scenario.advance_to(2027, 3, 1)
    assert await scenario.read_purpose() == "PENDAMPINGAN", "it counts against the limit again"
    seen = await scenario.family.read_memberships()
    assert [seen[bansos]["status"] for bansos in ("SEMBAKO", "PBI")] == ["ACTIVE"] * 2, (
        "nothing is left any more"
    )


async def test_annulment_after_re_entry_restores_only_days_between(scenario: CaseScenario) -> None:
    await scenario.publish(scenario.case.build_determined(), scenario.case.build_graduated())
    await scenario.advance_to(2027, 2, 1)
    made = await scenario.re_enter("2027-03-01")
    await scenario.advance_to(2027, 3, 2)
    await scenario.publish(scenario.case.build_annulled("2027-1"))
    assert await scenario.count_parked() == 0
    first, second = await scenario.caseload.sql(
        "SELECT * FROM kepesertaan WHERE bansos = 'PKH' ORDER BY lower(valid)"
    )
    assert (str(first["valid"].upper), str(first["continued_by"])) == ("2027-03-01", made["kepesertaan_id"])
    assert (first["exit_reason"], first["graduasi_id"], second["valid"].upper) == (None, None, None)
    (answer_body,) = await scenario.family.read_emitted_data("kepesertaan_restored")
    assert answer_body["valid_to"] == "2027-03-01"
    assert await scenario.read_purpose() == "PENDAMPINGAN"
    assert await scenario.read_payable("2027-02-15") == ("ALL", None, ["2027-1"])
    asked = scenario.caseload.token(Role.OPERATOR)
    counted = await scenario.caseload.post("/v1/numbers", {"kpm_ids": [scenario.family.kpm_id]}, as_=asked)
    assert counted.json()["totals"] == {"ended": 0, "ending": 0}


async def test_annulment_with_adjacent_re_entry_continues_membership(scenario: CaseScenario) -> None:
    await scenario.publish(scenario.case.build_determined(), scenario.case.build_graduated())
    await scenario.re_enter("2027-01-01", lodged_on="2026-01-01")
    await scenario.publish(scenario.case.build_annulled())
    assert await scenario.count_parked() == 0
    (first, _) = await scenario.caseload.sql(
        "SELECT * FROM kepesertaan WHERE bansos = 'PKH' ORDER BY lower(valid)"
    )
    assert (str(first["valid"].upper), first["exit_reason"]) == ("2027-01-01", None)
    await scenario.advance_to(2027, 1, 2)
    assert await scenario.read_purpose() == "PENDAMPINGAN", "the announced monitoring does not begin"


async def test_result_does_not_depend_on_order_of_events(
    kendal_caseload: Running, graduation: Running
) -> None:
    """Publish six events in twenty orders, each order for another family."""
    families = [family(number, 1, pendamping_no=PENDAMPING_NO) for number in range(100, 120)]
    await import_file(kendal_caseload, build_csv(*families))
    orders = Random(4).sample(list(permutations(range(6))), len(families))
    for rows, order in zip(families, orders, strict=True):
        one = Family(kendal_caseload, await read_kpm_id(kendal_caseload, rows[0]["nik"]), "")
        case = Case(one.kpm_id, (await one.read_memberships())["PKH"]["kepesertaan_id"])
        second = UUID(int=2)
        facts = [
            case.build_proposed(),
            case.build_determined(),
            case.build_graduated(),
            case.build_lodged(),
            case.build_refused(),
        ]
        facts.append(case.build_lodged(second, suspends=False))
        await graduation.publish(*(facts[place] for place in order))
    await deliver(graduation, kendal_caseload)
    rows = await kendal_caseload.sql(
        "SELECT upper(k.valid)::text, k.exit_reason, k.last_payable_tahap, m.held, m.state"
        " FROM kepesertaan k JOIN case_mark m USING (kepesertaan_id)"
    )
    assert len(rows) == len(families)
    assert {tuple(row) for row in rows} == {("2027-04-01", "SEJAHTERA_MANDIRI", "2027-1", False, "EFFECTIVE")}
    assert await kendal_caseload.sql("SELECT FROM platform.parked") == []


async def test_effect_after_annulment_ends_nothing(scenario: CaseScenario) -> None:
    await scenario.publish(scenario.case.build_annulled("2027-1"), scenario.case.build_graduated())
    assert (await scenario.read_payable())[0] == "ALL"
    assert await scenario.family.read_emitted_data("kepesertaan_ended") == []


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
        ("UPDATE kpm_history SET reason_code = 'x'", asyncpg.InsufficientPrivilegeError),
        ("DELETE FROM kpm_history", asyncpg.InsufficientPrivilegeError),
    ],
)
async def test_database_refuses_invalid_changes_by_service_roles(
    family_of_scenario_2: Family, role: str, statement: str, refusal: type[Exception]
) -> None:
    connection = await asyncpg.connect(getattr(family_of_scenario_2.caseload.settings, role))
    try:
        async with connection.transaction():
            await open_scope(connection, areas="*")
            with pytest.raises(refusal):
                await connection.execute(statement)
    finally:
        await connection.close()


async def test_membership_is_recorded_once_and_re_entry_needs_application(scenario: CaseScenario) -> None:
    office, path = dinsos_token(scenario.caseload), "kepesertaan"
    body = {"bansos": "PKH", "valid_from": "2026-01-01"}
    expect_refusal(await scenario.family.post(path, body), "NotAllowed", 403)
    expect_refusal(await scenario.family.post(path, body, as_=office), "KepesertaanOverlaps")
    late = {"bansos": "PKH", "valid_from": "2199-01-01"}
    expect_refusal(await scenario.family.post(path, late, as_=office), "DateInTheFuture", 422)
    await scenario.publish(scenario.case.build_graduated("2026-02-01"))
    expect_refusal(await scenario.family.post(path, body, as_=office), "ReEntryByUsulan")


async def test_membership_of_new_bansos_is_emitted(kendal_caseload: Running) -> None:
    one = await Family.create(kendal_caseload, family(701, 1, pendamping_no=PENDAMPING_NO))
    body = {"bansos": "SEMBAKO", "valid_from": "2026-01-01"}
    made = await one.post_ok("kepesertaan", body, as_=dinsos_token(kendal_caseload))
    events = await one.read_emitted_data("kepesertaan_started")
    assert events[-1]["kepesertaan_id"] == made["kepesertaan_id"]
    assert ("kepesertaan", "STARTED", "RECORDED") in await one.read_history()
