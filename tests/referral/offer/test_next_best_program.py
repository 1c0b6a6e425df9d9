import re
from typing import Any

import pytest

from tests.factories.program_catalogue import publish_catalogue
from tests.factories.referral.events import TODAY, Family, build_family_facts, build_graduasi_determined
from tests.factories.referral.places import read_offer_id, record_consent
from tests.factories.referral.world import World
from tests.factories.services import Running

KUR, UMI, KDMP = "KUR_SUPERMIKRO", "UMI", "KDMP"


async def publish_programs(referral: Running, **changes: Any) -> tuple[World, dict[str, dict[str, Any]]]:
    """Return a family and the catalogue of forty programs."""
    world = World(referral, Family(**changes))

    async def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = await referral.post(path, body, as_=world.kemensos)
        assert answer.status_code == 201, answer.text
        if path == "/v1/partner":
            world.partners[body["code"]] = answer.json()
        return dict(answer.json())

    programs = await publish_catalogue(post)
    world.evidence = await referral.put_file(b"persetujuan", as_=world.pendamping)
    await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
    return world, programs


async def mark_sent(world: World, code: str) -> str:
    """Bring an offer to TERKIRIM, as through the portal of a partner without a webhook."""
    row = await record_consent(world, code)
    await world.referral.execute(
        f"UPDATE rujukan_program SET state = 'TERKIRIM', sent_on = current_date, shared_at = now()"
        f" WHERE rujukan_program_id = '{row}'"
    )
    return row


async def post_answer(world: World, code: str, partner: str, status: str, reason: str | None = None) -> str:
    row = await mark_sent(world, code)
    body = {"answer_id": f"{code}-1", "status": status, "answered_on": str(TODAY), "reason_code": reason}
    response = await world.referral.post(
        f"/v1/rujukan-program/{row}/answer", body, as_=world.partner(partner)
    )
    assert response.status_code == 201, response.text
    return row


async def propose_next(world: World, after: str) -> Any:
    (item,) = (
        await world.referral.get(f"/v1/rujukan?kpm_id={world.family.kpm_id}", as_=world.dinsos)
    ).json()["items"]
    body = {"after_rujukan_program_id": after}
    return await world.referral.post(f"/v1/rujukan/{item['rujukan_id']}/next", body, as_=world.pendamping)


def find_candidate(proposal: dict[str, Any], code: str) -> dict[str, Any]:
    return next(one for one in proposal["considered"] if one["program_code"] == code)


async def test_proposal_is_explained_and_final(referral: Running) -> None:
    world, _ = await publish_programs(referral)
    row = await post_answer(world, KUR, "BANK_KUR", "DITOLAK", "SLIK_BURUK")
    first = await propose_next(world, row)
    assert first.status_code == 201, first.text
    proposal = first.json()
    best = proposal["considered"][0]
    assert best["follows"]
    assert proposal["rujukan_program_id"] == await read_offer_id(world, best["program_code"])
    assert re.fullmatch(
        rf"Setelah {KUR} DITOLAK \(SLIK_BURUK\), {best['program_code']} adalah pilihan berikutnya: cocok menurut"
        r" \d+ aturannya dan memberi MODAL\.",
        proposal["id"],
    )
    assert (
        "SLIK_BURUK" in find_candidate(proposal, "KUR_MIKRO")["id"]
        or "omzet" in find_candidate(proposal, "KUR_MIKRO")["id"]
    )
    assert not find_candidate(proposal, "KUR_MIKRO")["follows"]
    again = await propose_next(world, row)
    assert again.json() == proposal


async def test_umi_is_not_proposed_to_a_family_with_kur(referral: Running) -> None:
    world, _ = await publish_programs(referral)
    await post_answer(world, KUR, "BANK_KUR", "DISETUJUI")
    row = await post_answer(world, "PPSE", "KEMENSOS_DAYASOS", "DITOLAK", "KUOTA_HABIS")
    proposal = (await propose_next(world, row)).json()
    umi = find_candidate(proposal, UMI)
    assert not umi["follows"]
    assert umi["en"].startswith("does not fit: aid accepted or delivered {KUR_SUPERMIKRO} has one of")
    assert proposal["considered"][0]["program_code"] != UMI


async def test_credit_is_not_proposed_after_a_refusal_for_active_credit(referral: Running) -> None:
    world, _ = await publish_programs(referral)
    row = await post_answer(world, UMI, "PIP_UMI", "DITOLAK", "KREDIT_AKTIF_SIKP")
    considered = (await propose_next(world, row)).json()["considered"]
    credit = {"KUR_SUPERMIKRO", "KUR_MIKRO", "KUR_KECIL", "KUR_PMI", "MEKAAR"}
    assert [
        one["program_code"] for one in considered if one["follows"] and one["program_code"] in credit
    ] == []


async def test_next_best_is_proposed_automatically_after_a_refusal(referral: Running) -> None:
    world, _ = await publish_programs(referral)
    row = await post_answer(world, KUR, "BANK_KUR", "DITOLAK", "USAHA_BELUM_6_BULAN")
    await referral.work()
    rows = await referral.sql("SELECT after_rujukan_program_id::text AS row, proposed_by FROM next_best")
    assert [tuple(one) for one in rows] == [(row, "system:referral")]


async def test_available_program_is_preferred(referral: Running) -> None:
    world, programs = await publish_programs(referral)
    for code in (
        "PPSE",
        "PENA",
        "BAZNAS_ZMART",
        "PEMDA_KENDAL_MODAL",
        UMI,
        "MEKAAR",
        "TKM_PEMULA",
        "TKM_LANJUTAN",
    ):
        body = {"kode_wilayah": "33.24", "places": 0, "valid_from": str(TODAY)}
        made = await referral.post(
            f"/v1/program/{programs[code]['program_id']}/quota", body, as_=world.kemensos
        )
        assert made.status_code == 201
    row = await post_answer(world, KUR, "BANK_KUR", "DITOLAK", "SLIK_BURUK")
    proposal = (await propose_next(world, row)).json()
    waits = [one["waits"] for one in proposal["considered"] if one["follows"]]
    assert waits == sorted(waits, key=lambda reason: reason is not None)
    full = find_candidate(proposal, UMI)
    assert (full["waits"], full["id"].endswith("; tetapi kuotanya di sini sudah penuh")) == (
        "KUOTA_PENUH",
        True,
    )


@pytest.mark.parametrize("state", ["DRAF", "DISETUJUI"])
async def test_open_offer_has_no_next_best(referral: Running, state: str) -> None:
    world, _ = await publish_programs(referral)
    row = (
        await read_offer_id(world, KUR)
        if state == "DRAF"
        else await post_answer(world, KUR, "BANK_KUR", "DISETUJUI")
    )
    refused = await propose_next(world, row)
    assert (refused.status_code, refused.json()["title"]) == (409, "NextBestNotAllowed")


async def test_consent_judges_the_draft_again_on_todays_facts(referral: Running) -> None:
    world, _ = await publish_programs(referral)
    await post_answer(world, KUR, "BANK_KUR", "DISETUJUI")
    refused = await world.record_consent(UMI)
    assert (refused.status_code, refused.json()["title"]) == (409, "ProgramNoLongerFits")
    assert "KUR_SUPERMIKRO" in refused.json()["detail"]


async def test_next_best_is_chosen_from_forty_programs(referral: Running) -> None:
    world, programs = await publish_programs(referral)
    assert len(programs) == 40
    kinds = {kind for program in programs.values() for kind in program["benefit_kinds"]}
    assert kinds == {"MODAL", "PENDAMPINGAN", "PASAR", "PELATIHAN", "JAMINAN", "PEKERJAAN"}
    shown = await referral.get(f"/v1/offer?kpm_id={world.family.kpm_id}", as_=world.pendamping)
    offers = shown.json()["offers"]
    assert len(offers) == 40
    for offer in offers:
        hard = [reason["fits"] for reason in offer["reasons"] if reason["strength"] == "HARD"]
        assert offer["fits"] is all(hard)
