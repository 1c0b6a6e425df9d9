from shared.errors import DomainError, InvalidInput


class AreaTooWide(InvalidInput):
    """422: coverage is counted family by family, for a kabupaten or kota at most."""

    en = "Ask for one kabupaten or kota, or for a part of it."
    id = "Mintalah untuk satu kabupaten atau kota, atau bagiannya."


class AreaTooNarrow(InvalidInput):
    """422: a count is kept by kecamatan; a desa is read as it stands today."""

    en = "A count is kept by kecamatan. Ask for one, or for today's coverage of the desa or kelurahan."
    id = "Hasil hitung disimpan per kecamatan. Mintalah kecamatan, atau cakupan hari ini untuk desa atau kelurahan."


class CoverageNotCounted(DomainError):
    """404: nobody has let the country be counted by that day, or the count is not finished."""

    status = 404
    en = "No finished count stands on {on}. Ask for one, or wait until it is finished."
    id = "Belum ada hasil hitung yang selesai per {on}. Mintalah penghitungan, atau tunggu sampai selesai."
