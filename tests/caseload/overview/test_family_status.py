"""Status of a family by its cases and memberships, in the list and alone."""

import pytest

from tests.factories.caseload.hand_over import import_families
from tests.factories.caseload.intake import dinsos_token
from tests.factories.services import Running

LATER, EARLIER = "CURRENT_DATE + 9", "CURRENT_DATE - 9"
ENDED = f"UPDATE kepesertaan SET valid = daterange('2019-01-01', {EARLIER}), exit_reason = 'PINDAH'"
NOT_STARTED = f"UPDATE kepesertaan SET valid = daterange({LATER}, NULL)"
VOIDED = "UPDATE kepesertaan SET valid = 'empty', cancelled_from = '2019-01-01'"
SEMBAKO = "UPDATE kepesertaan SET bansos = 'SEMBAKO'"
ALSO_SEMBAKO = """
INSERT INTO kepesertaan (kepesertaan_id, kpm_id, bansos, valid)
SELECT uuidv7(), kpm_id, 'SEMBAKO', daterange('2019-01-01', NULL) FROM kpm
"""


def case(state: str, announced: str = "NULL", effective: str = "NULL", suspended: str = "false") -> str:
    """Return statements that give each family a case on its membership."""
    return f"""
INSERT INTO case_mark (graduasi_id, kpm_id, kepesertaan_id, exit_reason, state, announced_on, effective_on, held, changed_at)
SELECT uuidv7(), kpm_id, kepesertaan_id, 'ALAMIAH', '{state}', {announced}, {effective}, {suspended}, now() FROM kepesertaan;
UPDATE kepesertaan k SET graduasi_id = c.graduasi_id FROM case_mark c WHERE c.kepesertaan_id = k.kepesertaan_id
"""


@pytest.mark.parametrize(
    ("statements", "status"),
    [
        ((), "ACTIVE"),
        ((ENDED,), "LEFT"),
        ((ENDED, ALSO_SEMBAKO), "LEFT"),
        ((NOT_STARTED,), "NO_MEMBERSHIP"),
        ((VOIDED,), "NO_MEMBERSHIP"),
        ((VOIDED, ALSO_SEMBAKO), "ACTIVE"),
        ((SEMBAKO,), "ACTIVE"),
        ((ENDED, SEMBAKO), "LEFT"),
        ((case("OPEN"),), "CASE_OPEN"),
        ((ENDED, case("OPEN")), "CASE_OPEN"),
        ((case("DETERMINED", announced=LATER),), "CASE_OPEN"),
        ((case("DETERMINED", announced=EARLIER),), "END_ANNOUNCED"),
        ((case("EFFECTIVE", EARLIER, LATER), case("OPEN")), "CASE_OPEN"),
        ((case("EFFECTIVE", EARLIER, LATER),), "END_ANNOUNCED"),
        ((ENDED, case("EFFECTIVE", EARLIER, EARLIER)), "LEFT"),
        ((ENDED, case("EFFECTIVE", EARLIER, EARLIER, suspended="true")), "ACTIVE"),
        ((ENDED, SEMBAKO, case("EFFECTIVE", EARLIER, EARLIER, suspended="true")), "ACTIVE"),
    ],
)
async def test_status_of_a_family(kendal_caseload: Running, statements: tuple[str, ...], status: str) -> None:
    (kpm_id,) = await import_families(kendal_caseload, 1)
    for statement in statements:
        await kendal_caseload.execute(statement)
    dinsos = dinsos_token(kendal_caseload)
    listed = (await kendal_caseload.get("/v1/kpm", as_=dinsos)).json()["items"]
    assert [row["status"] for row in listed] == [status]
    family = await kendal_caseload.get(f"/v1/kpm/{kpm_id}", as_=dinsos)
    assert family.json()["status"] == status
