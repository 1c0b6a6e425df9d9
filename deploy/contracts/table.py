"""The event table of docs/events.md, between its two markers."""

from deploy.contracts.declarations import events, readers, sentence_of

BEGIN, END = "<!-- events -->", "<!-- /events -->"


def event_table() -> str:
    """Return the Markdown table of all events: name, key, meaning, subscriptions."""
    by_wire = readers()
    lines = ["| event | key | what is now true | used by |", "| --- | --- | --- | --- |"]
    for wire, kind in events().items():
        names = ", ".join(f"`{name}`" for name in by_wire.get(wire, []))
        lines.append(f"| `{wire}` | `{kind.key_field}` | {sentence_of(kind).replace('|', '/')} | {names} |")
    return "\n".join(lines)


def with_table(page: str) -> str:
    """Return the page with the table between its markers. A page without markers is unchanged.

    Raises:
        ValueError: the first marker has no second.
    """
    if BEGIN not in page:
        return page
    before, _, rest = page.partition(BEGIN)
    if END not in rest:
        message = f"The page has {BEGIN} without {END}"
        raise ValueError(message)
    return f"{before}{BEGIN}\n{event_table()}\n{END}{rest.partition(END)[2]}"
