"""The root of every menu of refusals: a class is a wire title, its sentences are what an official reads."""

from typing import Any, ClassVar


class DomainError(Exception):
    """A command was understood and refused; nothing was stored. The class name is the title on the wire.

    `en` and `id` are sentences in English and Indonesian, filled from the keyword arguments.
    """

    status: ClassVar[int] = 409
    en: ClassVar[str] = "This cannot be done now."
    id: ClassVar[str] = "Hal ini tidak dapat dilakukan sekarang."
    retry_after: int | None = None

    def __init__(
        self, pointer: str | None = None, *, retry_after: int | None = None, **params: object
    ) -> None:
        """Name the place in the request (`pointer`, RFC 6901) and the values that the sentences show."""
        self.pointer = pointer
        self.params = params
        if retry_after is not None:
            self.retry_after = retry_after
        super().__init__(self.sentence("en"))

    def sentence(self, language: str) -> str:
        """Return the refusal in `language` ("id" or, for anything else, English)."""
        template = self.id if language == "id" else self.en
        return template.format(**self.params)


class NotFound(DomainError):
    """404: it does not exist, or the caller has no right to know that it does."""

    status = 404
    en = "There is no such {noun} here, or it is not yours to see."
    id = "{noun} itu tidak ada, atau bukan hak Anda untuk melihatnya."

    def __init__(self, noun: str = "record", pointer: str | None = None, **params: Any) -> None:
        """Say which noun was looked for."""
        super().__init__(pointer, noun=noun, **params)


class NotAllowed(DomainError):
    """403: the caller is known, and has no right to do this."""

    status = 403
    en = "Your role or area does not allow this."
    id = "Peran atau wilayah Anda tidak mengizinkan hal ini."


class InvalidInput(DomainError):
    """422: the request has a value that cannot be right."""

    status = 422
    en = "{reason}"
    id = "{reason}"


class NotYetKnown(DomainError):
    """409: the other service has not yet told us of this; the same request may succeed in a moment (chain.md 5)."""

    en = "This service has not yet been told of that {noun}. Try again shortly."
    id = "Layanan ini belum menerima kabar tentang {noun} tersebut. Coba lagi sebentar."
    retry_after = 2

    def __init__(self, noun: str = "record", pointer: str | None = None) -> None:
        """Say which noun is still on its way."""
        super().__init__(pointer, noun=noun)


class IllegalTransition(DomainError):
    """409: the thing is in a state from which this move does not exist."""

    en = "This {noun} is {current} and cannot become {wanted}."
    id = "{noun} ini berstatus {current} dan tidak dapat menjadi {wanted}."


class LostRace(DomainError):
    """412: somebody changed it since the caller read it."""

    status = 412
    en = "Somebody has changed this since you read it. Read it again and decide anew."
    id = "Data ini telah diubah orang lain sejak Anda membacanya. Baca lagi lalu putuskan kembali."


class Busy(DomainError):
    """503: the database could not answer in time; nothing is known to be stored, the same key tells."""

    status = 503
    en = "The system is busy. Repeat the same request with the same Idempotency-Key."
    id = "Sistem sedang sibuk. Ulangi permintaan yang sama dengan Idempotency-Key yang sama."
    retry_after = 1
