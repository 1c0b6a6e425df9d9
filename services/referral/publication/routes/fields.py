"""Types that several requests share: bounded texts, strict amounts, areas, hashes."""

from typing import Annotated

from pydantic import Field

Code = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{1,39}$", examples=["KUR_SUPERMIKRO"])]
Name = Annotated[str, Field(min_length=1, max_length=200, examples=["Bank Penyalur KUR"])]
OwnId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$", examples=["KUR-2026-000123-1"])]
Url = Annotated[
    str, Field(min_length=8, max_length=500, examples=["https://mitra.example.go.id/pilar/rujukan"])
]
