"""Each answer has the name of an area beside its code."""

import orjson
import pytest

from shared.area_names import add_names
from shared.fields import Body, View
from shared.http.field_schema import names_of_schemas
from tests.factories.applications import SERVICES, application


def test_name_follows_each_code() -> None:
    shown = {
        "items": [{"kode_wilayah": "33.24"}, {"kode_wilayah": None}, {"kode_wilayah": "91.01"}],
        "next": None,
    }
    named = orjson.loads(add_names(orjson.dumps(shown)))
    assert [item["wilayah_name"] for item in named["items"]] == ["Kabupaten Kendal", None, None]
    assert orjson.loads(add_names(orjson.dumps({"kode_wilayah": "*"}))) == {
        "kode_wilayah": "*",
        "wilayah_name": None,
    }


def test_a_text_that_looks_like_a_code_stays() -> None:
    shown = orjson.dumps({"note": '"kode_wilayah":"33.24"'})
    assert add_names(shown) == shown


def test_only_an_answer_has_the_name() -> None:
    class Answer(View):
        kode_wilayah: str

    class Request(Body):
        kode_wilayah: str

    assert [*Answer.model_json_schema(mode="serialization")["properties"]] == ["kode_wilayah", "wilayah_name"]
    assert [*Request.model_json_schema()["properties"]] == ["kode_wilayah"]


@pytest.mark.parametrize("service", SERVICES)
def test_each_answer_with_a_code_publishes_the_name(service: str) -> None:
    document = application(service).openapi()
    schemas, requests = document["components"]["schemas"], set[str]()
    # A notice is a request of Pilar to the partner.
    for path in [*document["paths"].values(), *document.get("webhooks", {}).values()]:
        for operation in path.values():
            requests |= names_of_schemas(operation.get("requestBody"), schemas)
    for name, schema in schemas.items():
        fields = schema.get("properties", {})
        assert ("wilayah_name" in fields) is ("kode_wilayah" in fields and name not in requests), name
