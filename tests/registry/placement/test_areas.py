"""The areas of Indonesia by code and name, for anybody."""

import pytest

from shared import wilayah
from tests.factories.services import Running

KENDAL = {"code": "33.24", "name": "Kabupaten Kendal", "level": 2, "parent": "33"}


async def read_codes(registry: Running, query: str) -> list[str]:
    codes, path = list[str](), f"/v1/wilayah?{query}"
    while path:
        page = (await registry.get(path)).json()
        codes += [item["code"] for item in page["items"]]
        path = page["next"]
    return codes


async def test_areas_are_listed_for_anybody_and_cacheable(registry: Running) -> None:
    answer = await registry.get("/v1/wilayah?name=kabupaten kendal")
    assert (answer.json(), answer.headers["Cache-Control"]) == (
        {"items": [KENDAL], "next": None, "next_cursor": None},
        "public, max-age=86400",
    )


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("level=1&limit=7", wilayah.children()),
        ("kode_wilayah=33.24&level=3&limit=3", wilayah.children("33.24")),
        ("kode_wilayah=33.24.09.2011", ["33.24.09.2011"]),
        (
            "kode_wilayah=33.24&name=SARI&limit=2",
            [
                code
                for kecamatan in wilayah.children("33.24")
                for code in (kecamatan, *wilayah.children(kecamatan))
                if "sari" in (wilayah.name(code) or "").lower()
            ],
        ),
        ("kode_wilayah=99", []),
    ],
)
async def test_areas_are_searched_page_by_page(registry: Running, query: str, expected: list[str]) -> None:
    assert await read_codes(registry, query) == expected
