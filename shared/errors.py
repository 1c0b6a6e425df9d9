"""The refusals that several services have."""

from typing import Any

from shared.refusal import DomainError
from shared.remedies import (
    BY_STATE,
    CORRECT_REQUEST,
    OTHER_PERSON,
    WAIT,
    Remedy,
    nothing,
    one_of,
    operation,
    person_of,
    to_call,
)
from shared.roles import DINSOS, FIELD, MINISTRY, PARTNERS, STAFF, VILLAGE
from shared.words import Words, noun_in_both


class BadValue(ValueError):
    """A value that a validator of a request refuses, with sentences in both languages."""

    def __init__(self, en: str, indonesian: str) -> None:
        """Set both sentences, which must not repeat the value."""
        self.en, self.id = en, indonesian
        super().__init__(en)


class NotFound(DomainError):
    """404: it does not exist, or the caller may not know that it does."""

    status = 404
    en = "There is no such {noun}, or you may not see it. Check its id, or ask the office that covers it."
    id = "{noun} itu tidak ada, atau bukan hak Anda untuk melihatnya. Periksa id-nya, atau tanyakan kepada kantor yang membawahinya."
    remedy = CORRECT_REQUEST

    def __init__(self, noun: str = "record", pointer: str | None = None, **params: Any) -> None:
        """Set the noun that was not found."""
        super().__init__(pointer, noun=noun_in_both(noun), **params)


class NotAllowed(DomainError):
    """403: the caller's role or area does not allow this."""

    status = 403
    en = "Your role or area does not allow this. Ask an official whose role and area allow it."
    id = "Peran atau wilayah Anda tidak mengizinkan hal ini. Mintalah kepada petugas yang berwenang."
    remedy = OTHER_PERSON


class InvalidInput(DomainError):
    """422: the request has an invalid value."""

    status = 422
    en = "{reason}"
    id = "{reason}"
    remedy = CORRECT_REQUEST


class DateInTheFuture(InvalidInput):
    """422: the date of a past event or of a document is in the future."""

    en = "The date {on} is in the future; today is {today}. Enter today or an earlier day."
    id = "Tanggal {on} belum tiba; hari ini {today}. Isi hari ini atau hari sebelumnya."
    remedy = CORRECT_REQUEST


class DateInThePast(InvalidInput):
    """422: a first or last day that must not be past is before today."""

    en = "{on} has passed; it must be today, {today}, or a later day."
    id = "{on} sudah lewat; harus hari ini, {today}, atau hari sesudahnya."
    remedy = CORRECT_REQUEST


class DateTooEarly(InvalidInput):
    """422: the date is before the first possible day."""

    en = "The date {on} is before {earliest}. Enter {earliest} or a later day."
    id = "Tanggal {on} lebih awal daripada {earliest}. Isi {earliest} atau hari sesudahnya."
    remedy = CORRECT_REQUEST


class WorkEnteredTooLate(InvalidInput):
    """422: work is entered at most some days after its day (docs/case-lifecycle.md#rights)."""

    en = "Work of {on} could be entered until {until}, {days} days after its day. Keep the paper and inform the ketua tim."
    id = "Pekerjaan tanggal {on} dapat dicatat sampai {until}, {days} hari sesudah harinya. Simpan catatannya dan beri tahu ketua tim."
    remedy = nothing(
        "The time to enter this work has passed.", "Waktu untuk mencatat pekerjaan ini sudah lewat."
    )


class DateTooLate(InvalidInput):
    """422: the date is after the last possible day."""

    en = "The date {on} is after {latest}. Enter {latest} or an earlier date."
    id = "Tanggal {on} sesudah {latest}. Isi {latest} atau tanggal sebelumnya."
    remedy = CORRECT_REQUEST


class InvalidRange(InvalidInput):
    """422: the end is not after the first day."""

    en = "The end {valid_to} is not after the first day, {valid_from}. Enter a later end."
    id = "Tanggal akhir {valid_to} tidak sesudah hari pertama, {valid_from}. Isi tanggal akhir sesudahnya."
    remedy = CORRECT_REQUEST


class FileNotUploaded(InvalidInput):
    """422: this service has no file with the given SHA-256."""

    en = "No file with this SHA-256 was uploaded to this service. Upload it first (POST /v1/files)."
    id = "Berkas dengan SHA-256 ini belum diunggah ke layanan ini. Unggah dahulu (POST /v1/files)."
    remedy = operation("put_file", STAFF | VILLAGE | PARTNERS)


class FamilyNotAccompanied(NotAllowed):
    """403: the caller does not accompany this family on the day of the work."""

    en = "You do not accompany this family on that day, or your placement does not cover its area. Its pendamping does this; if it has none, ask the Dinsos office to assign one."
    id = "Anda tidak mendampingi keluarga ini pada hari itu, atau wilayah tugas Anda tidak mencakup wilayahnya. Hal ini dilakukan pendampingnya; bila belum ada, mintalah kantor Dinsos menunjuknya."
    remedy = person_of(FIELD)


class PendampingInactive(DomainError):
    """409: the pendamping, the caller or another one, is not AKTIF."""

    en = "This pendamping is {status}; only an active one can do this. Let an active one do it. If the status is wrong, Kemensos records the right one, or the Dinsos office requests its reversal."
    id = "Pendamping ini berstatus {status}; hanya yang aktif dapat melakukannya. Serahkan kepada pendamping yang aktif. Bila statusnya keliru, Kemensos mencatat yang benar, atau kantor Dinsos mengajukan pembatalannya."
    remedy = one_of(
        to_call("registry.set_status", MINISTRY), to_call("registry.request_status_reversal", DINSOS)
    )


class PengurusMissing(DomainError):
    """409: the pengurus has died or left, and no other one is recorded."""

    en = "This family has no living pengurus. Record the new pengurus first (POST /v1/kpm/{{id}}/pengurus)."
    id = "Keluarga ini tidak memiliki pengurus. Catat dahulu pengurus yang baru (POST /v1/kpm/{{id}}/pengurus)."
    remedy = operation("caseload.change_pengurus_of_kpm", FIELD | DINSOS)


class FamilyHasEnded(DomainError):
    """409: the only member has died or joined another family (docs/case-lifecycle.md#end-of-a-family)."""

    en = "The family ended on {ended_on} ({end_reason}); nothing more is recorded for it. If the join was recorded in error, its pendamping or the Dinsos office undoes it (POST /v1/kpm/{{id}}/anggota/{{id}}/return). A death is undone by the Dinsos office with the approval of Kemensos."
    id = "Keluarga ini berakhir pada {ended_on} ({end_reason}); tidak ada lagi yang dapat dicatat. Bila penggabungan itu salah dicatat, pendamping atau kantor Dinsos membatalkannya (POST /v1/kpm/{{id}}/anggota/{{id}}/return). Kematian dibatalkan kantor Dinsos dengan persetujuan Kemensos."
    remedy = operation("caseload.take_anggota_back", FIELD | DINSOS)


class CaseAlreadyOpen(DomainError):
    """409: the kepesertaan has an open case, or one in effect."""

    en = "This kepesertaan already has an open case, or one in effect. Continue that case. If it is wrong, cancel it before its SK (POST /v1/graduasi/{{id}}/cancellation); after its SK, two people of Kemensos annul it (POST /v1/graduasi/{{id}}/annulment)."
    id = "Kepesertaan ini sudah memiliki kasus yang terbuka atau yang sudah berlaku. Lanjutkan kasus itu. Bila keliru, batalkan sebelum SK (POST /v1/graduasi/{{id}}/cancellation); setelah SK, dua orang Kemensos memulihkannya (POST /v1/graduasi/{{id}}/annulment)."
    more_params = ("graduasi_id",)
    remedy = one_of(
        to_call("graduation.cancel_graduasi", STAFF), to_call("graduation.annul_graduasi", MINISTRY)
    )


class DecidedByLodger(DomainError):
    """409: who lodged an application, an objection or a request cannot decide on it."""

    en = "You have submitted this; somebody else must decide on it."
    id = "Anda yang mengajukan ini; keputusan diambil oleh orang lain."
    remedy = OTHER_PERSON


class VersionNotLatest(DomainError):
    """409: the new version would begin before the latest one."""

    en = "A version from {on} or later exists already; the next one must begin on a later day."
    id = "Sudah ada versi yang berlaku sejak {on} atau sesudahnya; versi berikutnya dimulai pada hari sesudahnya."
    remedy = CORRECT_REQUEST


class WaitingStateUnknown(InvalidInput):
    """422: no subject of that kind waits in that state here."""

    en = "Nothing waits as {subject_kind} {state} here. Name one of these, or *: {known}."
    id = "Tidak ada yang menunggu sebagai {subject_kind} {state} di sini. Sebutkan salah satu dari ini, atau *: {known}."
    remedy = CORRECT_REQUEST


class VersionJustSet(DomainError):
    """409: another request has just set the next version."""

    en = "Somebody else has just set this. Read it and decide again."
    id = "Data ini baru saja ditetapkan orang lain. Baca lagi lalu putuskan kembali."
    remedy = CORRECT_REQUEST


class NotYetKnown(DomainError):
    """409: not known here yet, or outside the caller's scope (docs/architecture.md#service-boundary).

    The same request may succeed soon.
    """

    en = "This {noun} is not known in this service yet, or it is not yours. If it is new, try again shortly."
    id = "{noun} itu belum dikenal di layanan ini, atau bukan wewenang Anda. Jika baru, coba lagi sebentar."
    remedy = WAIT
    retry_after = 2

    def __init__(self, noun: str = "record", pointer: str | None = None) -> None:
        """Set the noun that is not known yet."""
        super().__init__(pointer, noun=noun_in_both(noun))


class IllegalTransition(DomainError):
    """409: its current state does not allow this act.

    The sentence has what to do first, if the state machine has it.
    """

    en = "This {noun} is {current}: {advice}"
    id = "{noun} ini berstatus {current}: {advice}"
    more_params = ("target",)
    remedy = BY_STATE

    def __init__(
        self, noun: str, *, current: str, target: str, remedy: Remedy, advice: Words | None = None
    ) -> None:
        """Set the noun, both states, the remedy and what to do first."""
        unexplained = Words(f"it cannot become {target}.", f"tidak dapat menjadi {target}.")
        named = noun_in_both(noun)
        advice = advice or unexplained
        super().__init__(None, remedy=remedy, noun=named, current=current, target=target, advice=advice)


class VersionOutdated(DomainError):
    """412: somebody else has changed it since the caller read it."""

    status = 412
    en = "Somebody else has changed this since you read it. Read it again and decide again."
    id = "Data ini telah diubah orang lain sejak Anda membacanya. Baca lagi lalu putuskan kembali."
    remedy = CORRECT_REQUEST


class Busy(DomainError):
    """503: the database could not answer in time.

    Whether something was stored is not known. A repetition with the same key answers that.
    """

    status = 503
    en = "The system is busy. Repeat the same request with the same Idempotency-Key."
    id = "Sistem sedang sibuk. Ulangi permintaan yang sama dengan Idempotency-Key yang sama."
    remedy = WAIT
    retry_after = 1
