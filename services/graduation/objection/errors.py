from shared.errors import DomainError


class SanggahOutOfTerm(DomainError):
    """409: the date on the paper lies after the term; the family's path is another one (chain.md 2)."""

    en = (
        "The paper is dated {on}; the term of sanggah ended on {ended}, so this is no sanggah any more. Enter it as a"
        " re-entry usulan in caseload (POST /v1/usulan, ground SANGGAH_TERLAMBAT). A keberatan under UU 30/2014 is"
        " another thing and is addressed to the official who signed the SK."
    )
    id = (
        "Surat bertanggal {on}, sedangkan masa sanggah berakhir pada {ended}, sehingga bukan lagi sanggah. Catat sebagai"
        " usulan kepesertaan kembali di layanan caseload (POST /v1/usulan, dasar SANGGAH_TERLAMBAT). Keberatan menurut"
        " UU 30/2014 adalah hal lain dan diajukan kepada pejabat penanda tangan SK."
    )


class SanggahStillOpen(DomainError):
    """409: one objection is open at a time; a further one waits for its decision."""

    en = "A sanggah on this case is still open. Decide it first; a further one can be lodged after that."
    id = "Masih ada sanggah yang belum diputus pada kasus ini. Putuskan dahulu; sanggah berikutnya dapat diajukan sesudahnya."


class SanggahWhilePostponed(DomainError):
    """409: a postponed case is resumed first; the objection is not lost meanwhile (chain.md 3 and 4)."""

    en = (
        "This case is postponed (DITUNDA), so its sanggah is typed in once it is resumed. Nothing is lost: the paper is"
        " dated {on}, in the term that ends on {ended}, and the date on the paper counts. It is taken in after the"
        " resumption, also when the term has passed by then. Keep the paper."
    )
    id = (
        "Kasus ini sedang ditunda (DITUNDA), sehingga sanggahnya dicatat setelah kasus dilanjutkan. Hak tidak hilang:"
        " surat bertanggal {on}, dalam masa sanggah yang berakhir {ended}, dan tanggal suratlah yang dihitung. Surat"
        " diterima setelah kasus dilanjutkan, juga bila masa sanggah saat itu sudah lewat. Simpan suratnya."
    )


class SanggahAfterTheEnd(DomainError):
    """409: the case is complete, so that nothing is left to suspend; an order undoes what was wrong (chain.md 4)."""

    en = (
        "The paper is dated {on}, in the term that ended on {ended}, but this case is complete (SELESAI) and nothing is"
        " left to suspend. The right is not lost: hand the paper to Dinsos or Kemensos, who decide on undoing the SK for"
        " this family (POST /v1/graduasi/{{id}}/annulment), with what is paid back."
    )
    id = (
        "Surat bertanggal {on}, dalam masa sanggah yang berakhir {ended}, tetapi kasus ini sudah SELESAI dan tidak ada"
        " lagi yang dapat ditangguhkan. Hak tidak hilang: serahkan surat kepada Dinsos atau Kemensos, yang memutuskan"
        " pemulihan SK bagi keluarga ini (POST /v1/graduasi/{{id}}/annulment), termasuk pembayaran kembali."
    )


class PaperAlreadyTaken(DomainError):
    """409: this very paper was typed in already."""

    en = "This paper has already been taken in as a sanggah on this case."
    id = "Surat ini sudah dicatat sebagai sanggah pada kasus ini."


class SanggahAlreadyDecided(DomainError):
    """409: decided is decided."""

    en = "This sanggah has been decided already."
    id = "Sanggah ini sudah diputus."


class BackPayUndecided(DomainError):
    """422: who undoes an exit decides each tahap between, paid back or not."""

    status = 422
    en = "Say of each of these tahap whether it is paid back, and why: {tahap}."
    id = "Putuskan untuk setiap tahap berikut apakah dibayar kembali, beserta alasannya: {tahap}."


class BackPayNotConcerned(DomainError):
    """422: nothing was withheld from these tahap; a payment for them would be invented."""

    status = 422
    en = "These tahap are not concerned by the decision and cannot be paid back by it: {tahap}."
    id = "Tahap berikut tidak terkait dengan keputusan ini dan tidak dapat dibayar kembali: {tahap}."
