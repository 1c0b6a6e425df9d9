from shared.errors import DomainError
from shared.remedies import ALREADY_DONE, CORRECT_REQUEST, WAIT, operation
from shared.roles import DINSOS, FIELD, MINISTRY, OFFICE, VILLAGE


class SanggahOutOfTerm(DomainError):
    """409: the paper is dated after the term.

    The refusal names the other procedure (docs/case-lifecycle.md#objections).
    """

    en = (
        "The paper is dated {on}; the term of sanggah ended on {ended}, so this is not a sanggah any more. Enter it as a"
        " re-entry usulan in caseload (POST /v1/usulan, ground SANGGAH_TERLAMBAT). A keberatan under UU 30/2014 is a"
        " different procedure and is addressed to the official who signed the SK."
    )
    id = (
        "Surat bertanggal {on}, sedangkan masa sanggah berakhir pada {ended}, sehingga bukan lagi sanggah. Catat sebagai"
        " usulan kepesertaan kembali di layanan caseload (POST /v1/usulan, dasar SANGGAH_TERLAMBAT). Keberatan menurut"
        " UU 30/2014 adalah hal lain dan diajukan kepada pejabat penanda tangan SK."
    )
    remedy = operation("caseload.lodge_application", FIELD | VILLAGE | DINSOS)


class SanggahBeforeAnnouncement(DomainError):
    """409: the SK is not announced yet, so the term of sanggah has not begun."""

    en = (
        "The SK of this case is announced on {on}; the term of sanggah begins on that day. Record the sanggah from then"
        " on, with a paper dated in the term. If the SK is wrong, Kemensos may undo it for this family"
        " (POST /v1/graduasi/{{id}}/annulment)."
    )
    id = (
        "SK kasus ini diumumkan pada {on}; masa sanggah dimulai pada hari itu. Catat sanggah mulai hari itu, dengan surat"
        " bertanggal dalam masa sanggah. Bila SK keliru, Kemensos dapat memulihkan keluarga ini"
        " (POST /v1/graduasi/{{id}}/annulment)."
    )
    remedy = WAIT


class CaseNotAnnulled(DomainError):
    """409: the case was not annulled, so no withheld tahap were decided on."""

    en = "This case was not annulled, so there is no decision on withheld tahap to correct. If its SK is wrong, request the annulment (POST /v1/graduasi/{{id}}/annulment)."
    id = "Kasus ini tidak dipulihkan, sehingga tidak ada putusan tentang tahap yang ditahan untuk diperbaiki. Bila SK keliru, ajukan pemulihan (POST /v1/graduasi/{{id}}/annulment)."
    remedy = operation("annul_graduasi", MINISTRY)


class SanggahStillOpen(DomainError):
    """409: the case has an open sanggah. Another can be lodged after its decision."""

    en = "A sanggah on this case is still open. Dinsos or Kemensos decides it first; a further one can be lodged after that."
    id = "Masih ada sanggah yang belum diputus pada kasus ini. Dinsos atau Kemensos memutuskannya dahulu; sanggah berikutnya dapat diajukan sesudahnya."
    more_params = ("sanggah_id",)
    remedy = operation("decide_sanggah", DINSOS | MINISTRY)


class SanggahWhilePostponed(DomainError):
    """409: the case is postponed.

    The sanggah is recorded after its resumption (docs/decisions/0016-objection-by-the-date-on-the-paper.md).
    """

    en = "This case is postponed (DITUNDA); a sanggah is recorded after the Dinsos office resumes it. The right is not lost: the paper is dated {on}, in the term that ends on {ended}, and the date on the paper counts, even if the term has ended by then. Keep the paper."
    id = "Kasus ini sedang ditunda (DITUNDA); sanggahnya dicatat setelah kantor Dinsos melanjutkan kasus. Hak tidak hilang: surat bertanggal {on}, dalam masa sanggah yang berakhir {ended}, dan tanggal suratlah yang dihitung, juga bila masa sanggah saat itu sudah lewat. Simpan suratnya."
    remedy = operation("resume_graduasi", OFFICE)


class SanggahAfterCaseEnd(DomainError):
    """409: the case is complete, so nothing can be suspended.

    It can only be annulled by order (docs/case-lifecycle.md#annulment).
    """

    en = (
        "The paper is dated {on}, in the term that ended on {ended}, but this case is complete (SELESAI) and nothing can"
        " be suspended any more. The right is not lost: hand the paper to Kemensos, where two people decide whether to undo"
        " the SK for this family (POST /v1/graduasi/{{id}}/annulment), and which tahap are paid back."
    )
    id = (
        "Surat bertanggal {on}, dalam masa sanggah yang berakhir {ended}, tetapi kasus ini sudah SELESAI dan tidak ada"
        " lagi yang dapat ditangguhkan. Hak tidak hilang: serahkan surat kepada Kemensos, tempat dua orang memutuskan"
        " apakah SK dibatalkan bagi keluarga ini (POST /v1/graduasi/{{id}}/annulment), dan tahap mana yang dibayarkan"
        " kembali."
    )
    remedy = operation("annul_graduasi", MINISTRY)


class SanggahAlreadyLodged(DomainError):
    """409: a sanggah with this paper was recorded already."""

    en = "This paper has already been recorded as a sanggah on this case. Nothing more is needed."
    id = "Surat ini sudah dicatat sebagai sanggah pada kasus ini. Tidak perlu apa-apa lagi."
    more_params = ("sanggah_id",)
    remedy = ALREADY_DONE


class SanggahAlreadyDecided(DomainError):
    """409: the sanggah has a decision."""

    en = "This sanggah has been decided already. Nothing more is needed."
    id = "Sanggah ini sudah diputus. Tidak perlu apa-apa lagi."
    remedy = ALREADY_DONE


class DeathUndone(DomainError):
    """409: the death on which the case rests was undone, so its SK cannot stand."""

    en = (
        "The death on which this SK rests was undone on {on}: the family has a living member. Accept the sanggah"
        " (DITERIMA), which undoes the SK for this family."
    )
    id = (
        "Kematian yang menjadi dasar SK ini dibatalkan pada {on}: keluarga masih memiliki anggota. Terima sanggahnya"
        " (DITERIMA), sehingga SK dipulihkan bagi keluarga ini."
    )
    remedy = CORRECT_REQUEST


class BackPayUndecided(DomainError):
    """422: an annulment must decide for each withheld tahap whether the family receives it."""

    status = 422
    en = "Decide for each of these tahap whether the family receives the withheld payment, and give the reason: {tahap}."
    id = "Putuskan untuk setiap tahap berikut apakah bantuan yang tertahan dibayarkan kepada keluarga, beserta alasannya: {tahap}."
    listed = "tahap"
    remedy = CORRECT_REQUEST


class BackPayNotConcerned(DomainError):
    """422: no payment was withheld for these tahap, so the decision cannot pay them."""

    status = 422
    en = "No payment was withheld for these tahap, so this decision cannot pay them: {tahap}. Leave them out."
    id = "Tidak ada bantuan yang tertahan pada tahap berikut, sehingga tidak dapat dibayarkan melalui keputusan ini: {tahap}. Hapus dari keputusan."
    listed = "tahap"
    remedy = CORRECT_REQUEST
