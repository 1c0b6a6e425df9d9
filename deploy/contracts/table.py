"""The event table of docs/events.md, between its two markers."""

from deploy.contracts.declarations import events, readers, sentence_of

BEGIN, END = "<!-- events -->", "<!-- /events -->"


def event_table() -> str:
    """Return the Markdown table: what is told, under which key, what is then true, who does something with it."""
    heard = readers()
    lines = ["| event | key | what is now true | used by |", "| --- | --- | --- | --- |"]
    for wire, kind in events().items():
        who = ", ".join(f"`{name}`" for name in heard.get(wire, []))
        lines.append(f"| `{wire}` | `{kind.key_field}` | {sentence_of(kind).replace('|', '/')} | {who} |")
    return "\n".join(lines)


def with_table(page: str) -> str:
    """Return the text with the table between its markers; without markers it stays as it is.

    Raises ValueError when the first marker has no second.
    """
    if BEGIN not in page:
        return page
    before, _, rest = page.partition(BEGIN)
    if END not in rest:
        message = f"docs/events.md has {BEGIN} without {END}"
        raise ValueError(message)
    return f"{before}{BEGIN}\n{event_table()}\n{END}{rest.partition(END)[2]}"
