"""Tables of the instrument: the criteria and weights by which readiness is judged (docs/domain.md#readiness)."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from annotated_types import Interval, Len
from pydantic import StrictBool, StrictInt, StringConstraints
from sqlmodel import Field

from services.graduation.tables import Table
from shared.database.tables import Col, Fields
from shared.fields import ONE_LINE, RequestOnly


class Source(StrEnum):
    """Source of a criterion's value: an answer of the pendamping, or a fact from caseload."""

    ANSWER = "ANSWER"
    FACT = "FACT"


class ValueType(StrEnum):
    """A yes or no, or a whole number, whose unit is in the indicator's text."""

    BOOL = "BOOL"
    INT = "INT"


FACT_TYPES: Mapping[str, ValueType] = MappingProxyType(
    {
        "USAHA_AGE_MONTHS": ValueType.INT,
        "USAHA_OMZET_RP": ValueType.INT,
        "USAHA_PERMIT": ValueType.BOOL,
        "DESIL_NAS": ValueType.INT,
        "DESIL_NAS_RISE": ValueType.INT,
        "DEPENDENCY_PERCENT": ValueType.INT,
        "P2K2_PERCENT": ValueType.INT,
        "PROGRAM_YEARS": ValueType.INT,
        "PROGRAM_MONTHS": ValueType.INT,
    }
)
"""The facts that a criterion of source FACT may name (services/graduation/assessment/rules/facts.py)."""


class Check(StrEnum):
    """How a value is compared with `passes_at`.

    NONE: the criterion is shown but has no weight.
    """

    AT_LEAST = "AT_LEAST"
    AT_MOST = "AT_MOST"
    IS = "IS"
    NONE = "NONE"


class ExemptMember(StrEnum):
    """A kind of member that may exempt a family: elderly, or with a severe disability."""

    LANSIA = "LANSIA"
    DISABILITAS_BERAT = "DISABILITAS_BERAT"


class ExemptIf(StrEnum):
    """Whether one ground of an exemption is enough, or all of them are required."""

    ANY = "ANY"
    ALL = "ALL"


Text = Annotated[str, ONE_LINE, StringConstraints(min_length=3, max_length=300)]


class InstrumentTerms(Fields):
    """The threshold, the exemption and the source of an instrument."""

    threshold_percent: Col[Annotated[StrictInt, Interval(ge=0, le=100), RequestOnly(70)]]
    # A family with fewer able members of working age than this is exempt (docs/domain.md#readiness). 0: no such ground.
    exempt_below_able: Col[Annotated[StrictInt, Interval(ge=0, le=20), RequestOnly(1)]]
    # A family with a member of any of these kinds is exempt. Empty: no such ground.
    exempt_with: Col[Annotated[list[ExemptMember], Len(0, len(ExemptMember)), RequestOnly([])]] = Field(
        default=[], sa_column_kwargs={"server_default": "{}"}
    )
    # Whether one of the two grounds is enough.
    exempt_if: Col[ExemptIf] = Field(default=ExemptIf.ANY, sa_column_kwargs={"server_default": "ANY"})
    source: Col[Annotated[Text, RequestOnly("Juknis graduasi 2027")]]


class Instrument(InstrumentTerms, Table, table=True):
    """A version of the criteria by which readiness is judged.

    Never edited: a change is a new version.
    """

    __table_args__ = (
        sa.CheckConstraint("threshold_percent BETWEEN 0 AND 100", name="threshold_percent"),
        sa.UniqueConstraint("version"),
        sa.UniqueConstraint("instrument_id", "criteria", name="uq_instrument_criteria"),
    )

    instrument_id: Col[UUID] = Field(primary_key=True)
    version: Col[int]
    # The number of criteria. `uq_indicator_position` and a CHECK refuse further ones.
    criteria: Col[int]


class IndicatorTerms(Fields):
    """One criterion: source and type of its value, rule, limit, weight, knock-out, evidence."""

    code: Col[Annotated[str, StringConstraints(pattern=r"^[A-Z0-9_]{1,40}$"), RequestOnly("SAVINGS_RP")]] = (
        Field(primary_key=True)
    )
    source: Col[Source]
    value_type: Col[ValueType]
    rule: Col[Check]
    passes_at: Col[
        Annotated[StrictInt, Interval(ge=-(10**12), le=10**12), RequestOnly(500_000), sa.BigInteger()]
    ]
    weight: Col[Annotated[StrictInt, Interval(ge=0, le=1000), RequestOnly(5)]]
    knock_out: Col[StrictBool]
    evidence_required: Col[StrictBool]
    text_en: Col[Annotated[Text, RequestOnly("Savings, in rupiah")]]
    text_id: Col[Annotated[Text, RequestOnly("Tabungan, dalam rupiah")]]


class IndicatorView(IndicatorTerms):
    """One criterion with its position."""

    position: Col[int]


class Indicator(IndicatorView, Table, table=True):
    """One criterion of an instrument.

    Its position is between 1 and the instrument's number of criteria.
    """

    __table_args__ = (
        sa.PrimaryKeyConstraint("instrument_id", "code"),
        sa.CheckConstraint("weight >= 0", name="weight_not_negative"),
        sa.CheckConstraint("position BETWEEN 1 AND criteria", name="position_within_criteria"),
        sa.UniqueConstraint("instrument_id", "position", name="uq_indicator_position"),
        sa.ForeignKeyConstraint(
            ["instrument_id", "criteria"], ["instrument.instrument_id", "instrument.criteria"]
        ),
    )

    instrument_id: Col[UUID] = Field(primary_key=True)
    criteria: Col[int]
