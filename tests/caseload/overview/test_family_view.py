"""A family is answered as its view describes it."""

import pytest

from services.caseload.overview.routes.families import KpmView
from tests.factories.caseload.family import Family
from tests.factories.caseload.intake import dinsos_token, pendamping_token

AID = """
INSERT INTO replica_aid.aid (rujukan_program_id, program_code, status, amount_rp, sent_on, rujukan_id, graduasi_id,
    kpm_id, partner_id)
SELECT uuidv7(), 'PENA', 'TERKIRIM', 5000000, '2026-03-02', uuidv7(), uuidv7(), kpm_id, uuidv7() FROM kpm
"""
ODD = "UPDATE kpm_anggota SET birth_on = '1990-05-01', sex = 'P' WHERE relation = 'KEPALA_KELUARGA'"
CANCELLED = "UPDATE dampingan SET valid = 'empty', cancelled_from = lower(valid)"


@pytest.mark.parametrize("statements", [(), (AID, ODD), (CANCELLED,)])
async def test_answer_is_the_view_field_by_field(family: Family, statements: tuple[str, ...]) -> None:
    for statement in statements:
        await family.caseload.execute(statement)
    for token in (dinsos_token(family.caseload), pendamping_token(family.caseload)):
        answer = await family.caseload.get(f"/v1/kpm/{family.kpm_id}", as_=token)
        if answer.status_code == 404 and CANCELLED in statements:
            continue
        body = answer.json()
        view = KpmView.model_validate_json(answer.content).model_dump(mode="json")
        assert view | {"wilayah_name": "Brangsong"} == body
        assert len(body["aid"]) == statements.count(AID)
        assert bool(body["warnings"]) == (ODD in statements)
        assert [bool(member["usaha"]) for member in body["members"]].count(True) == 1
        assert answer.headers["etag"] == f'"{body["version"]}"'
