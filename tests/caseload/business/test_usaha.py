"""Businesses of a family and their versions."""

from tests.factories.caseload.family import Family
from tests.factories.services import expect_refusal

ON = "2026-01-10"


async def test_revision_replaces_the_current_version(family: Family) -> None:
    owner = next(m for m in (await family.read())["members"] if m["usaha"])
    usaha = owner["usaha"]
    body = {"sector": "MAKANAN", "started_on": "2023-03-01", "omzet_rp": 12_000_000, "has_letter": True}
    body |= {"as_of": ON, "nib": "9120000000001"}
    path = f"/v1/usaha/{usaha['usaha_id']}/revision"
    expect_refusal(await family.post(path, body), "PreconditionRequired", 428)
    await family.post_ok(path, body, usaha["version"])
    expect_refusal(await family.post(path, body, usaha["version"]), "VersionOutdated", 412)
    expect_refusal(
        await family.post(path, body | {"as_of": "2199-01-01"}, usaha["version"] + 1), "DateInTheFuture", 422
    )
    event = (await family.read_emitted_data("usaha_recorded"))[-1]
    assert (event["omzet_rp"], event["has_nib"], "9120000000001" in str(event)) == (12_000_000, True, False)
    assert await family.read_emitted_data("kpm_updated") == []
    response = await family.caseload.get(f"/v1/kpm/{family.kpm_id}/usaha", as_=family.mine)
    assert [(one["omzet_rp"], one["current"]) for one in response.json()["items"]] == [
        (9_000_000, False),
        (12_000_000, True),
    ]
    expect_refusal(await family.post("usaha", body | {"anggota_id": owner["anggota_id"]}), "UsahaKnown")
