"""The root of every menu of refusals: a class is a wire title, its sentences are what an official reads."""

from typing import Any, ClassVar, Self

# What English nouns of the house are called in the sentences that an official reads in Indonesian.
NOUNS = {
    "address": "alamat",
    "case mark": "tanda kasus",
    "certificate": "piagam",
    "escalation": "eskalasi",
    "exit proposal": "usulan keluar",
    "file": "berkas",
    "hand-over": "pengalihan",
    "job": "pekerjaan",
    "kpm": "KPM",
    "monitoring task": "tugas pemantauan",
    "notice": "pemberitahuan",
    "p2k2": "sesi P2K2",
    "parked event": "peristiwa yang diparkir",
    "partner": "mitra",
    "pilar kind": "jenis pilar",
    "policy": "kebijakan",
    "record": "catatan",
    "role conflict": "rangkap peran",
    "sealing": "penyegelan",
    "sk": "SK",
}


class Words(str):
    """A part of a sentence: the English words, which know the Indonesian ones."""

    __slots__ = ("id",)

    def __new__(cls, english: str, indonesian: str) -> Self:
        """Keep both; as a text it is the English one."""
        made = super().__new__(cls, english)
        made.id = indonesian
        return made


class BadValue(ValueError):
    """What a request's own validator refuses, in both languages; told as 422 with the field's place."""

    def __init__(self, en: str, indonesian: str) -> None:
        """Keep both sentences; neither repeats what was sent."""
        self.en, self.id = en, indonesian
        super().__init__(en)


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
        said = template.format(**{name: _in(value, language) for name, value in self.params.items()})
        return said[:1].upper() + said[1:]


def _in(value: object, language: str) -> object:
    """Return what a sentence shows of a parameter in `language`."""
    return value.id if language == "id" and isinstance(value, Words) else value


class NotFound(DomainError):
    """404: it does not exist, or the caller has no right to know that it does."""

    status = 404
    en = "There is no such {noun} here, or it is not yours to see."
    id = "{noun} itu tidak ada, atau bukan hak Anda untuk melihatnya."

    def __init__(self, noun: str = "record", pointer: str | None = None, **params: Any) -> None:
        """Say which noun was looked for."""
        super().__init__(pointer, noun=Words(noun, NOUNS.get(noun, noun)), **params)


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


class DateInTheFuture(InvalidInput):
    """422: what has not happened cannot be recorded, and no paper bears a date to come."""

    en = "The date {on} has not come yet; today is {today}."
    id = "Tanggal {on} belum tiba; hari ini {today}."


class DateInThePast(InvalidInput):
    """422: a rule may not begin before today."""

    en = "{on} has passed; it must be today, {today}, or a later day."
    id = "{on} sudah lewat; harus hari ini, {today}, atau hari sesudahnya."


class DateTooEarly(InvalidInput):
    """422: the date lies before the first day that is possible."""

    en = "The date {on} lies before {earliest}."
    id = "Tanggal {on} lebih awal daripada {earliest}."


class InvalidRange(InvalidInput):
    """422: the end must lie after the first day."""

    en = "The end {valid_to} is not after the first day, {valid_from}."
    id = "Tanggal akhir {valid_to} tidak sesudah hari pertama, {valid_from}."


class FileNotUploaded(InvalidInput):
    """422: this service has no file with the SHA-256 that the request names."""

    en = "No file with this SHA-256 was given to this service. Upload it first (POST /v1/files)."
    id = "Berkas dengan SHA-256 ini belum diunggah ke layanan ini. Unggah dahulu (POST /v1/files)."


class FamilyNotAccompanied(NotAllowed):
    """403: the caller accompanies this family under no placement that holds today."""

    en = "You do not accompany this family today, or your placement does not cover its area."
    id = "Anda tidak mendampingi keluarga ini hari ini, atau wilayah tugas Anda tidak mencakup wilayahnya."


class PendampingInactive(DomainError):
    """409: only an AKTIF pendamping takes on new acts, the caller or another one."""

    en = "This pendamping is {status}; only an active one can do this."
    id = "Pendamping ini berstatus {status}; hanya yang aktif dapat melakukannya."


class CaseAlreadyOpen(DomainError):
    """409: a kepesertaan has at most one open case and one in effect."""

    en = "This kepesertaan already has an open case, or one in effect."
    id = "Kepesertaan ini sudah memiliki kasus yang terbuka atau yang sudah berlaku."


class DecidedByLodger(DomainError):
    """409: the person who lodged an application or an objection does not decide on it."""

    en = "You handed this in; somebody else decides on it."
    id = "Anda yang mengajukan ini; keputusan diambil oleh orang lain."


class VersionNotLatest(DomainError):
    """409: a version may not begin before the latest one."""

    en = "A version from {on} or later exists already; the next one begins on a later day."
    id = "Sudah ada versi yang berlaku sejak {on} atau sesudahnya; versi berikutnya dimulai pada hari sesudahnya."


class VersionJustSet(DomainError):
    """409: another request has just set the next version."""

    en = "Somebody has set this in the same moment. Read it and decide anew."
    id = "Data ini baru saja ditetapkan orang lain. Baca lagi lalu putuskan kembali."


class NotYetKnown(DomainError):
    """409: not known here yet, or outside the caller's scope; the same request may succeed in a moment (chain.md 5)."""

    en = "This service does not know that {noun} yet, or it is not yours. If it is new, try again shortly."
    id = "{noun} itu belum dikenal di layanan ini, atau bukan wewenang Anda. Jika baru, coba lagi sebentar."
    retry_after = 2

    def __init__(self, noun: str = "record", pointer: str | None = None) -> None:
        """Say which noun is still on its way."""
        super().__init__(pointer, noun=Words(noun, NOUNS.get(noun, noun)))


class IllegalTransition(DomainError):
    """409: the thing is in a state from which this move does not exist."""

    en = "This {noun} is {current} and cannot become {wanted}."
    id = "{noun} ini berstatus {current} dan tidak dapat menjadi {wanted}."

    def __init__(self, noun: str, *, current: str, wanted: str) -> None:
        """Say what stands where, and where it cannot go."""
        super().__init__(None, noun=Words(noun, NOUNS.get(noun, noun)), current=current, wanted=wanted)


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
