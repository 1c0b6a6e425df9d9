"""A setting that is changed in place shows who changed it last."""

from datetime import timedelta
from typing import Any

from tests.factories.referral.catalogue import create_world
from tests.factories.referral.events import TODAY
from tests.factories.referral.places import read_program_id
from tests.factories.services import Running

OPENS_ON = str(TODAY + timedelta(days=10))
LIMIT = {"failures_to_open": 3, "wait_seconds": 30}


async def test_the_last_author_of_a_changed_setting_is_shown(referral: Running) -> None:
    world = await create_world(referral, {})
    program = f"/v1/program/{await read_program_id(world)}"
    partner = f"/v1/partner/{world.partners['BANK_KUR']['partner_id']}"
    names = {"code": "BANK_KUR", "name": "Bank Penyalur", "kind": "BANK", "channel": "HOST_TO_HOST"}
    changes: dict[str, Any] = {
        f"{program}/quota": {"kode_wilayah": "33.24", "places": 3, "valid_from": str(TODAY)},
        f"{program}/intake": {"opens_on": OPENS_ON},
        "/v1/office": {"kode_wilayah": "33.24", "name": "Dinsos Kendal"},
        "/v1/breaker-limit": LIMIT,
        f"{partner}/breaker": LIMIT,
        f"{partner}/webhook": {"webhook_url": "https://bank.example.go.id/pilar"},
        f"{partner}/correction": names | {"reason": "Nama resmi."},
    }
    for path, body in changes.items():
        for author in ("kemensos-7", "kemensos-8"):
            token = referral.token("KEMENSOS", author)
            version = (await referral.get(partner, as_=token)).headers["etag"]
            answer = await referral.post(path, body, as_=token, headers={"If-Match": version})
            assert answer.status_code == 201, answer.text
            assert (path, answer.json()["set_by"]) == (path, author)
            assert answer.json()["set_at"]
    (_, last) = (await referral.get(f"{partner}/correction", as_=token)).json()["items"]
    assert (last["before"]["set_by"], last["changed_by"]) == ("kemensos-7", "kemensos-8")
