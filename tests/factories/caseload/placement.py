"""The placement of the pendamping of caseload's tests, for events of registry."""

from typing import Any
from uuid import uuid5

from tests.factories.caseload.hand_over import ketua_tim_token
from tests.factories.caseload.intake import PENDAMPING, PENUGASAN, SPACE
from tests.factories.services import Running

PLACEMENT: dict[str, Any] = {
    "penugasan_id": PENUGASAN,
    "pendamping_id": PENDAMPING,
    "valid_from": "2026-01-01",
}
AREA = PLACEMENT | {"wilayah_tugas_id": uuid5(SPACE, f"{PENUGASAN}33.24"), "kode_wilayah": "33.24"}
TERMS = PLACEMENT | {"kind": "PKH_PENDAMPING", "ditjen": "LINJAMSOS", "employer_status": "PPPK"}


async def count_gaps(caseload: Running) -> int:
    answer = await caseload.get("/v1/dampingan-gap", as_=ketua_tim_token(caseload))
    return len(answer.json()["items"])
