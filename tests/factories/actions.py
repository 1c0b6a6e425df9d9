"""Compares the actions that an answer shows with what their operations answer."""

import secrets
from collections.abc import Mapping
from typing import Any

import httpx

from tests.factories.remedies import TRAIL
from tests.factories.services import Running

# The command is refused by nothing, and then undone before its commit.
ACCEPTED = "command.before_commit=fail"
Call = tuple[str, Any]
"""The address of an operation, and a valid body."""


async def find_wrong_actions(
    service: Running, actions: list[dict[str, Any]], calls: Mapping[str, Call], token: str
) -> list[str]:
    """Return the actions of an answer that its reader's calls contradict.

    The caller has set PILAR_FAULTPOINT to ACCEPTED, so that no call changes anything.
    """
    wrong = []
    for action in actions:
        TRAIL.clear()  # Nobody follows the remedy of the call before.
        path, body = calls[action["operation"]]
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": secrets.token_hex(8)}
        title = read_title(await service.client.post(path, json=body, headers=headers))
        fits = {"YES": title is None, "NO": title == action["why"], "UNKNOWN": True}
        if not fits[action["allowed"]]:
            wrong.append(f"{action['operation']} {action['allowed']} {action['why']}: {title}")
    return wrong


def read_title(answer: httpx.Response) -> str | None:
    """Return the title of the refusal, None for an accepted command."""
    title = answer.json()["title"]
    return None if answer.status_code >= 500 else str(title)
