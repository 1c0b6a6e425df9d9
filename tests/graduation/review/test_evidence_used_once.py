"""Evidence that was used before holds the case until a ketua tim clears it."""

import asyncio
import hashlib
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from tests.factories.audit import read_entries
from tests.factories.graduation.case import OFFERS, CaseDriver, expect_ok, set_day
from tests.factories.graduation.changed_facts import DAY, WHY, determine_all, run_bulk, show, taken_to
from tests.factories.graduation.events import DESA, KENDAL, apply_events
from tests.factories.graduation.evidence import clear_flag, clearer_token, list_flags, share_photo
from tests.factories.graduation.exit_proposal import build_exit_proposed
from tests.factories.services import Running, expect_refusal


async def start_two(service: Running) -> list[CaseDriver]:
    """Return two cases, assessed with one photo, after the musyawarah."""
    drivers: list[CaseDriver] = []
    for _ in range(2):
        driver = await CaseDriver.start(service)
        upload, driver = driver.upload_evidence, share_photo(driver)
        await driver.advance_to("SIAP", str(DAY))
        driver.upload_evidence = upload
        expect_ok(await driver.sign(str(DAY)))
        expect_ok(await driver.propose())
        expect_ok(await driver.verify())
        expect_ok(await driver.deliberate(str(DAY)))
        drivers.append(driver)
    return drivers


async def test_second_case_with_one_photo_is_held_until_it_is_cleared(graduation: Running) -> None:
    first, second = await start_two(graduation)
    [flag] = await list_flags(graduation)
    assert (flag["subject_id"], flag["earlier_subject_id"]) == (second.graduasi_id, first.graduasi_id)
    assert (flag["reason"], flag["kind"], flag["earlier_kind"]) == ("USED_BEFORE", "ASESMEN", "ASESMEN")
    assert (flag["kpm_id"], flag["earlier_kpm_id"]) == (str(second.kpm_id), str(first.kpm_id))
    assert [(await show(one))["evidence_flagged"] for one in (first, second)] == [False, True]
    assert [one["code"] for one in (await show(second))["changes"]] == ["EVIDENCE"]
    expect_ok(await first.approve())
    answer = await second.approve()
    expect_refusal(answer, "EvidenceFlagged")
    assert "ketua tim" in answer.json()["detail"]
    expect_ok(await clear_flag(graduation, flag["flag_id"]))
    expect_ok(await second.approve())
    made = await determine_all([first, second])
    assert sorted(made["determined"]) == sorted([first.graduasi_id, second.graduasi_id])
    assert await list_flags(graduation) == []
    [cleared] = await list_flags(graduation, open_only="false")
    assert (cleared["cleared_by"], cleared["clearance"]) == (
        "ketua-tim-kendal-9",
        "Dua keluarga serumah, difoto bersama.",
    )


async def test_evidence_flagged_after_the_approval_postpones_the_case(graduation: Running) -> None:
    first, second = [await taken_to(graduation, "DISETUJUI_DINSOS") for _ in range(2)]
    letter = await graduation.put_file(b"one letter", as_=first.by["field"])
    for driver in (first, second):
        expect_ok(await driver.post("postponement", {**WHY, "evidence_sha256": letter}, "approval"))
        expect_ok(await driver.post("resumption", WHY, "approval"))
    made = await determine_all([first, second])
    assert made["determined"] == [first.graduasi_id]
    assert [[why["code"] for why in one["reasons"]] for one in made["postponed"]] == [["EVIDENCE"]]
    assert (await show(second))["held_for"] == "BUKTI_DITANDAI"
    expect_refusal(await second.post("resumption", WHY, "approval"), "EvidenceFlagged")
    [flag] = await list_flags(graduation, subject_id=second.graduasi_id)
    expect_ok(await clear_flag(graduation, flag["flag_id"]))
    expect_ok(await second.post("resumption", WHY, "approval"))
    assert (await determine_all([second], sk_no="SK/9/2026"))["determined"] == [second.graduasi_id]


async def test_file_of_an_sk_names_the_line_with_flagged_evidence(graduation: Running) -> None:
    first, second = [await taken_to(graduation, "DISETUJUI_DINSOS") for _ in range(2)]
    letter = await graduation.put_file(b"one letter", as_=first.by["field"])
    for driver in (first, second):
        expect_ok(await driver.post("postponement", {**WHY, "evidence_sha256": letter}, "approval"))
        expect_ok(await driver.post("resumption", WHY, "approval"))
    job = await run_bulk([first, second])
    listed = await graduation.get(f"/v1/jobs/{job['job_id']}/errors", as_=first.by["sk"])
    assert [(one["row"], one["code"]) for one in expect_ok(listed, 200)["items"]] == [(2, "EvidenceFlagged")]


async def sign_with(driver: CaseDriver, scan: str) -> None:
    body = {"signed_on": str(DAY), "evidence_sha256": scan, "offers_sha256": OFFERS}
    expect_ok(await driver.post("pernyataan", body, "field"))


async def test_statement_of_another_family_is_flagged(graduation: Running) -> None:
    drivers = [await (await CaseDriver.start(graduation)).advance_to("SIAP", str(DAY)) for _ in range(2)]
    scan = await graduation.put_file(b"one statement", as_=drivers[0].by["field"])
    for driver in drivers:
        await sign_with(driver, scan)
    flags = await list_flags(graduation)
    assert [(one["subject_id"], one["kind"]) for one in flags] == [(drivers[1].graduasi_id, "PERNYATAAN")]
    # Proposal and verification go on.
    expect_ok(await drivers[1].propose())
    expect_ok(await drivers[1].verify())


async def test_file_of_another_kind_of_use_is_flagged(graduation: Running) -> None:
    first, second = [
        await (await CaseDriver.start(graduation)).advance_to("SIAP", str(DAY)) for _ in range(2)
    ]
    sk_scan = await graduation.put_file(b"one paper", as_=first.by["field"])
    approved = await taken_to(graduation, "DISETUJUI_DINSOS")
    expect_ok(await approved.determine(str(DAY), evidence_sha256=sk_scan))
    await sign_with(second, sk_scan)
    [flag] = await list_flags(graduation)
    assert (flag["kind"], flag["earlier_kind"], flag["earlier_kpm_id"]) == ("PERNYATAAN", "SK", None)


async def test_one_scan_of_an_sk_serves_several_decrees(graduation: Running) -> None:
    drivers = [await taken_to(graduation, "DISETUJUI_DINSOS") for _ in range(2)]
    scan = await graduation.put_file(b"one SK", as_=drivers[0].by["sk"])
    for number, driver in enumerate(drivers):
        expect_ok(await driver.determine(str(DAY), f"SK/{number}/2026", evidence_sha256=scan))
    assert await list_flags(graduation) == []


async def test_same_evidence_of_the_same_case_is_no_second_use(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("SIAP", str(DAY))
    expect_ok(await driver.assess())
    photo = await driver.upload_evidence()
    await sign_with(driver, photo)
    assert await list_flags(graduation) == []
    assert len(await graduation.sql("SELECT 1 FROM platform.evidence_use")) == 3


async def test_repeated_request_is_no_second_use(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("SIAP", str(DAY))
    body = {"signed_on": str(DAY), "evidence_sha256": await driver.upload_evidence(), "offers_sha256": OFFERS}
    for _ in range(2):
        expect_ok(await driver.post("pernyataan", body, "field", key="one-key"))
    used = await graduation.sql("SELECT 1 FROM platform.evidence_use WHERE kind = 'PERNYATAAN'")
    assert (len(used), await list_flags(graduation)) == (1, [])


async def test_refused_request_uses_nothing(graduation: Running) -> None:
    first, second = [
        await (await CaseDriver.start(graduation)).advance_to("SIAP", str(DAY)) for _ in range(2)
    ]
    scan = await graduation.put_file(b"one statement", as_=first.by["field"])
    body = {"signed_on": str(DAY), "evidence_sha256": scan, "offers_sha256": OFFERS}
    # The signer is unknown, so the statement is refused after its evidence was looked up.
    await graduation.sql(
        "UPDATE replica_kpm.kpm SET member_ids = ARRAY[gen_random_uuid()] WHERE kpm_id = $1", first.kpm_id
    )
    expect_refusal(await first.post("pernyataan", body, "field"), "NotYetKnown")
    await sign_with(second, scan)
    assert await list_flags(graduation) == []


async def deliberate_together(
    drivers: list[CaseDriver], named: list[list[int]], desa: list[str] | None = None
) -> list[str]:
    """Record one berita acara for verified cases, and return the flagged ones."""
    service = drivers[0].service
    paper = await service.put_file(b"one berita acara", as_=drivers[0].by["musyawarah"])
    for number, driver in enumerate(drivers):
        body: dict[str, Any] = {"berita_acara_no": "BA/1", "held_on": str(DAY), "evidence_sha256": paper}
        body["graduasi_ids"] = [drivers[one].graduasi_id for one in named[number]]
        area = (desa or [DESA] * len(drivers))[number]
        driver.by["musyawarah"] = service.token("OPERATOR_DESA", "operator-desa-1", [area])
        expect_ok(await driver.post("musyawarah", body, "musyawarah"))
    return [one["subject_id"] for one in await list_flags(service)]


async def verified(service: Running, count: int) -> list[CaseDriver]:
    return [
        await (await CaseDriver.start(service)).advance_to("DIVERIFIKASI_KETIM", str(DAY))
        for _ in range(count)
    ]


async def test_berita_acara_that_names_its_cases_serves_all_of_them(graduation: Running) -> None:
    drivers = await verified(graduation, 3)
    assert await deliberate_together(drivers, [[0, 1, 2]] * 3) == []
    for driver in drivers:
        expect_ok(await driver.approve())


@pytest.mark.parametrize(
    ("named", "flagged"),
    [
        ([[], [], []], [1, 2]),
        ([[0, 1], [0, 1], [0, 1]], [2]),
        ([[0, 1], [0, 1], [0, 1, 2]], [2]),  # the paper of the first two did not name the third
    ],
)
async def test_berita_acara_that_does_not_name_a_case_is_flagged(
    graduation: Running, named: list[list[int]], flagged: list[int]
) -> None:
    drivers = await verified(graduation, 3)
    expected = [drivers[one].graduasi_id for one in flagged]
    assert await deliberate_together(drivers, named) == expected


async def test_berita_acara_of_another_desa_is_flagged(graduation: Running) -> None:
    drivers = await verified(graduation, 2)
    elsewhere = "33.24.09.2014"
    await graduation.sql(
        "UPDATE graduasi SET kode_wilayah = $1 WHERE graduasi_id = $2",
        elsewhere,
        UUID(drivers[1].graduasi_id),
    )
    flagged = await deliberate_together(drivers, [[0, 1]] * 2, [DESA, elsewhere])
    assert flagged == [drivers[1].graduasi_id]


async def test_exit_proposals_of_several_families_on_one_photo_are_held(graduation: Running) -> None:
    await set_day(graduation, DAY)
    first, second = [await CaseDriver.start(graduation) for _ in range(2)]
    photo = hashlib.sha256(b"one photo").hexdigest()
    for driver in (first, second):
        event = build_exit_proposed(driver, "TIDAK_DITEMUKAN", evidence_sha256=photo)
        await apply_events(graduation, event)
    [flag] = await list_flags(graduation)
    assert (flag["kpm_id"], flag["kind"]) == (str(second.kpm_id), "USULAN_KELUAR")
    second.graduasi_id = flag["subject_id"]
    expect_ok(await second.verify())
    expect_refusal(await second.approve(), "EvidenceFlagged")


async def test_who_used_the_evidence_does_not_clear_it(graduation: Running) -> None:
    drivers = await start_two(graduation)
    [flag] = await list_flags(graduation)
    author = drivers[1].field.pendamping_id
    same_person = clearer_token(graduation, "other-account", pendamping_id=author)
    same_account = clearer_token(graduation, f"pendamping-{author}")
    earlier_user = clearer_token(graduation, "third-account", pendamping_id=drivers[0].field.pendamping_id)
    for token in (same_person, same_account, earlier_user):
        expect_refusal(await clear_flag(graduation, flag["flag_id"], token), "ClearedByUser", 403)
    with pytest.raises(asyncpg.CheckViolationError, match="not_by_user"):
        await graduation.sql(
            "UPDATE platform.evidence_flag SET cleared_at = now(), cleared_by = used_by, cleared_by_sub = 'x', clearance_sealed = 'x'"
        )


async def test_only_a_ketua_tim_of_the_area_clears(graduation: Running) -> None:
    await start_two(graduation)
    [flag] = await list_flags(graduation)
    for role in ("DINSOS_KABKOTA", "KEMENSOS"):
        token = graduation.token(role, "somebody", [KENDAL])
        expect_refusal(await clear_flag(graduation, flag["flag_id"], token), "NotAllowed", 403)
    elsewhere = graduation.token("KETUA_TIM_KABKOTA", "ketua-tim-pemalang-1", ["33.27"])
    expect_refusal(await clear_flag(graduation, flag["flag_id"], elsewhere), "NotFound", 404)
    assert await list_flags(graduation, elsewhere) == []
    expect_ok(await clear_flag(graduation, flag["flag_id"]))
    entry = (await read_entries(graduation))[-1]
    assert (entry["act"], flag["kpm_id"] in map(str, entry["subject_ids"])) == ("clear_evidence_flag", True)
    expect_refusal(await clear_flag(graduation, flag["flag_id"]), "EvidenceAlreadyCleared")


async def test_two_uses_at_once_are_seen_by_each_other(graduation: Running) -> None:
    drivers = [await (await CaseDriver.start(graduation)).advance_to("SIAP", str(DAY)) for _ in range(2)]
    scan = await graduation.put_file(b"one statement", as_=drivers[0].by["field"])
    await asyncio.gather(*(sign_with(driver, scan) for driver in drivers))
    assert len(await list_flags(graduation)) == 1
