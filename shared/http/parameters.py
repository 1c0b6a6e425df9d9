"""Descriptions of query and path parameters in the published contract."""

from typing import Any

DESCRIBED = {
    "bansos": "The benefit: PKH, SEMBAKO or PBI.",
    "certificate_no": "The full number as printed, with its check character.",
    "code": "Only revisions of the program with this code.",
    "cursor": "Where the last page ended. Follow `next` of that page instead of building this.",
    "due_by": "Only what is due on or before this date.",
    "escalated_to": "Only what was escalated to this role.",
    "exit_reason": "Why a family leaves its bansos.",
    "fact_undone": "true: only cases to be annulled, because the death on which their SK rests was undone.",
    "fits": "true: families that fit now; false: those that do not, with the reasons; omitted: both.",
    "flagged": "true: only results whose author was not AKTIF on the day of the visit, or whose evidence is flagged.",
    "graduasi_id": "The id of a case in graduation.",
    "id": "Only attempts on the thing with this id.",
    "kind": "Only this kind.",
    "kode_wilayah": "A Kemendagri area code of any level; areas below it are included.",
    "kpm_id": "The id of a family in caseload.",
    "limit": "Rows per page. A page may be shorter although another follows: only `next` null is the end.",
    "mine": "true: only what the caller is to do; for a pendamping.",
    "on": "The date (Asia/Jakarta) of the answer; omitted: today by the business clock.",
    "open_only": "true (default): only what is still to be done; false: what is done too.",
    "owner": "Only what this role has to act on.",
    "pendamping_id": "The id of a pendamping in registry.",
    "policy_version": "The number of the version of the policy; omitted: the one in force.",
    "purpose": "Only reads for this purpose.",
    "sha256": "The SHA-256 of the file as it was uploaded.",
    "since": "Only entries of this instant or later.",
    "sk_no": "Only SK with this number, whatever its case, blanks and hyphens.",
    "state": "Only those in this state.",
    "status": "Only those with this status.",
    "sub": "The account, as the `sub` of its tokens.",
    "subject_kind": "Only this kind of thing.",
    "subscription": "Only what this subscription could not apply.",
    "taken": "What graduation has done with it.",
    "waiting": "me: only what the caller may act on next, by role, area and the four-people rule.",
    "year": "A calendar year.",
}


def complete(parameter: dict[str, Any]) -> None:
    """Add the description of the parameter, and remove the null that no query can send.

    Raises:
        KeyError: the parameter is no id, and `DESCRIBED` has no text for it.
    """
    if "description" not in parameter:
        parameter["description"] = _describe(parameter["name"])
    schema = parameter["schema"]
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    if len(kinds) == 1 and len(schema["anyOf"]) == 2:
        del schema["anyOf"]
        parameter["schema"] = {**kinds[0], **schema}


def _describe(name: str) -> str:
    if name.endswith("_id") and name not in DESCRIBED:
        return f"The id of the {name.removesuffix('_id').replace('_', ' ')}."
    return DESCRIBED[name]
