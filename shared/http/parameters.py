"""What the published contract says of parameters: each is described, and an optional one is left out, never null."""

from typing import Any

DESCRIBED = {
    "bansos": "The benefit: PKH, SEMBAKO or PBI.",
    "certificate_no": "The whole number as printed, with its check sign.",
    "code": "Only revisions of the program with this code.",
    "cursor": "Where the last page ended. Follow `next` of that page as it stands instead of building this.",
    "due_by": "Only what is due on or before this date.",
    "exit_reason": "Why a family leaves its bansos.",
    "fits": "true: families that fit now; false: those that do not, with the reasons; left out: both.",
    "graduasi_id": "A case, as graduation names it.",
    "kind": "Only this kind.",
    "kode_wilayah": "A Kemendagri area code of any level; everything below it is meant too.",
    "kpm_id": "A family, as caseload names it.",
    "limit": "Rows a page. A page may be shorter though another follows: only `next` null is the end.",
    "mine": "true: only what the caller is to do; meant for a pendamping.",
    "on": "The date (Asia/Jakarta) as of which it is asked; left out: today by the business clock.",
    "open_only": "true, also where it is left out: only what is still to be done; false: what is done too.",
    "pendamping_id": "A pendamping, as registry names it.",
    "state": "Only those that stand so.",
    "status": "Only those that stand so.",
    "subscription": "Only what this subscription could not apply.",
    "taken": "What graduation has done with it.",
    "waiting": "me: only what the caller, by role, area and the four-people rule, may and should act on next.",
    "year": "A calendar year.",
}


def complete(parameter: dict[str, Any]) -> None:
    """Describe the parameter by its name, and take out the null that no query can carry."""
    name = parameter["name"]
    noun = name.removesuffix("_id").replace("_", " ")
    parameter.setdefault("description", DESCRIBED.get(name) or f"The id of the {noun}.")
    schema = parameter["schema"]
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    if len(kinds) == 1 and len(schema["anyOf"]) == 2:
        del schema["anyOf"]
        parameter["schema"] = {**kinds[0], **schema}
