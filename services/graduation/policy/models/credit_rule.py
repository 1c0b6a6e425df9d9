from datetime import date
from enum import StrEnum
from typing import Annotated

import sqlalchemy as sa
from pydantic import StrictBool, StringConstraints
from sqlmodel import Field

from services.graduation.tables import Table
from shared.database.tables import Col, Fields
from shared.fields import Asked, Sentence


class CreditedTo(StrEnum):
    """To whom a penetapan counts where a case was assessed; on short paths it is the proposer either way."""

    ASESMEN_AUTHOR = "ASESMEN_AUTHOR"
    PROPOSER = "PROPOSER"


class CreditYear(StrEnum):
    """Which date says the year."""

    SK_ON = "SK_ON"
    ANNOUNCED_ON = "ANNOUNCED_ON"


class CreditArea(StrEnum):
    """Which area a penetapan counts in: the family's on the SK's date, or the one where the case was opened."""

    FAMILY_AT_SK = "FAMILY_AT_SK"
    CASE_OPENED = "CASE_OPENED"


Words = Annotated[
    str,
    StringConstraints(min_length=20, max_length=600),
    Asked("A penetapan counts once, to the penugasan of who proposed it."),
]


class CreditRuleTerms(Fields):
    """What a version of the rule does; its words say the same in both languages."""

    credited: Col[CreditedTo] = Field(sa_column_kwargs={"server_default": "ASESMEN_AUTHOR"})
    year_of: Col[CreditYear] = Field(sa_column_kwargs={"server_default": "SK_ON"})
    area_of: Col[CreditArea] = Field(sa_column_kwargs={"server_default": "FAMILY_AT_SK"})
    reversed_by_annulment: Col[StrictBool] = Field(sa_column_kwargs={"server_default": sa.true()})
    text_en: Col[Words]
    text_id: Col[Words]
    basis: Col[Sentence]


class CreditRuleView(CreditRuleTerms):
    """A version of the rule, and from which day policies may name it."""

    version: Col[int] = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    valid_from: Col[date]


class CreditRule(CreditRuleView, Table, table=True):
    """A version of the rule that says to whom a penetapan counts; the words say what the columns do.

    It counts nothing by itself: policies name it, from `valid_from` on, and each is approved by two.
    """

    set_by: Col[str]
