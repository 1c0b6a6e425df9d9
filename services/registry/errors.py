"""Everything that registry may refuse to do."""

from shared.errors import DomainError, InvalidInput


class NikNeedsPerson(InvalidInput):
    """422: a person is registered with a NIK, an organisation without."""

    en = "A person is registered with a NIK, an organisation without one."
    id = "Perorangan didaftarkan dengan NIK, lembaga tanpa NIK."


class AlreadyRegistered(DomainError):
    """409: one NIK, one pendamping, for life; the look-up by NIK finds the existing one."""

    en = "This NIK is registered already. Look it up instead of registering it again."
    id = "NIK ini sudah terdaftar. Gunakan pencarian, jangan didaftarkan ulang."


class DateBeforeLast(DomainError):
    """409: history is appended to, never slipped in between."""

    en = "The last status holds from {last}; a later one cannot hold from before that day."
    id = "Status terakhir berlaku sejak {last}; status berikutnya tidak dapat berlaku sebelum hari itu."


class HasLeft(DomainError):
    """409: the status is an end, from which nobody serves."""

    en = "This pendamping is {status} and takes no placement."
    id = "Pendamping ini berstatus {status} dan tidak dapat diberi penugasan."


class WrongSubject(InvalidInput):
    """422: some kinds are organisations, the others are people (domain.md 2.2)."""

    en = "{kind} on the terms {employer_status} cannot be held by a {subject}."
    id = "{kind} dengan status {employer_status} tidak dapat dipegang oleh {subject}."


class UnknownSupervisor(InvalidInput):
    """422: nobody has that id, or it is the pendamping's own."""

    en = "The supervisor is not another registered pendamping."
    id = "Atasan yang disebut bukan pendamping lain yang terdaftar."


class RangeBackward(InvalidInput):
    """422: `valid_to` is the first day outside, and cannot come before the first day inside."""

    en = "The end lies before the beginning, {valid_from}."
    id = "Tanggal akhir mendahului tanggal mulai, {valid_from}."


class PenugasanOverlaps(DomainError):
    """409: nobody holds one kind twice at a time."""

    en = "This pendamping already holds a placement of this kind in that time."
    id = "Pendamping ini sudah memegang penugasan jenis yang sama pada masa itu."


class RolesConflict(DomainError):
    """409: a row of `role_conflict` forbids the pair in the same time."""

    en = "{kind} and {other} may not be held in the same time: {reason}."
    id = "{kind} dan {other} tidak boleh dipegang pada masa yang sama: {alasan}."


class AlreadyEnded(DomainError):
    """409: an end may be brought forward, never put off; a longer service is a new placement."""

    en = "This already ends on {valid_to}; an end can only be brought forward."
    id = "Ini sudah berakhir pada {valid_to}; tanggal akhir hanya dapat dimajukan."


class OutsidePenugasan(InvalidInput):
    """422: an area is covered within the time of its penugasan."""

    en = "The placement holds from {valid_from} to {valid_to}; the area must lie within that time."
    id = "Penugasan berlaku dari {valid_from} sampai {valid_to}; wilayah tugas harus di dalam masa itu."


class WilayahTugasOverlaps(DomainError):
    """409: one placement covers an area once at a time."""

    en = "This placement already covers {kode_wilayah} in that time."
    id = "Penugasan ini sudah mencakup {kode_wilayah} pada masa itu."


class TargetJustSet(DomainError):
    """409: two set the same year's target at once; the other one won."""

    en = "Somebody has set this target in the same moment. Read it and decide anew."
    id = "Target ini baru saja ditetapkan orang lain. Baca lagi lalu putuskan kembali."


class NothingToChange(InvalidInput):
    """422: a change names a name or a phone, or both."""

    en = "Say which name or phone is to change."
    id = "Sebutkan nama atau nomor telepon yang diubah."


class KindNotInForce(InvalidInput):
    """422: in a part of that time the framework has no such kind; its successor is named where there is one."""

    en = "{kind} is not in force in all of that time; its successor: {successor}."
    id = "{kind} tidak berlaku pada seluruh masa itu; penggantinya: {successor}."


class RevisionBeforeLast(DomainError):
    """409: what a kind is follows what it was; nothing is slipped in between."""

    en = "What {kind} is was last set from {last}; a later revision begins after that day."
    id = "Ketentuan {kind} terakhir berlaku sejak {last}; revisi berikutnya dimulai setelah hari itu."


class KindStillHeld(DomainError):
    """409: nobody may serve as a kind that is no more; placements are ended or moved first."""

    en = "Placements as {kind} run beyond {valid_to}: {count}. End them first."
    id = "Masih ada penugasan {kind} yang melewati {valid_to}: {count}. Akhiri dahulu."


class UnknownSuccessor(InvalidInput):
    """422: the kind that follows is another one, in force on the day that the first one ends."""

    en = "{successor} is not another kind in force on {valid_to}."
    id = "{successor} bukan jenis lain yang berlaku pada {valid_to}."


class AreaTooWide(InvalidInput):
    """422: coverage is counted family by family, for a kabupaten or kota at most."""

    en = "Ask for one kabupaten or kota, or for a part of it."
    id = "Mintalah untuk satu kabupaten atau kota, atau bagiannya."


class OneKindTwice(InvalidInput):
    """422: a conflict is between two kinds; one kind is never held twice at a time anyhow."""

    en = "A conflict is between two kinds; {kind} and {other} are one."
    id = "Larangan rangkap berlaku bagi dua jenis; {kind} dan {other} adalah satu jenis."


class ConflictOverlaps(DomainError):
    """409: a pair of kinds has one rule at a time; the one that holds is ended first."""

    en = "{kind} and {other} already have a rule in that time. End it first."
    id = "{kind} dan {other} sudah memiliki aturan pada masa itu. Akhiri dahulu."


class AreaTooNarrow(InvalidInput):
    """422: a count is kept by kecamatan; a desa is read as it stands today."""

    en = "A count is kept by kecamatan. Ask for one, or for today's coverage of the desa or kelurahan."
    id = "Hasil hitung disimpan per kecamatan. Mintalah kecamatan, atau cakupan hari ini untuk desa atau kelurahan."


class NotCounted(DomainError):
    """404: nobody has let the country be counted by that day, or the count is not finished."""

    status = 404
    en = "No finished count stands on {on}. Ask for one, or wait until it is finished."
    id = "Belum ada hasil hitung yang selesai per {on}. Mintalah penghitungan, atau tunggu sampai selesai."
