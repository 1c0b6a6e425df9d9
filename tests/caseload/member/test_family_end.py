"""End of a family with its only member, and the reversal of a death."""

from datetime import date
from typing import Any

import pytest

from shared.access import Role
from tests.factories.caseload.case import Case, apply_event
from tests.factories.caseload.family import Family, single_member_family
from tests.factories.caseload.intake import (
    DESA,
    PENUGASAN,
    build_csv,
    dinsos_token,
    import_file,
    member,
    no_kk,
)
from tests.factories.caseload.member import DEATH_ON, find_member, read_as_office, record_death, take_back
from tests.factories.services import Running, expect_refusal

BANSOS = "PKH:2019-02-01|SEMBAKO:2020-01-01"


@pytest.fixture
async def one(kendal_caseload: Running) -> Family:
    """A woman who lives alone, with two bansos and a business."""
    usaha = {"usaha_sector": "JASA", "usaha_started_on": "2023-03-01", "usaha_omzet_rp": "9000000"}
    made = await Family.create(kendal_caseload, single_member_family(bansos=BANSOS, **usaha))
    await kendal_caseload.execute(
        "UPDATE kpm_anggota SET joined_on = '2025-01-01'; UPDATE dampingan SET valid = '[2025-01-01,)'"
    )
    return made


async def payable(family: Family, **query: str) -> dict[str, Any]:
    address = f"/v1/kpm/{family.kpm_id}/tahap?" + "&".join(f"{k}={v}" for k, v in query.items())
    answer = await family.caseload.get(address, as_=dinsos_token(family.caseload))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_death_of_only_member_ends_the_family_and_proposes_each_exit(one: Family) -> None:
    await record_death(one)
    whole = await read_as_office(one)
    assert (whole["ended_on"], whole["end_reason"], whole["members"]) == (DEATH_ON, "MENINGGAL", [])
    events = [
        (envelope["type"].split(".")[1], envelope["data"]) for envelope in await one.caseload.read_envelopes()
    ]
    names = [name for name, _ in events]
    after = names[names.index("kpm_updated") :]
    assert after == ["kpm_updated", "exit_proposed", "exit_proposed"], "the end goes before its proposals"
    (facts,) = await one.read_emitted_data("kpm_updated")
    assert (facts["ended_on"], facts["end_reason"], facts["members"]) == (DEATH_ON, "MENINGGAL", 0)
    (ended,) = await one.read_emitted_data("dampingan_ended")
    assert ended["reason"] == "KELUARGA_BERAKHIR"
    usaha = (await one.read_emitted_data("usaha_recorded"))[-1]
    assert (usaha["ended_on"], usaha["end_reason"]) == (DEATH_ON, "MENINGGAL")
    proposals = await one.read_emitted_data("exit_proposed")
    assert {row["bansos"] for row in proposals} == {"PKH", "SEMBAKO"}
    assert {(row["exit_reason"], row["proposer"]) for row in proposals} == {("MENINGGAL", "system:caseload")}
    assert await one.caseload.sql("SELECT FROM tugas WHERE done_at IS NULL") == [], (
        "nobody needs a pendamping"
    )
    assert await one.caseload.sql("SELECT FROM dampingan_gap WHERE until IS NULL") == []


async def test_proposal_of_death_records_the_death(one: Family) -> None:
    """A pendamping who knows only exit proposals does the same act."""
    pkh = (await one.read_memberships())["PKH"]
    body = {"kpm_id": one.kpm_id, "kepesertaan_id": pkh["kepesertaan_id"], "exit_reason": "MENINGGAL"}
    body |= {"evidence_sha256": await one.upload_evidence(), "on": DEATH_ON, "note": "Akta kematian."}
    made = await one.post_ok("/v1/exit-proposal", body)
    assert (made["kepesertaan_id"], made["exit_reason"]) == (pkh["kepesertaan_id"], "MENINGGAL")
    assert (await read_as_office(one))["end_reason"] == "MENINGGAL"
    assert len(await one.read_emitted_data("exit_proposed")) == 2
    notes = await one.caseload.sql("SELECT bansos FROM exit_proposal WHERE note_sealed IS NOT NULL")
    assert [row["bansos"] for row in notes] == ["PKH"]
    answer = await one.post("/v1/exit-proposal", body, as_=dinsos_token(one.caseload))
    expect_refusal(answer, "ExitAlreadyProposed")


async def test_death_is_proposed_beside_an_open_proposal_of_another_reason(one: Family) -> None:
    pkh = (await one.read_memberships())["PKH"]
    body = {"kpm_id": one.kpm_id, "kepesertaan_id": pkh["kepesertaan_id"], "exit_reason": "PINDAH"}
    await one.post_ok(
        "/v1/exit-proposal", body | {"evidence_sha256": await one.upload_evidence(), "on": DEATH_ON}
    )
    await record_death(one)
    reasons = await one.caseload.sql("SELECT exit_reason FROM exit_proposal WHERE bansos = 'PKH' ORDER BY 1")
    assert [row["exit_reason"] for row in reasons] == ["MENINGGAL", "PINDAH"]


async def test_death_during_a_case_is_recorded(one: Family, graduation: Running) -> None:
    case = Case(one.kpm_id, (await one.read_memberships())["PKH"]["kepesertaan_id"])
    for event in (case.build_proposed(), case.build_determined()):
        await apply_event(one.caseload, graduation, event)
    await record_death(one)
    assert {row["bansos"] for row in await one.read_emitted_data("exit_proposed")} == {"PKH", "SEMBAKO"}


async def test_tahap_are_held_from_the_recording_until_the_case_ends_the_membership(
    one: Family, graduation: Running
) -> None:
    assert (await payable(one, bansos="PKH"))["payable"] == "ALL"
    await record_death(one)
    answer = await payable(one, bansos="PKH")
    today = answer["on"]
    assert (answer["payable"], answer["held_for"], answer["held_from"]) == ("HELD", "DEATH", today)
    before = await payable(one, bansos="PKH", on="2026-01-01")
    assert (before["payable"], before["held_for"]) == ("ALL", None), "a past cut-off stays payable"
    case = Case(one.kpm_id, (await one.read_memberships())["PKH"]["kepesertaan_id"])
    case.base["exit_reason"] = "MENINGGAL"
    for event in (case.build_proposed(), case.build_determined(), case.build_graduated()):
        await apply_event(one.caseload, graduation, event)
    ended = await payable(one, bansos="PKH")
    assert (ended["payable"], ended["last_payable_tahap"], ended["held_for"]) == ("UP_TO", "2026-4", None)
    assert (await payable(one, bansos="SEMBAKO"))["held_for"] == "DEATH"


async def test_reversal_restores_the_family_with_all_that_ended(one: Family) -> None:
    before = await one.read()
    anggota_id = await record_death(one)
    await take_back(one, anggota_id)
    after = await one.read()
    assert (after["ended_on"], after["end_reason"]) == (None, None)
    assert after["facts"] == before["facts"]
    assert after["members"][0]["pengurus"]
    assert after["members"][0]["usaha"]["usaha_id"] == before["members"][0]["usaha"]["usaha_id"]
    assert [row["penugasan_id"] for row in after["dampingan"]] == [str(PENUGASAN), str(PENUGASAN)]
    states = await one.caseload.sql("SELECT DISTINCT state FROM exit_proposal")
    assert [row["state"] for row in states] == ["WITHDRAWN"]
    assert len(await one.read_emitted_data("exit_proposal_withdrawn")) == 2
    assert (await payable(one, bansos="PKH"))["payable"] == "ALL"
    assert (await one.read_emitted_data("kpm_updated"))[-1]["ended_on"] is None


async def test_reversal_leaves_a_proposal_in_an_sk(one: Family, graduation: Running) -> None:
    anggota_id = await record_death(one)
    (proposal,) = await one.caseload.sql("SELECT * FROM exit_proposal WHERE bansos = 'PKH'")
    case = Case(one.kpm_id, str(proposal["kepesertaan_id"]))
    case.base |= {"exit_reason": "MENINGGAL", "exit_proposal_id": proposal["exit_proposal_id"]}
    for event in (case.build_proposed(), case.build_determined()):
        await apply_event(one.caseload, graduation, event)
    await take_back(one, anggota_id)
    rows = await one.caseload.sql("SELECT bansos, state FROM exit_proposal ORDER BY bansos")
    assert [tuple(row) for row in rows] == [("PKH", "PROPOSED"), ("SEMBAKO", "WITHDRAWN")]


async def test_reversal_without_a_placement_leaves_a_gap(one: Family) -> None:
    anggota_id = await record_death(one)
    await one.caseload.sql("UPDATE replica_pendamping.pendamping_status SET status = 'CUTI'")
    await take_back(one, anggota_id)
    gaps = await one.caseload.sql("SELECT kpm_id FROM dampingan_gap WHERE until IS NULL")
    assert [str(row["kpm_id"]) for row in gaps] == [one.kpm_id]


async def test_proposal_of_a_recorded_death_is_withdrawn_by_reversal_only(one: Family) -> None:
    await record_death(one)
    (proposal,) = await one.caseload.sql("SELECT exit_proposal_id FROM exit_proposal WHERE bansos = 'PKH'")
    body = {"reason": "Ternyata masih hidup."}
    path = f"/v1/exit-proposal/{proposal['exit_proposal_id']}/withdrawal"
    expect_refusal(await one.post(path, body, as_=dinsos_token(one.caseload)), "ProposalFollowsFact")


async def test_closed_proposal_of_a_death_is_proposed_again(one: Family) -> None:
    """A refused case leaves the membership held, so the office proposes again."""
    await record_death(one)
    await one.caseload.execute("UPDATE exit_proposal SET state = 'CLOSED'")
    pkh = (await one.read_memberships())["PKH"]
    body = {"kpm_id": one.kpm_id, "kepesertaan_id": pkh["kepesertaan_id"], "exit_reason": "MENINGGAL"}
    body |= {"evidence_sha256": await one.upload_evidence(b"akta"), "on": DEATH_ON}
    made = await one.post_ok("/v1/exit-proposal", body, as_=dinsos_token(one.caseload))
    assert (made["state"], made["fact_id"] is not None) == ("PROPOSED", True)


async def test_nothing_more_is_recorded_for_an_ended_family(one: Family) -> None:
    await record_death(one)
    office, version = dinsos_token(one.caseload), (await read_as_office(one))["version"]
    pkh, scan = (await one.read_memberships())["PKH"], await one.upload_evidence()
    desil = {"scope": "NAS", "value": 4, "snapshot": "2026-Q1"}
    dated = {"valid_from": "2026-01-01"}
    newborn = {
        "nik": "3324070501269001",
        "name": "Bayi",
        "birth_on": "2026-01-05",
        "sex": "L",
        "married": False,
    }
    newborn |= {"relation": "ANAK", "on": DEATH_ON, "reason": "LAHIR"}
    usulan = {"kpm_id": one.kpm_id, "bansos": "PBI", "ground": "LAINNYA", "lodged_on": DEATH_ON}
    exit_ = {"kpm_id": one.kpm_id, "kepesertaan_id": pkh["kepesertaan_id"], "exit_reason": "PINDAH"}
    move = {"kode_wilayah": "33.24.09.2004", "on": DEATH_ON, "evidence_sha256": scan}
    acts: list[tuple[str, Any]] = [
        ("desil", desil),
        ("anggota", newborn),
        ("kepesertaan", {"bansos": "PBI"} | dated),
        ("move", move),
        ("/v1/usulan", usulan | {"reason": "Keluarga memerlukan bantuan."}),
        ("/v1/exit-proposal", exit_ | {"evidence_sha256": scan, "on": DEATH_ON}),
        ("/v1/dampingan", {"kpm_id": one.kpm_id, "penugasan_id": str(PENUGASAN)} | dated),
    ]
    for path, body in acts:
        expect_refusal(await one.post(path, body, version, as_=office), "FamilyHasEnded")


async def test_file_does_not_bring_back_the_dead(one: Family) -> None:
    await record_death(one)
    rows = single_member_family(bansos=BANSOS, desil="NAS:5:2026-Q1")
    done = await import_file(one.caseload, build_csv(rows))
    assert {code for _, _, code in done["errors"]} >= {"FAMILY_HAS_ENDED"}
    new = [row | {"no_kk": no_kk(701)} for row in rows]
    done = await import_file(one.caseload, build_csv(new))
    assert [code for _, _, code in done["errors"]] == ["RECORDED_DEAD"]
    other = [member(702, 0), rows[0] | {"no_kk": no_kk(702), "pengurus": "TIDAK", "pendamping_no": ""}]
    dry = await import_file(one.caseload, build_csv(other), dry_run=True)
    assert [code for _, _, code in dry["errors"]] == ["RECORDED_DEAD"]


async def test_last_member_leaves_only_by_death_or_joining(one: Family) -> None:
    me, version = await find_member(one)
    for reason in ("PINDAH", "KAWIN_KELUAR", "LAINNYA"):
        answer = await one.post(
            f"anggota/{me['anggota_id']}/end", {"reason": reason, "on": DEATH_ON}, version
        )
        expect_refusal(answer, "LastMember")
        assert "/anggota" in answer.json()["detail"]


async def test_split_off_family_of_one_ends_with_evidence(kendal_caseload: Running) -> None:
    from_rows = [member(710, 0, pendamping_no="PD-00000S"), member(710, 1)]
    family = await Family.create(kendal_caseload, from_rows)
    await kendal_caseload.execute("UPDATE kpm_anggota SET joined_on = '2025-01-01'")
    husband, version = await find_member(family, relation="KEPALA_KELUARGA")
    split = {
        "no_kk": no_kk(711),
        "anggota_ids": [husband["anggota_id"]],
        "pengurus_id": husband["anggota_id"],
    }
    split |= {"on": "2026-01-05", "evidence_sha256": await family.upload_evidence()}
    made = await family.post_ok("split", split, version)
    new = Family(kendal_caseload, made["new"]["kpm_id"], family.mine)
    await record_death(new)
    whole = await read_as_office(new)
    assert (whole["end_reason"], await new.read_emitted_data("exit_proposed")) == ("MENINGGAL", [])
    assert whole["kode_wilayah"] == DESA


async def test_ended_family_has_no_calendar_changes(one: Family) -> None:
    await record_death(one)
    (row,) = await one.caseload.sql("SELECT facts_until, end_recorded_on FROM kpm")
    assert (row["facts_until"], type(row["end_recorded_on"])) == (None, date)


async def test_ministry_reads_an_ended_family(one: Family) -> None:
    await record_death(one)
    answer = await one.caseload.get(f"/v1/kpm/{one.kpm_id}", as_=one.caseload.token(Role.KEMENSOS))
    assert answer.json()["ended_on"] == DEATH_ON
