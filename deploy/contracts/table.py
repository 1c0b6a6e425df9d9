"""The tables that the documentation has between two markers each."""

from collections.abc import Callable, Mapping

from deploy.contracts.declarations import events, readers, sentence_of
from deploy.contracts.references import claims_table, settings_table


def event_table() -> str:
    """Return the Markdown table of all events: name, key, meaning, subscriptions."""
    by_wire = readers()
    lines = ["| event | key | what is now true | used by |", "| --- | --- | --- | --- |"]
    for wire, kind in events().items():
        names = ", ".join(f"`{name}`" for name in by_wire.get(wire, []))
        lines.append(f"| `{wire}` | `{kind.key_field}` | {sentence_of(kind).replace('|', '/')} | {names} |")
    return "\n".join(lines)


TABLES: Mapping[str, Callable[[], str]] = {
    "events": event_table,
    "settings": settings_table,
    "claims": claims_table,
}


def with_tables(page: str) -> str:
    """Return the page with the tables between their markers. A page without markers is unchanged.

    Raises:
        ValueError: a first marker has no second.
    """
    for name, table in TABLES.items():
        begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
        before, marker, rest = page.partition(begin)
        if marker and end not in rest:
            message = f"The page has {begin} without {end}"
            raise ValueError(message)
        if marker:
            page = f"{before}{begin}\n{table()}\n{end}{rest.partition(end)[2]}"
    return page
