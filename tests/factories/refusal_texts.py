"""No refusal repeats a NIK or a No. KK."""

import re

import httpx

NUMBER = re.compile(r"\d{16}")


async def check_refusal(response: httpx.Response) -> None:
    """Assert that a refusal has no number of sixteen digits.

    The client of each service calls this for each answer.
    """
    # The answer to HEAD has no body.
    is_refusal = response.headers.get("content-type") == "application/problem+json"
    if is_refusal and response.request.method != "HEAD":
        await response.aread()
        problem = response.json()
        texts = [problem["detail"], *(text for entry in problem["errors"] for text in entry.values())]
        assert not NUMBER.search(" ".join(texts)), f"{problem['title']} repeats a number"
