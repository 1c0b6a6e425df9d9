from datetime import date
from enum import StrEnum
from typing import Annotated

import sqlalchemy as sa
from pydantic import StrictBool, StringConstraints
from sqlmodel import Field

from services.graduation.tables import Table
from shared.database.tables import Authored, Col, Fields
from shared.fields import ONE_LINE, RequestOnly, Sentence


class CreditedTo(StrEnum):
    """Who is credited with a penetapan of an assessed case.

    On short paths the proposer is credited.
    """

    ASESMEN_AUTHOR = "ASESMEN_AUTHOR"
    PROPOSER = "PROPOSER"


class CreditUnit(StrEnum):
    """What is counted once.

    FAMILY_AND_YEAR: of a family's penetapan in a year the first one that stands. PENETAPAN: each of them.
    """

    FAMILY_AND_YEAR = "FAMILY_AND_YEAR"
    PENETAPAN = "PENETAPAN"


class CreditYear(StrEnum):
    """The date whose year the credit counts in."""

    SK_ON = "SK_ON"
    ANNOUNCED_ON = "ANNOUNCED_ON"


class CreditArea(StrEnum):
    """The area the credit counts in.

    FAMILY_AT_SK: the family's area on the SK's date. CASE_OPENED: where the case was opened.
    """

    FAMILY_AT_SK = "FAMILY_AT_SK"
    CASE_OPENED = "CASE_OPENED"


RuleText = Annotated[
    str,
    ONE_LINE,
    StringConstraints(min_length=20, max_length=600),
    RequestOnly("A penetapan counts once, to the penugasan of who proposed it."),
]


class CreditRuleTerms(Fields):
    """The content of a credit rule, with its text in both languages."""

    credited: Col[CreditedTo] = Field(sa_column_kwargs={"server_default": "ASESMEN_AUTHOR"})
    year_of: Col[CreditYear] = Field(sa_column_kwargs={"server_default": "SK_ON"})
    area_of: Col[CreditArea] = Field(sa_column_kwargs={"server_default": "FAMILY_AT_SK"})
    unit: Col[CreditUnit] = Field(
        default=CreditUnit.FAMILY_AND_YEAR, sa_column_kwargs={"server_default": "FAMILY_AND_YEAR"}
    )
    reversed_by_annulment: Col[StrictBool] = Field(sa_column_kwargs={"server_default": sa.true()})
    text_en: Col[RuleText]
    text_id: Col[RuleText]
    basis: Col[Sentence]


class CreditRuleView(CreditRuleTerms, Authored):
    """A version of the credit rule, and the day from which policies may use it."""

    version: Col[int] = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    valid_from: Col[date]


class CreditRule(CreditRuleView, Table, table=True):
    """A version of the rule that decides who is credited with a penetapan.

    It has no effect until an approved policy uses it.
    """
