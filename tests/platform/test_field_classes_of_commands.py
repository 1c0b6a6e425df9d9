"""No answer of a command has a field above the class of the role.

That is also true of a stored answer.
"""

from dataclasses import replace
from typing import Any

import pytest

from shared.access import GRANTS, Permission, Role, actor
from shared.field_classes import FieldClass
from tests.factories.registry import commands
from tests.factories.services import Running

BODY = {"subject": "PERSON", "nik": commands.NIK, "name": "Siti Rahayu", "phone": "+62 812 0000 0001"}
SHOWN = {
    FieldClass.SPESIFIK: {"name", "phone"},
    FieldClass.PRIBADI: {"name"},
    FieldClass.UMUM: set[str](),
}


def limit_fields(monkeypatch: pytest.MonkeyPatch, fields: FieldClass) -> None:
    """Let the ministry see fewer fields of a pendamping that it registers."""
    grants = dict(GRANTS[Permission.PENDAMPING_REGISTER])
    grants[Role.KEMENSOS] = replace(grants[Role.KEMENSOS], fields=fields)
    monkeypatch.setattr(actor, "GRANTS", {**GRANTS, Permission.PENDAMPING_REGISTER: grants})


@pytest.mark.parametrize("first", FieldClass)
async def test_an_answer_has_only_the_fields_of_the_role(
    registry: Running, monkeypatch: pytest.MonkeyPatch, first: FieldClass
) -> None:
    monkeypatch.setattr(actor.Actor, "under", actor.Actor.under.__wrapped__)  # Without its cache.
    token, pendamping_id = commands.ministry_token(registry), set[Any]()
    for fields in (first, *FieldClass):
        limit_fields(monkeypatch, fields)
        answer = await registry.post("/v1/pendamping", BODY, as_=token, key="k-1")
        assert answer.status_code == 201, answer.text
        assert {"name", "phone"} & {*answer.json()} == SHOWN[fields]
        pendamping_id.add(answer.json()["pendamping_id"])
    assert len(pendamping_id) == 1
