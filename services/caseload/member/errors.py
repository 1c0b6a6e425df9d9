from shared.errors import DomainError, InvalidInput
from shared.remedies import ALREADY_DONE, CORRECT_REQUEST, one_of, operation, person_of, to_call
from shared.roles import DINSOS, FIELD, MINISTRY, STAFF, TEAM_LEAD


class LastMember(DomainError):
    """409: the last member of a family only dies or joins another family."""

    en = (
        "This is the last member. If the person marries or moves into another family, record the person there"
        " (POST /v1/kpm/{{id}}/anggota). If the person moves away, record the family's move"
        " (POST /v1/kpm/{{id}}/move)."
        " In all other cases the family stays recorded: propose the end of each membership that it has"
        " (POST /v1/exit-proposal), and the office ends its dampingan (POST /v1/dampingan/{{id}}/end)."
    )
    id = (
        "Ini anggota terakhir. Bila menikah atau bergabung dengan keluarga lain, catat di keluarga itu"
        " (POST /v1/kpm/{{id}}/anggota). Bila pindah, catat perpindahan keluarga (POST /v1/kpm/{{id}}/move)."
        " Selain itu keluarga tetap tercatat: usulkan pengakhiran setiap kepesertaan yang ada"
        " (POST /v1/exit-proposal), dan kantor mengakhiri dampingannya (POST /v1/dampingan/{{id}}/end)."
    )
    remedy = one_of(
        to_call("add_anggota", FIELD | DINSOS),
        to_call("move_kpm", DINSOS | MINISTRY),
        to_call("propose_exit_of_kpm", FIELD | DINSOS),
        to_call("end_accompaniment", TEAM_LEAD | DINSOS),
    )


class RecordedDead(DomainError):
    """409: a recorded death is undone before the person joins a family."""

    en = (
        "The death of this person is recorded. If the record is wrong, the Dinsos office requests its reversal"
        " (POST /v1/kpm/{{id}}/anggota/{{id}}/return), and Kemensos approves it."
    )
    id = (
        "Kematian orang ini sudah tercatat. Bila catatannya keliru, kantor Dinsos mengajukan pembatalannya"
        " (POST /v1/kpm/{{id}}/anggota/{{id}}/return), lalu Kemensos menyetujuinya."
    )
    remedy = operation("take_anggota_back", DINSOS)


class JoinNeedsEvidence(InvalidInput):
    """422: evidence is needed for a person who leaves another family to join this one."""

    en = (
        "This person is a member of another family. Upload the evidence of the marriage or move, and name it."
    )
    id = "Orang ini anggota keluarga lain. Unggah dan sebutkan bukti pernikahan atau kepindahannya."
    remedy = operation("put_file", STAFF)


class PengurusStays(DomainError):
    """409: the pengurus leaves only after another is named, except by death."""

    en = "The pengurus cannot leave: name another pengurus first (POST /v1/kpm/{{id}}/pengurus)."
    id = "Pengurus tidak dapat keluar: tetapkan pengurus lain terlebih dahulu (POST /v1/kpm/{{id}}/pengurus)."
    remedy = operation("change_pengurus_of_kpm", FIELD | DINSOS)


class PengurusAlready(DomainError):
    """409: the member is already the pengurus."""

    en = "This member is the pengurus already. Nothing more is needed."
    id = "Anggota ini sudah menjadi pengurus. Tidak perlu apa-apa lagi."
    remedy = ALREADY_DONE


class PengurusTooYoung(DomainError):
    """409: the pengurus is an adult, if the family has one (docs/domain.md#plausibility)."""

    en = "The pengurus must be at least {able_from} years old or married, because another member of the family is. Name another member."
    id = "Pengurus harus berusia sekurang-kurangnya {able_from} tahun atau sudah kawin, karena ada anggota lain yang demikian. Sebutkan anggota lain."
    remedy = CORRECT_REQUEST


class NikKnown(DomainError):
    """409: the NIK belongs to a current member of a family."""

    en = "This NIK already belongs to a member of a family. Compare it with the card. If the person comes from another family, record the join with KAWIN_MASUK or GABUNG and evidence."
    id = "NIK ini sudah menjadi anggota suatu keluarga. Cocokkan dengan kartunya. Bila orangnya datang dari keluarga lain, catat dengan KAWIN_MASUK atau GABUNG beserta bukti."
    remedy = CORRECT_REQUEST


class NikReplaced(DomainError):
    """409: the NIK is a former one of a recorded person."""

    en = "The NIK of this person was corrected. Record the person with the NIK that is on the card now."
    id = "NIK orang ini sudah diperbaiki. Catat dengan NIK yang sekarang tertera pada kartu."
    remedy = CORRECT_REQUEST


class MemberKnownByName(DomainError):
    """409: the family has this child without a NIK."""

    en = (
        "The family already has this child without a NIK. Record the child's NIK instead"
        " (POST /v1/kpm/{{id}}/anggota/{{id}}/nik)."
    )
    id = (
        "Anak ini sudah tercatat dalam keluarga tanpa NIK. Catat NIK-nya"
        " (POST /v1/kpm/{{id}}/anggota/{{id}}/nik)."
    )
    more_params = ("anggota_id",)
    remedy = operation("correct_nik_of_anggota", FIELD | DINSOS)


class CorrectionEmpty(InvalidInput):
    """422: the request names no value to correct."""

    en = "Name the value that was recorded wrongly: name, birth_on, sex, relation or married."
    id = "Sebutkan isian yang salah dicatat: name, birth_on, sex, relation atau married."
    remedy = CORRECT_REQUEST


class NikUnchanged(DomainError):
    """409: the member has this NIK already."""

    en = "This member has this NIK already. Compare the number with the card."
    id = "Anggota ini sudah memiliki NIK tersebut. Cocokkan nomornya dengan kartu."
    remedy = CORRECT_REQUEST


class NoKkUnchanged(DomainError):
    """409: the family has this card already."""

    en = "The family has this No. KK already. Compare the number with the card."
    id = "Keluarga ini sudah memiliki No. KK tersebut. Cocokkan nomornya dengan kartu."
    remedy = CORRECT_REQUEST


class BirthDateInTheFuture(InvalidInput):
    """422: the date of birth is after the day of joining."""

    en = "The date of birth is after the day of joining, {on}. Correct one of them."
    id = "Tanggal lahir sesudah tanggal bergabung, {on}. Perbaiki salah satunya."
    remedy = CORRECT_REQUEST


class NikRequired(InvalidInput):
    """422: only a small child may be recorded without a NIK. The age is policy."""

    en = "A NIK is required. Only a child below {without_nik_below} years may be recorded without one. Enter the NIK on the card."
    id = "NIK wajib diisi. Hanya anak di bawah {without_nik_below} tahun yang boleh dicatat tanpa NIK. Isi NIK yang tertera pada kartu."
    remedy = CORRECT_REQUEST


class DeathNeedsEvidence(InvalidInput):
    """422: a death needs evidence."""

    en = "A death can only be recorded with evidence. Upload the file and give its SHA-256."
    id = "Kematian hanya dapat dicatat dengan bukti. Unggah berkasnya dan sebutkan SHA-256-nya."
    remedy = operation("put_file", STAFF)


class MemberNotLeft(DomainError):
    """409: the person did not leave this family, or has moved again since."""

    en = (
        "This person has not left this family, or has moved on since. Undo the last move first, in the family that"
        " the person left then. If a move was right, record the next one instead (POST /v1/kpm/{{id}}/anggota)."
    )
    id = (
        "Orang ini tidak keluar dari keluarga ini, atau sudah berpindah lagi. Batalkan dahulu perpindahan terakhirnya,"
        " pada keluarga yang ditinggalkannya saat itu. Bila perpindahannya benar, catat perpindahan berikutnya"
        " (POST /v1/kpm/{{id}}/anggota)."
    )
    remedy = one_of(to_call("take_anggota_back", FIELD | DINSOS), to_call("add_anggota", FIELD | DINSOS))


class NumberNotAccepted(DomainError):
    """409: the number is recorded in a place that the caller may not look up."""

    en = "This number cannot be recorded here. Check it against the card. If it is right, ask the Dinsos office that covers both families. Across areas Kemensos first moves the person's family (POST /v1/kpm/{{id}}/move)."
    id = "Nomor ini tidak dapat dicatat di sini. Cocokkan dengan kartunya. Bila sudah benar, hubungi kantor Dinsos yang membawahi kedua keluarga. Lintas wilayah, Kemensos lebih dahulu memindahkan keluarga orang itu (POST /v1/kpm/{{id}}/move)."
    remedy = person_of(DINSOS)


class NoMemberRemains(DomainError):
    """409: a split must leave at least one member in the family."""

    en = "At least one member must remain in the family. If all leave together, record the family's move (POST /v1/kpm/{{id}}/move)."
    id = "Sekurang-kurangnya satu anggota harus tetap dalam keluarga. Bila semua pergi bersama, catat perpindahan keluarga (POST /v1/kpm/{{id}}/move)."
    remedy = CORRECT_REQUEST


class PengurusNotLeaving(InvalidInput):
    """422: the pengurus of the new family must be one of the leaving members."""

    en = "The pengurus of the new family must be one of its members."
    id = "Pengurus keluarga baru harus salah satu anggotanya."
    remedy = CORRECT_REQUEST
