"""Types that several requests share: bounded texts, strict amounts, areas, hashes."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Code = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{1,39}$", examples=["KUR_SUPERMIKRO"])]
Name = Annotated[str, Field(min_length=1, max_length=200, examples=["Bank Penyalur KUR"])]
Sentence = Annotated[str, Field(min_length=3, max_length=500, examples=["Keluarga tidak berminat lagi"])]
Rupiah = Annotated[int, Field(strict=True, ge=0, le=1_000_000_000_000, examples=[8_000_000])]
Area = Annotated[str, Field(pattern=r"^[0-9]{2}(\.[0-9]{2}(\.[0-9]{2}(\.[0-9]{4})?)?)?$", examples=["33.24"])]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
OwnId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$", examples=["KUR-2026-000123-1"])]
Url = Annotated[
    str, Field(min_length=8, max_length=500, examples=["https://mitra.example.go.id/pilar/rujukan"])
]


class Body(BaseModel):
    """A request: what it does not know, it refuses."""

    model_config = ConfigDict(extra="forbid")


class View(BaseModel):
    """An answer, read from a row."""

    model_config = ConfigDict(from_attributes=True)
