from shared.errors import DomainError, InvalidInput
from shared.remedies import CORRECT_REQUEST, operation
from shared.roles import MINISTRY


class AreaTooWide(InvalidInput):
    """422: live coverage is read for at most one kabupaten or kota."""

    en = "Ask for one kabupaten or kota, or for a part of it."
    id = "Mintalah untuk satu kabupaten atau kota, atau bagiannya."
    remedy = CORRECT_REQUEST


class AreaTooNarrow(InvalidInput):
    """422: counts are stored per kecamatan, so a desa has live coverage only."""

    en = "Counts are stored per kecamatan. Ask for a kecamatan, or for today's coverage of the desa or kelurahan."
    id = "Hasil hitung disimpan per kecamatan. Mintalah kecamatan, atau cakupan hari ini untuk desa atau kelurahan."
    remedy = CORRECT_REQUEST


class CoverageNotCounted(DomainError):
    """404: there is no finished count on or before that day."""

    status = 404
    en = "There is no finished count as of {on}. Kemensos asks for one (POST /v1/coverage-count); read it when it is finished."
    id = "Belum ada hasil hitung yang selesai per {on}. Kemensos memintanya (POST /v1/coverage-count); bacalah setelah selesai."
    remedy = operation("count_coverage", MINISTRY)
