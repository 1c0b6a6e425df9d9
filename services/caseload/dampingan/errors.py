from shared.errors import DomainError, InvalidInput
from shared.remedies import CORRECT_REQUEST, one_of, operation, to_call
from shared.roles import DINSOS, MINISTRY, TEAM_LEAD


class PenugasanNotInForce(DomainError):
    """409: the placement does not cover the day."""

    en = "This placement is not in force on {on}. Choose a placement that is in force on that day."
    id = "Penugasan ini tidak berlaku pada {on}. Pilih penugasan yang berlaku pada tanggal itu."
    remedy = CORRECT_REQUEST


class FamilyOutsideWilayahTugas(DomainError):
    """409: the placement does not cover the family's area on the day."""

    en = "The family's area is not one of this placement's areas on {on}. Choose another placement, or ask Kemensos to add the area."
    id = "Wilayah keluarga ini bukan wilayah tugas penugasan tersebut pada {on}. Pilih penugasan lain, atau mintalah Kemensos menambahkan wilayahnya."
    remedy = operation("registry.cover_wilayah", MINISTRY)


class CaseloadFull(DomainError):
    """409: the placement has reached the limit of policy (initially 600 for PKH)."""

    en = "This placement already has {count} families; more than {limit} are refused. Choose another placement, or give a reason for exceeding the limit (override_reason)."
    id = "Penugasan ini sudah mendampingi {count} keluarga; lebih dari {limit} ditolak. Pilih penugasan lain, atau sebutkan alasan melampaui batas (override_reason)."
    remedy = CORRECT_REQUEST


class DampinganOverlaps(DomainError):
    """409: a pendamping of the same kind already accompanies the family in that period."""

    en = "The family is already accompanied in that period. The Dinsos office ends that dampingan, or the ketua tim hands the family over."
    id = "Keluarga ini sudah didampingi pada masa tersebut. Kantor Dinsos mengakhiri dampingan itu, atau ketua tim mengalihkannya."
    more_params = ("dampingan_id",)
    remedy = one_of(to_call("end_accompaniment", TEAM_LEAD | DINSOS), to_call("request_families", TEAM_LEAD))


class WarningNotBelowRefusal(InvalidInput):
    """422: the warning limit is not below the refusal limit."""

    en = "The warning limit ({warn_above}) must be below the refusal limit ({refuse_above})."
    id = "Batas peringatan ({warn_above}) harus di bawah batas penolakan ({refuse_above})."
    remedy = CORRECT_REQUEST


class DampinganHasEnded(DomainError):
    """409: the dampingan has ended, or its end would become later."""

    en = "This dampingan already ends on {valid_to}. Its end can only be moved to an earlier day that is not past."
    id = "Dampingan ini sudah berakhir pada {valid_to}. Tanggal akhir hanya dapat dimajukan selama belum lewat."
    remedy = CORRECT_REQUEST


class DampinganHasWork(DomainError):
    """409: a dampingan in which work was recorded is ended, not cancelled."""

    en = "This dampingan has recorded visits or sessions, so it covers at least its first day. End it on {first} or later. If these records are wrong, void them first."
    id = "Kunjungan atau sesi dalam dampingan ini sudah dicatat, sehingga dampingan mencakup sekurang-kurangnya hari pertamanya. Akhiri pada {first} atau sesudahnya, atau batalkan dahulu catatan itu bila keliru."
    remedy = CORRECT_REQUEST
