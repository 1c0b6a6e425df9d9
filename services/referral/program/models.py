"""Programs by revision, their rules, and the fields shared with a partner."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.referral.tables import Table
from shared.contracts.kinds import BenefitKind
from shared.database.tables import Col, Fields, no_overlap
from shared.fields import Rupiah


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


class Program(Table, table=True):
    """One published revision of what a partner offers; amounts in rupiah. A new revision ends the one before."""

    __table_args__ = (
        sa.UniqueConstraint("code", "revision", name="uq_program_code_revision"),
        no_overlap("ex_program_code_range", "code"),
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

    program_id: Col[UUID] = Field(primary_key=True)
    partner_id: Col[UUID] = Field(foreign_key="partner.partner_id")
    code: Col[str]
    revision: Col[int]
    name: Col[str]
    benefit_kinds: Col[list[str]]
    amount_min_rp: Col[Rupiah | None] = Field(default=None)
    amount_max_rp: Col[Rupiah | None] = Field(default=None)
    valid_from: Col[date]
    valid_to: Col[date | None] = Field(default=None)
    send_from: Col[SendFrom]
    sla_days: Col[int]
    minimum_data: Col[list[str]]
    required_documents: Col[list[str]]
    legal_basis: Col[str]
    published_by: Col[str]
    published_at: Col[datetime] = Field(default=None, sa_column_kwargs={"server_default": sa.func.now()})


class RuleView(Fields):
    """A rule with its source in regulation."""

    number: Col[int]
    field: Col[RuleField]
    op: Col[RuleOp]
    value: Col[Annotated[Any, JSONB()]]
    strength: Col[Strength]
    source: Col[str]
    version: Col[str]


class ProgramRule(RuleView, Table, table=True):
    """One rule of a program's revision, with its source in regulation and the version of that source."""

    __table_args__ = (sa.PrimaryKeyConstraint("program_id", "number"),)

    program_id: Col[UUID] = Field(foreign_key="program.program_id")
