"""The questions and weights by which readiness is judged, as rows (domain.md 4.3)."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from annotated_types import Interval
from pydantic import StrictBool, StrictInt, StringConstraints
from sqlmodel import Field

from services.graduation.tables import Table
from shared.database.tables import Col, Fields
from shared.fields import Asked


class Source(StrEnum):
    """Where a criterion's value comes from: asked in the family's house, or known of it as caseload told."""

    ANSWER = "ANSWER"
    FACT = "FACT"


class ValueType(StrEnum):
    """A yes or no, or a whole number (rupiah, months, percent, counts: the indicator's text says which)."""

    BOOL = "BOOL"
    INT = "INT"


class Check(StrEnum):
    """How a value is held against `passes_at`; NONE is asked or shown, and weighs nothing."""

    AT_LEAST = "AT_LEAST"
    AT_MOST = "AT_MOST"
    IS = "IS"
    NONE = "NONE"


Text = Annotated[str, StringConstraints(min_length=3, max_length=300)]


class InstrumentTerms(Fields):
    """How a version of the questions is judged, and its source."""

    threshold_percent: Col[Annotated[StrictInt, Interval(ge=0, le=100), Asked(70)]]
    # A family with fewer able members of working age than this is exempt (OQ3 of domain.md, as decided so far).
    exempt_below_able: Col[Annotated[StrictInt, Interval(ge=0, le=20), Asked(1)]]
    source: Col[Annotated[Text, Asked("Juknis graduasi 2027")]]


class Instrument(InstrumentTerms, Table, table=True):
    """A version of the questions and weights by which readiness is judged. Never edited, only followed."""

    __table_args__ = (
        sa.CheckConstraint("threshold_percent BETWEEN 0 AND 100", name="threshold_percent"),
        sa.UniqueConstraint("version"),
        sa.UniqueConstraint("instrument_id", "criteria", name="uq_instrument_criteria"),
    )

    instrument_id: Col[UUID] = Field(primary_key=True)
    version: Col[int]
    # How many criteria it has: once they are there, no further one fits (`uq_indicator_position`).
    criteria: Col[int]


class IndicatorTerms(Fields):
    """One criterion: what is asked or known, what passes, what it weighs, whether it needs evidence."""

    code: Col[Annotated[str, StringConstraints(pattern=r"^[A-Z0-9_]{1,40}$"), Asked("SAVINGS_RP")]] = Field(
        primary_key=True
    )
    source: Col[Source]
    value_type: Col[ValueType]
    rule: Col[Check]
    passes_at: Col[Annotated[StrictInt, Interval(ge=-(10**12), le=10**12), Asked(500_000), sa.BigInteger()]]
    weight: Col[Annotated[StrictInt, Interval(ge=0, le=1000), Asked(5)]]
    knock_out: Col[StrictBool]
    evidence_required: Col[StrictBool]
    text_en: Col[Annotated[Text, Asked("Savings, in rupiah")]]
    text_id: Col[Annotated[Text, Asked("Tabungan, dalam rupiah")]]


class IndicatorView(IndicatorTerms):
    """One criterion: what is asked or known, what passes, what it weighs."""

    position: Col[int]


class Indicator(IndicatorView, Table, table=True):
    """One criterion of an instrument; its place is one of as many as the instrument says that it has."""

    __table_args__ = (
        sa.PrimaryKeyConstraint("instrument_id", "code"),
        sa.CheckConstraint("weight >= 0", name="weight_not_negative"),
        sa.CheckConstraint("position BETWEEN 1 AND criteria", name="a_place_of_the_instrument"),
        sa.UniqueConstraint("instrument_id", "position", name="uq_indicator_position"),
        sa.ForeignKeyConstraint(
            ["instrument_id", "criteria"], ["instrument.instrument_id", "instrument.criteria"]
        ),
    )

    instrument_id: Col[UUID] = Field(primary_key=True)
    criteria: Col[int]
