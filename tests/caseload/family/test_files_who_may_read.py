"""Uploaders, and readers of a record that refers to a file, name and read it."""

import secrets

import httpx
import pytest

from shared.access import Role
from shared.evidence import EvidenceKind
from shared.files.access import SPECIFIC_KINDS
from tests.factories.audit import list_purposes, read_entries
from tests.factories.caseload.family import Family
from tests.factories.caseload.intake import DESA, OTHER, dinsos_token, family
from tests.factories.caseload.intake import PENDAMPING_NO as MINE_NO
from tests.factories.caseload.member import find_member
from tests.factories.papers import build_pdf, build_photo
from tests.factories.services import Running, expect_refusal

PAPER = build_pdf(b"kartu keluarga")


@pytest.fixture
async def one(kendal_caseload: Running) -> Family:
    """A family accompanied by S, whose name S corrects with PAPER."""
    created = await Family.create(kendal_caseload, family(810, pendamping_no=MINE_NO))
    sha256 = await kendal_caseload.put_file(PAPER, as_=created.mine)
    assert (await correct_name(created, sha256)).is_success
    return created


async def correct_name(one: Family, sha256: str, token: str | None = None) -> httpx.Response:
    member, version = await find_member(one, pengurus=True)
    body = {"name": "Siti Contoh Baru", "evidence_sha256": sha256}
    path = f"/v1/kpm/{one.kpm_id}/anggota/{member['anggota_id']}/correction"
    headers = {"If-Match": f'"{version}"', "Authorization": f"Bearer {token or one.mine}"}
    headers["Idempotency-Key"] = secrets.token_hex(8)
    # Not `post`, which uploads the papers of a body for its sender.
    return await one.caseload.client.post(path, json=body, headers=headers)


async def read_file(service: Running, sha256: str, token: str) -> httpx.Response:
    return await service.get(f"/v1/files/{sha256}", as_=token)


async def hash_of(one: Family) -> str:
    rows = await one.caseload.sql("SELECT sha256 FROM platform.evidence_use")
    return str(rows[0]["sha256"])


async def test_uploader_and_offices_of_the_family_read_its_evidence(one: Family) -> None:
    sha256, service = await hash_of(one), one.caseload
    for token in (one.mine, dinsos_token(service), service.token("KEMENSOS")):
        answer = await read_file(service, sha256, token)
        assert (answer.status_code, answer.content) == (200, PAPER)


async def test_a_village_reads_no_family_card_and_no_evidence_about_finance(one: Family) -> None:
    service, village = one.caseload, one.caseload.token("KEPALA_DESA", "kepala-desa-1", [DESA])
    card = await hash_of(one)
    expect_refusal(await read_file(service, card, village), "NotFound", 404)
    await service.execute("UPDATE platform.evidence_use SET kind = 'PINDAH'")
    assert (await read_file(service, card, village)).content == PAPER
    member, _ = await find_member(one, pengurus=True)
    stall = {"sector": "MAKANAN", "started_on": "2023-03-01", "omzet_rp": 9_000_000, "has_letter": False}
    usaha = await one.post_ok("usaha", stall | {"anggota_id": member["anggota_id"], "as_of": "2026-01-10"})
    books = await service.put_file(build_pdf(b"buku kas"), as_=one.mine)
    body = {"on": "2026-01-20", "evidence_sha256": books}
    assert (await one.post(f"/v1/usaha/{usaha['usaha_id']}/end", body, usaha["version"])).is_success
    expect_refusal(await read_file(service, books, village), "NotFound", 404)
    assert (await read_file(service, books, dinsos_token(service))).is_success
    assert {*SPECIFIC_KINDS} <= {kind.value for kind in EvidenceKind}


async def test_a_foreign_file_is_answered_like_an_absent_one(one: Family) -> None:
    sha256, service = await hash_of(one), one.caseload
    strangers = [
        service.token("PENDAMPING", "pd-t", ["33.24"], pendamping_id=OTHER),
        service.token("DINSOS_KABKOTA", "dinsos-lain", ["35.03"]),
    ]
    for token in strangers:
        foreign, absent = await read_file(service, sha256, token), await read_file(service, "a" * 64, token)
        assert foreign.status_code == absent.status_code == 404
        changing = {"trace_id": None}
        assert foreign.json() | changing == absent.json() | changing


async def test_knowing_a_hash_does_not_open_the_paper_of_another_family(one: Family) -> None:
    sha256, service = await hash_of(one), one.caseload
    other = await Family.create(service, family(811, pendamping_no="PD-00000T"))
    stranger = service.token("PENDAMPING", "pd-t", ["33.24"], pendamping_id=OTHER)
    expect_refusal(await correct_name(other, sha256, stranger), "FileNotUploaded", 422)
    assert (await read_file(service, sha256, stranger)).status_code == 404
    # Who has the paper may name it.
    await service.put_file(PAPER, as_=stranger)
    assert (await correct_name(other, sha256, stranger)).is_success
    uploads = await service.sql("SELECT account FROM platform.file_upload WHERE sha256 = $1", sha256)
    assert len(uploads) == 2


async def test_a_download_has_a_purpose_and_names_every_family_of_the_file(one: Family) -> None:
    sha256, service = await hash_of(one), one.caseload
    office, path = dinsos_token(service), f"/v1/files/{sha256}"
    for method in ("GET", "HEAD"):
        headers = {"Authorization": f"Bearer {office}"}
        assert (await service.client.request(method, path, headers=headers)).status_code == 400
        answer = await service.client.request(method, path, headers=headers | {"X-Purpose": "PENGADUAN"})
        assert answer.status_code == 200
    items = await list_purposes(service, Role.KETUA_TIM_KABKOTA, "33.24")
    assert [(item["act"], item["subject_ids"], item["kode_wilayah"]) for item in items[-2:]] == [
        ("read_file", [one.kpm_id], DESA),
        ("read_file_head", [one.kpm_id], DESA),
    ]
    # Who uploaded it and sees none of its families reads it too.
    stranger = service.token("DINSOS_KABKOTA", "dinsos-lain", ["35.03"])
    await service.put_file(PAPER, as_=stranger)
    assert (await read_file(service, sha256, stranger)).is_success
    entry = (await read_entries(service))[-1]
    assert (entry["purpose"], [str(kpm_id) for kpm_id in entry["subject_ids"]]) == (
        "VERIFIKASI",
        [one.kpm_id],
    )
    assert entry["id_hash"] == service.app.state.vault.index("audit", sha256)


async def test_who_may_read_a_file_may_name_it(one: Family) -> None:
    office = dinsos_token(one.caseload)
    assert (await correct_name(one, await hash_of(one), office)).is_success


async def test_an_upload_without_a_use_is_seen_by_its_uploader_alone(kendal_caseload: Running) -> None:
    mine, office = dinsos_token(kendal_caseload), kendal_caseload.token("KEMENSOS")
    sha256 = await kendal_caseload.put_file(build_photo(), as_=mine)
    answers = [await read_file(kendal_caseload, sha256, token) for token in (mine, office)]
    assert [answer.status_code for answer in answers] == [200, 404]


async def test_a_paper_of_a_family_is_hidden_from_its_former_pendamping(one: Family) -> None:
    sha256, service = await hash_of(one), one.caseload
    unused = await service.put_file(build_photo(), as_=one.mine)
    await service.execute(f"UPDATE dampingan SET pendamping_id = '{OTHER}'")
    expect_refusal(await read_file(service, sha256, one.mine), "NotFound", 404)
    assert (await read_file(service, unused, one.mine)).is_success
    successor = service.token("PENDAMPING", "pd-t", ["33.24"], pendamping_id=OTHER)
    assert (await read_file(service, sha256, successor)).is_success


async def test_input_of_a_job_is_read_by_its_requester_alone(one: Family) -> None:
    rows = await one.caseload.sql("SELECT sha256, used_by_sub FROM platform.file_use WHERE kind = 'JOB'")
    answer = await read_file(one.caseload, rows[0]["sha256"], one.caseload.token("KEMENSOS", "kemensos-9"))
    assert answer.status_code == 404


async def test_row_security_hides_uses_and_flags_of_other_families(one: Family) -> None:
    count = "SELECT count(*) FROM platform.evidence_use"
    async with one.caseload.database.engine.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver is not None
        async with driver.transaction():
            assert await driver.fetchval(count) == 0
            await driver.execute("SELECT platform.open_scope('AREA', '33.24', '', '', '', NULL)")
            assert await driver.fetchval(count) == 1
            await driver.execute("SELECT platform.open_scope('AREA', '35.03', '', '', '', NULL)")
            assert await driver.fetchval(count) == 0
