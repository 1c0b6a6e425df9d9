"""Programs by revision, their rules, and the fields shared with a partner."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.referral.tables import Table
from shared.contracts.kinds import BenefitKind
from shared.database import Rupiah, text_enum


class SendFrom(StrEnum):
    """From when a consented rujukan may go to the partner: once the SK is there, or once it has taken effect."""

    DETERMINED = "determined"
    EFFECTIVE = "effective"


class RuleField(StrEnum):
    """What a rule may look at: what caseload tells of the family, and what came of its own rujukan, nothing else."""

    KODE_WILAYAH = "kode_wilayah"
    DESIL_NAS = "desil_nas"
    ABLE_PRODUCTIVE = "able_productive"
    PENGURUS_AGE = "pengurus_age"
    PENGURUS_SEX = "pengurus_sex"
    USAHA_MONTHS = "usaha_months"
    USAHA_OMZET_RP = "usaha_omzet_rp"
    USAHA_SECTOR = "usaha_sector"
    USAHA_REGISTERED = "usaha_registered"
    OWNER_AGE = "owner_age"
    OWNER_SEX = "owner_sex"
    MEMBERS = "members"
    LANSIA = "lansia"
    DISABILITAS = "disabilitas"
    KOMPONEN = "komponen"
    AID_PROGRAMS = "aid_programs"
    REFUSAL_CODES = "refusal_codes"


class RuleOp(StrEnum):
    """How a rule compares. WITHIN: in one of these areas; GE_OR_MARRIED: at least so old, or married.

    ANY_OF and NONE_OF ask of what the family has several of, whether it has one of these, or none.
    """

    GE = "GE"
    LE = "LE"
    EQ = "EQ"
    IN = "IN"
    WITHIN = "WITHIN"
    GE_OR_MARRIED = "GE_OR_MARRIED"
    ANY_OF = "ANY_OF"
    NONE_OF = "NONE_OF"


class Strength(StrEnum):
    """A HARD rule that fails keeps the program from the family; a SOFT one is only shown."""

    HARD = "HARD"
    SOFT = "SOFT"


class PayloadField(StrEnum):
    """What a partner may be told beyond the rujukan itself; what is not here can be told to nobody."""

    NIK = "nik"
    NAME = "name"
    PHONE = "phone"
    USAHA = "usaha"
    SK_NO = "sk_no"
    CERTIFICATE_NO = "certificate_no"


class Program(Table):
    """One published revision of what a partner offers; amounts in rupiah. A new revision ends the one before."""

    __tablename__ = "program"

    program_id: Mapped[UUID] = mapped_column(primary_key=True)
    partner_id: Mapped[UUID] = mapped_column(sa.ForeignKey("partner.partner_id"))
    code: Mapped[str]
    revision: Mapped[int]
    name: Mapped[str]
    benefit_kinds: Mapped[list[str]] = mapped_column(ARRAY(sa.Text))
    amount_min_rp: Mapped[Rupiah | None]
    amount_max_rp: Mapped[Rupiah | None]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    send_from: Mapped[SendFrom] = mapped_column(text_enum(SendFrom))
    sla_days: Mapped[int]
    minimum_data: Mapped[list[str]] = mapped_column(ARRAY(sa.Text))
    required_documents: Mapped[list[str]] = mapped_column(ARRAY(sa.Text))
    legal_basis: Mapped[str]
    published_by: Mapped[str]
    published_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now())

    __table_args__ = (
        sa.UniqueConstraint("code", "revision", name="uq_program_code_revision"),
        ExcludeConstraint(
            ("code", "="),
            (sa.literal_column("daterange(valid_from, valid_to)"), "&&"),
            name="ex_program_code_range",
        ),
        sa.CheckConstraint(
            "benefit_kinds <@ ARRAY[{}]::text[]".format(
                ", ".join(f"'{kind}'" for kind in BenefitKind.known())
            ),
            name="benefit_kinds_known",
        ),
        sa.CheckConstraint(
            "minimum_data <@ ARRAY[{}]::text[]".format(", ".join(f"'{field}'" for field in PayloadField)),
            name="minimum_data_known",
        ),
        sa.CheckConstraint(
            "amount_min_rp >= 0 AND amount_max_rp >= coalesce(amount_min_rp, 0)", name="amounts"
        ),
        sa.CheckConstraint("valid_to > valid_from", name="range"),
        sa.CheckConstraint("sla_days BETWEEN 1 AND 365", name="sla_days_range"),
    )


class ProgramRule(Table):
    """One rule of a program's revision, with its source in regulation and the version of that source."""

    __tablename__ = "program_rule"

    program_id: Mapped[UUID] = mapped_column(sa.ForeignKey("program.program_id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    field: Mapped[RuleField] = mapped_column(text_enum(RuleField))
    op: Mapped[RuleOp] = mapped_column(text_enum(RuleOp))
    value: Mapped[Any] = mapped_column(JSONB)
    strength: Mapped[Strength] = mapped_column(text_enum(Strength))
    source: Mapped[str]
    version: Mapped[str]
