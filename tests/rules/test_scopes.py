"""The scope of a permission decides which rows an actor sees, not roles."""

import ast

from tests.factories.repository import committed_files, name_of


def role_reads(source: str) -> list[int]:
    """Return the lines that read an actor's roles."""
    tree = ast.walk(ast.parse(source))
    return [node.lineno for node in tree if isinstance(node, ast.Attribute) and node.attr == "roles"]


def test_no_service_reads_an_actors_roles() -> None:
    services = [file for file in committed_files(".py") if name_of(file).startswith("services/")]
    by_file = {name_of(file): role_reads(file.read_text("utf-8")) for file in services}
    assert {name for name, lines in by_file.items() if lines} == set()
    assert role_reads("if actor.roles == {Role.PENDAMPING}:\n    pass") == [1]
