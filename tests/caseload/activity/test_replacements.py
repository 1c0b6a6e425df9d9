"""The right visit or session in place of a voided one, also later."""

from datetime import timedelta
from typing import Any

import pytest

from tests.factories.caseload.hand_over import (
    S,
    advance_days,
    import_families,
    ketua_tim_token,
    read_emitted_data,
    read_today,
)
from tests.factories.caseload.intake import DESA, pendamping_token
from tests.factories.services import Running, expect_refusal

WRONG = {"reason": "SALAH_KELUARGA"}
IDS = {"kunjungan": "kunjungan_id", "p2k2": "p2k2_sesi_id"}


async def record(service: Running, noun: str, kpm_id: str, on: Any, **more: Any) -> Any:
    """Record a visit or a session for one family on a day."""
    if noun == "kunjungan":
        body = {"kpm_id": kpm_id, "visited_on": str(on), "purpose": "PENDAMPINGAN", "findings": "Baik."}
    else:
        body = {"penugasan_id": S, "kode_wilayah": DESA, "held_on": str(on), "module": 2, "session": 3}
        body |= {"kelompok": "Melati", "attendance": [{"kpm_id": kpm_id, "presence": "HADIR"}]}
    return await service.post(f"/v1/{noun}", body | more, as_=pendamping_token(service))


async def void(service: Running, noun: str, row: dict[str, Any]) -> str:
    """Void a record as the ketua tim and return its id."""
    path = f"/v1/{noun}/{row[IDS[noun]]}/void"
    voided = await service.post(path, WRONG, as_=ketua_tim_token(service))
    assert voided.status_code == 200, voided.text
    return str(row[IDS[noun]])


@pytest.mark.parametrize("noun", IDS)
async def test_right_record_is_entered_after_the_term_if_it_names_the_voided_one(
    kendal_caseload: Running, noun: str
) -> None:
    service, (first, second) = kendal_caseload, await import_families(kendal_caseload, 2)
    on = await advance_days(service, 3)
    made = (await record(service, noun, first, on)).json()
    await advance_days(service, 60)
    expect_refusal(
        await record(service, noun, second, on, replaces=made[IDS[noun]]), "ReplacedRecordNotVoided"
    )
    wrong = await void(service, noun, made)
    expect_refusal(await record(service, noun, second, on), "WorkEnteredTooLate", 422)
    right = await record(service, noun, second, on, replaces=wrong)
    assert right.status_code == 201, right.text
    assert right.json()["replaces"] == wrong
    assert right.json()["entered_on"] == str(await read_today(service))
    earlier = on - timedelta(days=2)
    expect_refusal(await record(service, noun, first, earlier, replaces=wrong), "RecordAlreadyReplaced")
    again = await void(service, noun, right.json())
    third = await record(service, noun, first, on, replaces=again)
    assert third.status_code == 201, third.text
    events = await read_emitted_data(service, "kunjungan_recorded" if noun == "kunjungan" else "p2k2_held")
    assert len(events) == 3


async def test_replacement_of_a_later_day_has_the_term_of_today(kendal_caseload: Running) -> None:
    (kpm_id,) = await import_families(kendal_caseload, 1)
    on = await read_today(kendal_caseload)
    made = (await record(kendal_caseload, "kunjungan", kpm_id, on)).json()
    await advance_days(kendal_caseload, 60)
    wrong = await void(kendal_caseload, "kunjungan", made)
    late = await record(kendal_caseload, "kunjungan", kpm_id, on + timedelta(days=3), replaces=wrong)
    expect_refusal(late, "WorkEnteredTooLate", 422)
    fresh = await record(kendal_caseload, "kunjungan", kpm_id, on + timedelta(days=40), replaces=wrong)
    assert fresh.status_code == 201, fresh.text


async def test_only_the_author_replaces_a_record(kendal_caseload: Running) -> None:
    (kpm_id,) = await import_families(kendal_caseload, 1)
    on = await read_today(kendal_caseload)
    made = (await record(kendal_caseload, "kunjungan", kpm_id, on)).json()
    wrong = await void(kendal_caseload, "kunjungan", made)
    await kendal_caseload.sql("UPDATE kunjungan SET pendamping_id = uuidv7()")
    expect_refusal(await record(kendal_caseload, "kunjungan", kpm_id, on, replaces=wrong), "NotFound", 404)
