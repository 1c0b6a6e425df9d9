"""Acts of today in Papua are taken while it is yesterday in Jakarta."""

from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest

from shared.access import Role
from tests.factories.caseload.family import Family, single_member_family
from tests.factories.caseload.intake import dinsos_token, no_kk
from tests.factories.caseload.member import find_member
from tests.factories.services import Running

JAKARTA = timezone(timedelta(hours=7))


async def set_late_evening(service: Running) -> date:
    """Set the clock to 23:30 in Jakarta and return the date in Papua."""
    shown = (await service.get("/v1/clock", as_=service.token(Role.OPERATOR))).json()["today"]
    evening = datetime.combine(date.fromisoformat(shown), datetime.min.time(), JAKARTA)
    await service.set_clock(evening + timedelta(days=1, hours=23, minutes=30))
    return date.fromisoformat(shown) + timedelta(days=2)


async def birth(family: Family, on: date) -> Any:
    person = {"name": "Anak Contoh", "birth_on": str(on), "sex": "P", "relation": "ANAK", "married": False}
    return await family.post("anggota", person | {"on": str(on), "reason": "LAHIR"})


async def death(family: Family, on: date) -> Any:
    child, version = await find_member(family, relation="ANAK")
    body = {"reason": "MENINGGAL", "on": str(on), "evidence_sha256": await family.upload_evidence()}
    return await family.post(f"anggota/{child['anggota_id']}/end", body, version)


async def card(family: Family, on: date) -> Any:
    body = {"no_kk": no_kk(77), "on": str(on), "evidence_sha256": await family.upload_evidence()}
    version = (await family.read())["version"]
    return await family.post("no-kk", body, version, as_=dinsos_token(family.caseload))


async def close_business(family: Family, on: date) -> Any:
    usaha = (await find_member(family, pengurus=True))[0]["usaha"]
    return await family.post(f"/v1/usaha/{usaha['usaha_id']}/end", {"on": str(on)}, usaha["version"])


async def hand_business(family: Family, on: date) -> Any:
    usaha = (await find_member(family, pengurus=True))[0]["usaha"]
    heir, _ = await find_member(family, relation="KEPALA_KELUARGA")
    body = {"anggota_id": heir["anggota_id"], "on": str(on)}
    return await family.post(f"/v1/usaha/{usaha['usaha_id']}/transfer", body, usaha["version"])


async def exit_on_evidence(family: Family, on: date, reason: str = "PINDAH") -> Any:
    body = {"kpm_id": family.kpm_id, "exit_reason": reason, "on": str(on)}
    body |= {"kepesertaan_id": (await family.read_memberships())["PKH"]["kepesertaan_id"]}
    body |= {"evidence_sha256": await family.upload_evidence()}
    return await family.post("/v1/exit-proposal", body)


@pytest.mark.parametrize("act", [birth, death, card, close_business, hand_business, exit_on_evidence])
async def test_act_of_today_in_papua_is_taken_and_of_tomorrow_is_refused(family: Family, act: Any) -> None:
    today = await set_late_evening(family.caseload)
    refused = await act(family, today + timedelta(days=1))
    assert (refused.status_code, refused.json()["title"]) == (422, "DateInTheFuture")
    made = await act(family, today)
    assert made.is_success, made.text


async def test_death_of_the_only_member_of_today_in_papua_ends_the_family(kendal_caseload: Running) -> None:
    family = await Family.create(kendal_caseload, single_member_family())
    today = await set_late_evening(kendal_caseload)
    made = await exit_on_evidence(family, today, "MENINGGAL")
    assert made.status_code == 201, made.text
    (ended,) = [event for event in await family.read_emitted_data("kpm_updated") if event["ended_on"]]
    assert ended["ended_on"] == str(today)
