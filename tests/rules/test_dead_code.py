"""Functions, methods and classes are used outside tests."""

from pathlib import Path

import pytest
from vulture import Vulture  # pyright: ignore[reportMissingTypeStubs]

from tests.factories.repository import ROOT

# FastAPI and Typer call functions that decorators register, libraries call methods by name.
REGISTERED = [
    f"@*.{name}"
    for name in (
        "get",
        "head",
        "options",
        "post",
        "put",
        "patch",
        "delete",
        "command",
        "callback",
        "on",
        "on_batch",
    )
]
REGISTERED += [
    "@field_validator",
    "@model_validator",
    "@compiles",
    "@sqlalchemy_event.listens_for",
    "@*.exception_handler",
    "@*.inplace.expression",
]
CALLED_BY_LIBRARIES = {
    "_missing_",  # enum
    "__class_getitem__",  # Python, for Col[...]
    "process_result_value",  # SQLAlchemy
    "on_partitions_revoked",  # aiokafka
    "on_partitions_assigned",  # aiokafka
    "settings_customise_sources",  # pydantic-settings
    "timeout_keep_alive_handler",  # uvicorn
    "send_400_response",  # uvicorn
    "get_description",  # OpenTelemetry
    "_unsupported_upgrade_warning",  # uvicorn
}
ALLOWED = {
    "deliver": "deploy/demo/partner_simulator.py: tests call it",
    "pull": "deploy/demo/partner_simulator.py: tests call it",
    "is_valid_on": "shared/wilayah.py: the area reform will use the history of codes",
    "predecessors": "shared/wilayah.py: the area reform will use the history of codes",
}


def find_unused(*paths: Path) -> dict[str, str]:
    """Return the names without a use, each with its file."""
    reader = Vulture(ignore_decorators=REGISTERED)
    reader.scavenge([str(path) for path in paths])
    return {
        str(item.name): f"{item.filename.relative_to(paths[0].parent)}:{item.first_lineno}"
        for item in reader.get_unused_code(min_confidence=60)
        if item.typ in {"function", "method", "class", "property"}
    }


def test_everything_is_used_outside_tests() -> None:
    unused_names = find_unused(ROOT / "services", ROOT / "shared", ROOT / "deploy")
    allowed = CALLED_BY_LIBRARIES | ALLOWED.keys()
    assert {name: at for name, at in unused_names.items() if name not in allowed} == {}
    assert ALLOWED.keys() <= unused_names.keys()


@pytest.mark.parametrize(("call", "expected"), [("", {"read_area"}), ("read_area()\n", set[str]())])
def test_an_unused_function_is_detected(tmp_path: Path, call: str, expected: set[str]) -> None:
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "areas.py").write_text(f"def read_area():\n    return 1\n\n\n{call}")
    assert set(find_unused(folder)) == expected
