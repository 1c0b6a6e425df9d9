"""What a job lists beside refusals: warnings on rows, and changes of families."""

from types import MappingProxyType

from services.caseload.family.rules import WARNINGS

# Code, then the sentences in English and Indonesian. Values are never repeated.
ROW_WARNINGS = MappingProxyType(
    dict(WARNINGS)
    | {
        "PHONE_UNUSABLE": (
            "This is not one phone number that can be called. It was not stored; the rest of the row was taken.",
            "Ini bukan satu nomor telepon yang dapat dihubungi. Nomor tidak disimpan; isian lain diterima.",
        ),
        "RECORDED_DEAD": (
            "The death of this person is recorded. The row was left out. If the record is wrong, the Dinsos office undoes it.",
            "Kematian orang ini sudah tercatat. Baris diabaikan. Bila catatannya keliru, kantor Dinsos membatalkannya.",
        ),
        "LEFT_BY_ACT": (
            "An official has recorded that this person left the family. The row was left out. If that is wrong, undo it in the data of the family.",
            "Petugas telah mencatat bahwa orang ini keluar dari keluarga. Baris diabaikan. Bila keliru, batalkan pada data keluarga.",
        ),
        "NIK_CORRECTED": (
            "Name and date of birth are those of a member with another NIK. The NIK was corrected; the old one is kept.",
            "Nama dan tanggal lahir sama dengan anggota yang NIK-nya lain. NIK diperbaiki; nomor lama disimpan.",
        ),
        "NO_KK_CHANGED": (
            "All members of a recorded family are under this No. KK. It was recorded as their new card; the old one is kept.",
            "Semua anggota keluarga yang tercatat ada pada No. KK ini. Nomor dicatat sebagai kartu baru; yang lama disimpan.",
        ),
        "NIK_ADDED": (
            "The child had no NIK. The NIK of the file was recorded.",
            "Anak ini belum memiliki NIK. NIK dari berkas telah dicatat.",
        ),
    }
)
ROW_CHANGES = MappingProxyType(
    {
        "MEMBER_LEAVES": (
            "A member is not in the file and leaves.",
            "Anggota tidak ada dalam berkas dan keluar.",
        ),
        "MEMBER_JOINS": ("A person joins the family.", "Seseorang bergabung dengan keluarga."),
        "MEMBER_CHANGES": (
            "Sex, date of birth, relation or marriage of a member changes.",
            "Jenis kelamin, tanggal lahir, hubungan atau status kawin seorang anggota berubah.",
        ),
        "MEMBERSHIP_STARTS": ("The family enters a bansos.", "Keluarga masuk suatu bansos."),
        "DESIL_CHANGES": ("A desil is recorded or changes.", "Desil dicatat atau berubah."),
        "PENGURUS_CHANGES": ("Another member becomes the pengurus.", "Pengurus berganti."),
        "AREA_CHANGES": ("The family moves to another area.", "Keluarga pindah wilayah."),
        "KOMPONEN_ENDS": ("A komponen ends.", "Sebuah komponen berakhir."),
        "KOMPONEN_STARTS": ("A komponen starts.", "Sebuah komponen dimulai."),
        "BUSINESS_CHANGES": ("The values of a business change.", "Nilai usaha berubah."),
        "BUSINESS_STARTS": ("A business is recorded.", "Usaha dicatat."),
        "BUSINESS_ENDS": ("A business is closed.", "Usaha ditutup."),
        "CLEARED": ("HAPUS clears this value.", "HAPUS menghapus isian ini."),
        "KEPT_NEWER": (
            "What is recorded is newer than the file and stays.",
            "Data yang tercatat lebih baru daripada berkas dan tetap.",
        ),
    }
)
