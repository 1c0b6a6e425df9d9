"""Types that several requests and views share."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.kinds import Bansos

Area = Annotated[str, Field(pattern=r"^[0-9]{2}(\.[0-9]{2}(\.[0-9]{2}(\.[0-9]{4})?)?)?$", examples=["33.24"])]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", examples=["9f86d081884c7d659a2feaa0c55ad015" * 2])]
Sentence = Annotated[
    str, Field(min_length=3, max_length=2000, pattern=r"\S", examples=["Warung berjalan, stok cukup."])
]
Day = Annotated[date, Field(examples=["2026-03-02"])]
KnownBansos = Annotated[Bansos, Field(json_schema_extra={"enum": [kind.value for kind in Bansos.known()]})]
Ids = Annotated[list[UUID], Field(max_length=1000)]


class Body(BaseModel):
    """A request: what it does not know, it refuses."""

    model_config = ConfigDict(extra="forbid")


class View(BaseModel):
    """An answer, read from a row."""

    model_config = ConfigDict(from_attributes=True)
