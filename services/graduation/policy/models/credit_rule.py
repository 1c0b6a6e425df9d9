from datetime import date
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.graduation.tables import Table
from shared.database import text_enum


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


class CreditRule(Table):
    """A version of the rule that says to whom a penetapan counts; the words say what the columns do.

    It counts nothing by itself: policies name it, from `valid_from` on, and each is approved by two.
    """

    __tablename__ = "credit_rule"

    version: Mapped[int] = mapped_column(sa.Integer, primary_key=True, autoincrement=False)
    valid_from: Mapped[date]
    text_en: Mapped[str]
    text_id: Mapped[str]
    credited: Mapped[CreditedTo] = mapped_column(text_enum(CreditedTo), server_default="ASESMEN_AUTHOR")
    year_of: Mapped[CreditYear] = mapped_column(text_enum(CreditYear), server_default="SK_ON")
    area_of: Mapped[CreditArea] = mapped_column(text_enum(CreditArea), server_default="FAMILY_AT_SK")
    reversed_by_annulment: Mapped[bool] = mapped_column(server_default=sa.true())
    basis: Mapped[str]
    set_by: Mapped[str]
