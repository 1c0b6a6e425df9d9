"""The base of all refusals.

The class name is the title on the wire, and the sentences are for officials.
"""

import string
from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from typing import Any, ClassVar

from shared.remedies import Remedy
from shared.words import as_json, in_language


class DomainError(Exception):
    """A refusal of a command. Nothing was stored.

    The class name is the title on the wire. `en` and `id` are sentences in English and Indonesian, filled
    from the keyword arguments. `remedy` is what to do; each class declares its own. `afterwards` runs in its own
    transaction, after the rollback of the command. `more_params` names values beside those of the sentences;
    `existing` selects the id of the thing in the way, named as in `more_params`: it is shown to a caller who sees the
    thing. `listed` names the value that is a list, each of whose items has an entry in `errors` of its own.
    """

    status: ClassVar[int] = 409
    en: ClassVar[str] = "This cannot be done now."
    id: ClassVar[str] = "Hal ini tidak dapat dilakukan sekarang."
    more_params: ClassVar[tuple[str, ...]] = ()
    listed: ClassVar[str] = ""
    retry_after: int | None = None
    remedy: Remedy
    afterwards: Callable[[Any], Awaitable[None]] | None = None

    def __init__(
        self,
        pointer: str | None = None,
        *,
        pointers: Sequence[str] = (),
        existing: Any = None,
        retry_after: int | None = None,
        remedy: Remedy | None = None,
        **params: object,
    ) -> None:
        """Set the JSON pointer (RFC 6901) into the request, and the values of the sentences.

        `pointers` are those of the listed items, in their order. `remedy` replaces the one of the class where it
        depends on the state.
        """
        self.pointer = pointer
        self.pointers, self.existing = pointers, existing
        self.params = params
        if remedy is not None:
            self.remedy = remedy
        if retry_after is not None:
            self.retry_after = retry_after
        super().__init__()

    def __str__(self) -> str:
        """Return the English sentence."""
        return self.sentence("en")

    def sentence(self, language: str, **other: object) -> str:
        """Return the sentence in `language`: "id", or English for anything else.

        `other` replaces values of it.
        """
        template = self.id if language == "id" else self.en
        values = {**self.params, **other}
        text = template.format(**{name: in_language(value, language) for name, value in values.items()})
        return text[:1].upper() + text[1:]

    def entries(self, language: str) -> list[tuple[str, str]]:
        """Return pointer and sentence of each listed item, or of the whole refusal."""
        items: Any = self.params.get(self.listed, ())
        pointers = self.pointers or [self.pointer or ""] * len(items)
        if any(pointers):
            return [
                (pointer, self.sentence(language, **{self.listed: [item]}))
                for pointer, item in zip(pointers, items, strict=True)
            ]
        return [] if self.pointer is None else [(self.pointer, self.sentence(language))]

    def values(self) -> dict[str, Any]:
        """Return the values for programs, as JSON has them."""
        names = names_of_params(type(self))
        return {name: as_json(self.params[name]) for name in names if self.params.get(name) is not None}


@cache
def names_of_params(kind: type[DomainError]) -> tuple[str, ...]:
    """Return the names of the values of a refusal, those of its sentences first."""
    parsed = [*string.Formatter().parse(kind.en), *string.Formatter().parse(kind.id)]
    return tuple(dict.fromkeys([*(name for _, name, _, _ in parsed if name), *kind.more_params]))
