from shared.errors import DomainError
from shared.remedies import CORRECT_REQUEST


class QuotaOverlaps(DomainError):
    """409: a later quota of the area is in force in that time."""

    en = "A later quota of {code} for {kode_wilayah} starts in that time. Set valid_to no later than its first day."
    id = "Kuota {code} berikutnya untuk {kode_wilayah} mulai dalam masa itu. Isi valid_to paling lambat hari pertamanya."
    more_params = ("quota_id",)
    remedy = CORRECT_REQUEST


class QuotaBelowTaken(DomainError):
    """409: more families hold a place than the new number of places."""

    en = "{taken} families hold a place in this quota; it cannot become {places}. Set {taken} or more."
    id = "{taken} keluarga sudah memegang tempat dalam kuota ini; tidak dapat menjadi {places}. Isi {taken} atau lebih."
    remedy = CORRECT_REQUEST


class IntakeOverlaps(DomainError):
    """409: another window of the program is in force in a part of that time."""

    en = "The program {code} already takes applications in a part of that time. Choose a time outside it."
    id = "Program {code} sudah menerima permohonan pada sebagian waktu itu. Pilih waktu di luarnya."
    more_params = ("window_id",)
    remedy = CORRECT_REQUEST
