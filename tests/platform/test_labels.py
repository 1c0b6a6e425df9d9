"""`GET /v1/labels` names coded values for anybody, and is cacheable."""

from tests.factories.services import Running


async def test_labels_are_open_to_anybody_and_cached_by_etag(registry: Running) -> None:
    answer = await registry.client.get("/v1/labels")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "public, max-age=3600")
    by_name = {
        one["name"]: {value.pop("value"): value for value in one["values"]} for one in answer.json()["enums"]
    }
    assert by_name["PendampingStatus"]["CUTI"] == {"en": "On leave", "id": "Cuti"}
    assert by_name["PendampingStatus"]["DIBATALKAN"]["en"] == "Registered in error"
    again = await registry.client.get("/v1/labels", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", answer.headers["etag"])
    assert (await registry.client.get("/v1/labels", headers={"If-None-Match": '"older"'})).status_code == 200
