"""Who is one person, and which rows and fields a permission opens."""

from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from shared.access import PERMISSIONS, Actor, Permission, Role, Scope, permissions
from shared.access.permissions import read_table
from shared.errors import NotAllowed
from shared.field_classes import FieldClass

P, Q = UUID(int=1), UUID(int=2)


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        (Actor("a", pendamping_id=P), Actor("a"), True),
        (Actor("a"), Actor("a", pendamping_id=P), True),
        (Actor("a", pendamping_id=P), Actor("b", pendamping_id=P), True),
        (Actor("a", pendamping_id=P), Actor("a", pendamping_id=Q), True),
        (Actor("a"), Actor("a"), True),
        (Actor("a"), Actor("b"), False),
        (Actor("a", pendamping_id=P), Actor("b"), False),
        (Actor("a", pendamping_id=P), Actor("b", pendamping_id=Q), False),
    ],
)
def test_one_account_or_one_pendamping_id_is_one_human(first: Actor, second: Actor, same: bool) -> None:
    assert second.is_same_as(first.person, first.sub) is same


def test_a_role_opens_no_area_above_its_level() -> None:
    areas = ("*", "33", "33.24", "33.24.09", "33.24.09.2011")
    seen = {}
    for role in Role:
        actor = Actor("a", frozenset({role}), areas)
        permission = next(name for name, roles in PERMISSIONS.items() if role in roles)
        seen[role.value] = len(actor.under(permission).areas)
    level_of = {"KETUA_TIM_PROVINSI": 4, "DINSOS_PROVINSI": 4, "KETUA_TIM_KABKOTA": 3, "DINSOS_KABKOTA": 3}
    level_of |= {"KETUA_TIM_KECAMATAN": 2, "OPERATOR_DESA": 1, "KEPALA_DESA": 1, "PENDAMPING_DESA": 1}
    assert seen == {role.value: level_of.get(role.value, 5) for role in Role}


def test_the_role_with_the_widest_scope_decides_about_fields() -> None:
    both = Actor("a", frozenset({Role.PENDAMPING, Role.OPERATOR_DESA}), ("33.24.09.2011",), pendamping_id=P)
    acting = both.under(Permission.KPM_READ)
    assert (acting.scope, acting.fields) == (Scope.AREA, FieldClass.PRIBADI)
    lead = replace(both, roles=frozenset({Role.KETUA_TIM_KABKOTA, Role.OPERATOR_DESA})).under(
        Permission.KPM_READ
    )
    assert (lead.scope, lead.fields) == (Scope.AREA, FieldClass.SPESIFIK)


def test_a_ditjen_in_the_token_narrows_the_ministry() -> None:
    ministry = Actor("a", frozenset({Role.KEMENSOS}), ("*",))
    assert ministry.under(Permission.PENDAMPING_READ).scope is Scope.NATIONAL
    of_ditjen = replace(ministry, ditjen="REHSOS")
    assert of_ditjen.under(Permission.PENDAMPING_READ).scope is Scope.DITJEN
    assert of_ditjen.under(Permission.KPM_READ).scope is Scope.NATIONAL


def test_without_a_permission_an_actor_opens_nothing() -> None:
    actor = Actor("a", frozenset({Role.PENDAMPING}), ("33.24",))
    assert (actor.scope, actor.fields) == (Scope.SELF, FieldClass.UMUM)
    with pytest.raises(NotAllowed):
        actor.under(Permission.GRADUASI_APPROVE)


TABLE = """
PENDAMPING PDP country a pendamping
permission PDP
kpm.read own3
"""


def test_an_incomplete_permission_table_is_refused() -> None:
    with pytest.raises(ValueError, match="each Role once"):
        read_table(TABLE)
    text = Path(permissions.TABLE).read_text("utf-8")
    with pytest.raises(ValueError, match="each Permission once"):
        read_table(text.replace("\nkpm.read ", "\n# kpm.read "))
    with pytest.raises(ValueError, match="zip"):
        read_table(text.replace("kpm.look_up ", "kpm.look_up area3 "))
