"""Answers that are written as JSON without a model."""

from typing import Any

import orjson
from starlette.responses import Response


def json_answer(content: dict[str, Any]) -> Response:
    """Return built rows as JSON. The route declares their view as `response_model`."""
    # Fast path: the objects of a view cost 80 microseconds for a family (bench: reading).
    return Response(
        orjson.dumps(content, default=str, option=orjson.OPT_UTC_Z), media_type="application/json"
    )
