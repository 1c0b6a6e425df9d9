"""The questions and weights by which readiness is judged, as rows (domain.md 4.3)."""

from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.graduation.tables import Key, Table
from shared.database import text_enum


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


class Instrument(Table):
    """A version of the questions and weights by which readiness is judged. Never edited, only followed."""

    __tablename__ = "instrument"
    __table_args__ = (
        sa.CheckConstraint("threshold_percent BETWEEN 0 AND 100", name="threshold_percent"),
        sa.UniqueConstraint("version", name="uq_instrument_version"),
        sa.UniqueConstraint("instrument_id", "criteria", name="uq_instrument_criteria"),
    )

    instrument_id: Mapped[Key]
    version: Mapped[int] = mapped_column(sa.Integer)
    threshold_percent: Mapped[int] = mapped_column(sa.Integer)
    # A family with fewer able members of working age than this is exempt (OQ3 of domain.md, as decided so far).
    exempt_below_able: Mapped[int] = mapped_column(sa.Integer)
    source: Mapped[str]
    # How many criteria it has: once they are there, no further one fits (`uq_indicator_position`).
    criteria: Mapped[int] = mapped_column(sa.Integer)


class Indicator(Table):
    """One criterion of an instrument; its place is one of as many as the instrument says that it has."""

    __tablename__ = "indicator"
    __table_args__ = (
        sa.CheckConstraint("weight >= 0", name="weight_not_negative"),
        sa.CheckConstraint("position BETWEEN 1 AND criteria", name="a_place_of_the_instrument"),
        sa.UniqueConstraint("instrument_id", "position", name="uq_indicator_position"),
        sa.ForeignKeyConstraint(
            ["instrument_id", "criteria"],
            ["instrument.instrument_id", "instrument.criteria"],
            name="fk_indicator_instrument_id",
        ),
    )

    instrument_id: Mapped[Key]
    code: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(sa.Integer)
    criteria: Mapped[int] = mapped_column(sa.Integer)
    source: Mapped[Source] = mapped_column(text_enum(Source))
    value_type: Mapped[ValueType] = mapped_column(text_enum(ValueType))
    rule: Mapped[Check] = mapped_column(text_enum(Check))
    passes_at: Mapped[int] = mapped_column(sa.BigInteger)
    weight: Mapped[int] = mapped_column(sa.Integer)
    knock_out: Mapped[bool]
    evidence_required: Mapped[bool]
    text_en: Mapped[str]
    text_id: Mapped[str]
