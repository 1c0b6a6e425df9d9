"""Random changes of policies and of the tahap calendar."""

import random
from datetime import date, timedelta
from typing import Any

from deploy.demo.people import KEMENSOS, OTHER_KEMENSOS, THIRD_KEMENSOS
from services.graduation.policy.models.draft import PolicyDraft
from tests.factories.random_year.office import Family, Office

CHANGED = ("SEJAHTERA_MANDIRI", "SEJAHTERA_PPSE", "ALAMIAH", "PINDAH", "TIDAK_DITEMUKAN")


async def change_policy(office: Office, chance: random.Random, family: Family) -> None:
    """Take the next step of a draft policy, or write a new draft."""
    del family
    policies = await office.read_items("graduation", "/v1/policy")
    draft = next((policy for policy in policies if policy["state"] == "DRAFT"), None)
    ready = next((policy for policy in policies if policy["state"] == "APPROVED"), None)
    if ready is not None:
        body: dict[str, Any] = {"valid_from": office.day(chance.randrange(30))}
        path = f"/v1/policy/{ready['policy_id']}/activation"
        await office.send_command(
            "policy activation", "graduation", path, body, office.choose_account(chance, KEMENSOS)
        )
    elif draft is not None:
        who = THIRD_KEMENSOS if draft["first_approver"] else OTHER_KEMENSOS
        path = f"/v1/policy/{draft['policy_id']}/approval"
        await office.send_command(
            "policy approval", "graduation", path, {}, office.choose_account(chance, who)
        )
    else:
        await draft_policy(office, chance, policies)


async def draft_policy(office: Office, chance: random.Random, policies: list[dict[str, Any]]) -> None:
    """Draft the policy in force with another term, other months and other stages."""
    reason = chance.choice(CHANGED)
    body = next(item for item in policies if item["exit_reason"] == reason and item["state"] == "IN_FORCE")
    body = {name: value for name, value in body.items() if name in PolicyDraft.model_fields}
    stages = [stage for stage in body["stages"] if stage != "MUSYAWARAH"]
    if chance.random() < 0.6:
        stages.append("MUSYAWARAH")
    body |= {
        "stages": stages,
        "reason": "Aturan disesuaikan.",
        "sanggah_length": chance.choice((1, 14, 30, 45)),
        "monitoring_months": chance.choice((0, 1, 2, 6)),
        "counts": body["counts"] if chance.random() < 0.7 else not body["counts"],
        "opens_rujukan": body["opens_rujukan"] if chance.random() < 0.8 else not body["opens_rujukan"],
    }
    if body["needs_score"]:
        body["instrument_version"] = 1
    await office.send_command("policy draft", "graduation", "/v1/policy", body, KEMENSOS)


async def move_tahap(office: Office, chance: random.Random, family: Family) -> None:
    """Move the cut-off of a later tahap by some days."""
    del family
    planned = await office.read_items("graduation", "/v1/tahap-calendar?limit=50")
    ahead = [one for one in planned if date.fromisoformat(one["cutoff_on"]) > office.today + timedelta(30)]
    if ahead:
        one = chance.choice(ahead)
        cutoff = date.fromisoformat(one["cutoff_on"]) + timedelta(days=chance.randrange(-4, 5))
        body = {name: one[name] for name in ("year", "number", "starts_on")} | {"cutoff_on": str(cutoff)}
        await office.send_command("tahap", "graduation", "/v1/tahap-calendar", body, KEMENSOS)
