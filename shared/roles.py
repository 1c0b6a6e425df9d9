"""The roles of a token, and groups of them."""

from enum import StrEnum


class Role(StrEnum):
    """A role of an account. An unknown role in a token is ignored."""

    PENDAMPING = "PENDAMPING"
    OPERATOR_DESA = "OPERATOR_DESA"
    KETUA_TIM_KABKOTA = "KETUA_TIM_KABKOTA"
    DINSOS_KABKOTA = "DINSOS_KABKOTA"
    KEMENSOS = "KEMENSOS"
    PARTNER = "PARTNER"
    OPERATOR = "OPERATOR"
    AUDITOR = "AUDITOR"


FIELD = frozenset({Role.PENDAMPING})
TEAM_LEAD = frozenset({Role.KETUA_TIM_KABKOTA})
DINSOS = frozenset({Role.DINSOS_KABKOTA})
MINISTRY = frozenset({Role.KEMENSOS})
OFFICE = TEAM_LEAD | DINSOS | MINISTRY
STAFF = FIELD | OFFICE
VILLAGE = frozenset({Role.OPERATOR_DESA})
PARTNERS = frozenset({Role.PARTNER})
OPERATORS = frozenset({Role.OPERATOR})
AUDITORS = frozenset({Role.AUDITOR})
