"""Programs by revision, their rules, and the fields shared with a partner."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import sqlalchemy as sa
from annotated_types import Interval, Len
from pydantic import StrictBool, StrictInt, StringConstraints
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.referral.partner.models import Code, Name
from services.referral.tables import Table
from shared.contracts.rujukan_kinds import BenefitKind
from shared.database.tables import Authored, Col, Fields, no_overlap
from shared.fields import ONE_LINE, Day, RequestOnly, Rupiah, Sentence


class SendFrom(StrEnum):
    """From when a consented rujukan is sent: from the SK, or from its effective date."""

    DETERMINED = "determined"
    EFFECTIVE = "effective"


class RuleField(StrEnum):
    """The facts that a rule may use.

    They are the family's data from caseload, and its own rujukan.
    """

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
    """How a rule compares.

    WITHIN: in one of these areas. GE_OR_MARRIED: at least this age, or married. ANY_OF and NONE_OF: whether
    a set of the family contains one of these values, or none.
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
    """Effect of a failed rule: HARD excludes the program, SOFT is only shown."""

    HARD = "HARD"
    SOFT = "SOFT"


class PayloadField(StrEnum):
    """The fields that a partner may get beyond the rujukan itself.

    No other field is ever shared. PERSONS are the signer of the consent and the owner of the business, with their
    relation to the head of the family. A program that uses a business always has it.
    """

    NIK = "nik"
    NAME = "name"
    PHONE = "phone"
    USAHA = "usaha"
    SK_NO = "sk_no"
    CERTIFICATE_NO = "certificate_no"
    PERSONS = "persons"


class ProgramTerms(Fields):
    """The next revision of a program. Amounts in rupiah."""

    code: Col[Code]
    partner_id: Col[UUID] = Field(foreign_key="partner.partner_id")
    name: Col[Name]
    amount_min_rp: Col[Rupiah | None] = Field(default=None)
    amount_max_rp: Col[Rupiah | None] = Field(default=None)
    valid_from: Col[Annotated[Day, RequestOnly("2026-01-01")]]
    send_from: Col[SendFrom] = Field(default=SendFrom.DETERMINED)
    sla_days: Col[Annotated[StrictInt, Interval(ge=1, le=365), RequestOnly(14)]]
    required_documents: Col[Annotated[list[Name], Len(0, 20), RequestOnly()]] = Field(default_factory=list)
    legal_basis: Col[Sentence]


class ProgramItem(ProgramTerms, Authored):
    """A revision of a program, in force from `valid_from` until the day before `valid_to`.

    A voided one has an empty range.
    """

    program_id: Col[UUID] = Field(primary_key=True)
    revision: Col[int]
    benefit_kinds: Col[list[str]]
    minimum_data: Col[list[str]]
    valid_to: Col[date | None] = Field(default=None)


class Program(ProgramItem, Table, table=True):
    """A published revision of a partner's program. Amounts in rupiah.

    A new revision ends the one before.
    """

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
        sa.CheckConstraint("valid_to >= valid_from", name="range"),
        sa.CheckConstraint("sla_days BETWEEN 1 AND 365", name="sla_days_range"),
    )


class RuleTerms(Fields):
    """A rule with its source in regulation and the version of that source.

    `counts_predecessor`: months of a business include those of the member from whom it was taken over.
    """

    field: Col[Annotated[RuleField, RequestOnly("usaha_months")]]
    op: Col[Annotated[RuleOp, RequestOnly("GE")]]
    value: Col[Annotated[Any, JSONB()]]
    strength: Col[Strength] = Field(default=Strength.HARD)
    counts_predecessor: Col[StrictBool] = Field(default=True)
    source: Col[
        Annotated[
            str, ONE_LINE, StringConstraints(min_length=1, max_length=200), RequestOnly("Permenko 7/2025")
        ]
    ]
    version: Col[
        Annotated[str, ONE_LINE, StringConstraints(min_length=1, max_length=40), RequestOnly("2026-01")]
    ]


class RuleView(RuleTerms):
    """A rule with its source in regulation."""

    number: Col[int]


class ProgramRule(RuleView, Table, table=True):
    """One rule of a program's revision."""

    __table_args__ = (sa.PrimaryKeyConstraint("program_id", "number"),)

    program_id: Col[UUID] = Field(foreign_key="program.program_id")
