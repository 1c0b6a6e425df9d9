from uuid import uuid4

from tests.factories.referral.events import DESA
from tests.factories.referral.places import create_worlds, read_program_id
from tests.factories.services import Running

KUR, KDMP = "KUR_SUPERMIKRO", "KDMP"
OTHER = "33.24.09.2002"


async def test_families_are_listed_with_reasons(referral: Running) -> None:
    here, there = await create_worlds(referral, [DESA, OTHER])
    path = f"/v1/program/{await read_program_id(here, KDMP)}/families"
    listed = (await referral.get(path, as_=here.dinsos)).json()["items"]
    assert [(one["kpm_id"], one["kode_wilayah"], one["fits"]) for one in listed] == [
        (str(here.family.kpm_id), DESA, True),
        (str(there.family.kpm_id), OTHER, False),
    ]
    assert listed[1]["reasons"][0]["id"] == f"tidak cocok: wilayah {OTHER} ∉ {{{DESA}}}"
    for fits, world in (("true", here), ("false", there)):
        some = (await referral.get(f"{path}?fits={fits}", as_=here.dinsos)).json()["items"]
        assert [one["kpm_id"] for one in some] == [str(world.family.kpm_id)]


async def test_list_agrees_with_the_offers_of_each_family(referral: Running) -> None:
    crowd = await create_worlds(referral, [DESA, OTHER, OTHER])
    for code in (KUR, KDMP):
        path = f"/v1/program/{await read_program_id(crowd[0], code)}/families"
        listed = (await referral.get(path, as_=crowd[0].pendamping)).json()["items"]
        assert len(listed) == 3
        for one in listed:
            shown = await referral.get(f"/v1/offer?kpm_id={one['kpm_id']}", as_=crowd[0].dinsos)
            offer = next(offer for offer in shown.json()["offers"] if offer["program_code"] == code)
            assert (offer["fits"], offer["reasons"]) == (one["fits"], one["reasons"])


async def test_short_page_has_a_next_page(referral: Running) -> None:
    crowd = await create_worlds(referral, [DESA, OTHER])
    path = f"/v1/program/{await read_program_id(crowd[0], KDMP)}/families?fits=false&limit=1"
    first = (await referral.get(path, as_=crowd[0].dinsos)).json()
    assert first["items"] == []
    second = (await referral.get(first["next"], as_=crowd[0].dinsos)).json()
    assert [one["kode_wilayah"] for one in second["items"]] == [OTHER]


async def test_only_families_in_the_callers_scope_are_listed(referral: Running) -> None:
    one, *_ = await create_worlds(referral, [DESA])
    path = f"/v1/program/{await read_program_id(one)}/families"
    other = referral.token("PENDAMPING", "pd-t", [DESA], pendamping_id=uuid4())
    away = referral.token("DINSOS_KABKOTA", "dinsos-2", ["33.25"])
    for token in (other, away):
        assert (await referral.get(path, as_=token)).json()["items"] == []
    nation = referral.token("KEMENSOS", "kemensos-1")
    assert len((await referral.get(path, as_=nation)).json()["items"]) == 1
    assert (await referral.get(path, as_=one.partner("PLUT"))).status_code == 403
