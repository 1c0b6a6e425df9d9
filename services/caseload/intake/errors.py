from types import MappingProxyType

from shared.errors import InvalidInput
from shared.remedies import CORRECT_REQUEST


class FileEmpty(InvalidInput):
    """422: the file has no header."""

    en = "The file is empty: its first line must name the columns."
    id = "Berkas kosong: baris pertama harus memuat nama kolom."
    remedy = CORRECT_REQUEST


class FileNotText(InvalidInput):
    """422: the file is UTF-16, a spreadsheet or anything else than UTF-8 text."""

    en = "The file is not CSV text in UTF-8 ({detected}). Save it as CSV UTF-8."
    id = "Berkas bukan teks CSV dalam UTF-8 ({detected}). Simpan sebagai CSV UTF-8."
    remedy = CORRECT_REQUEST


class ColumnsMissing(InvalidInput):
    """422: the header lacks columns."""

    en = "The header lacks these columns: {columns}. Add them."
    id = "Baris judul tidak memuat kolom berikut: {columns}. Tambahkan."
    listed = "columns"
    remedy = CORRECT_REQUEST


class ColumnsRepeated(InvalidInput):
    """422: the header names a column more than once."""

    en = "The header names these columns more than once: {columns}. Keep each once."
    id = "Baris judul memuat kolom berikut lebih dari sekali: {columns}. Sisakan satu untuk masing-masing."
    listed = "columns"
    remedy = CORRECT_REQUEST


class ColumnsUnknown(InvalidInput):
    """422: the header has unknown columns, whose content would be lost."""

    en = "The header has {count} unknown columns. Correct their names or remove them."
    id = "Baris judul memuat {count} kolom yang tidak dikenal. Perbaiki namanya atau hapus kolomnya."
    remedy = CORRECT_REQUEST


class HeaderTooLong(InvalidInput):
    """422: the first line is longer than a header can be."""

    en = "The first line is too long to be a header. Let it name the columns only."
    id = "Baris pertama terlalu panjang untuk sebuah baris judul. Isi hanya dengan nama kolom."
    remedy = CORRECT_REQUEST


# Why a row of an intake file is refused: code, then the sentences in English and Indonesian. Values are never repeated.
ROW_REFUSALS = MappingProxyType(
    {
        "REQUIRED": ("A value is required.", "Wajib diisi."),
        "EXCEL_MANGLED": (
            "A spreadsheet has rounded this number (as in 3.3E+15). Format the column as text and enter it again.",
            "Angka ini dibulatkan oleh lembar kerja (seperti 3.3E+15). Ubah kolom menjadi teks dan isi ulang.",
        ),
        "NOT_SIXTEEN_DIGITS": ("Exactly 16 digits are expected.", "Harus tepat 16 angka."),
        "UNKNOWN_PROVINCE": (
            "The first two digits are not the code of a province.",
            "Dua angka pertama bukan kode provinsi.",
        ),
        "SERIAL_ZERO": ("The last four digits cannot be 0000.", "Empat angka terakhir tidak boleh 0000."),
        "TOO_LONG": ("The text is too long.", "Teks terlalu panjang."),
        "CONTROL_CHARACTER": (
            "The text has control characters (such as NUL).",
            "Teks memuat karakter kendali (misalnya NUL).",
        ),
        "NOT_UTF8": (
            "The text is not UTF-8. Save the file as CSV UTF-8.",
            "Teks bukan UTF-8. Simpan berkas sebagai CSV UTF-8.",
        ),
        "NOT_A_DATE": (
            "A date such as 1987-11-12 or 12/11/1987 is expected. If a spreadsheet shows a number, format it as a date.",
            "Harus berupa tanggal, misalnya 1987-11-12 atau 12/11/1987. Bila tampak sebagai angka, ubah format sel menjadi tanggal.",
        ),
        "DATE_OUT_OF_RANGE": (
            "The date is too early or too late.",
            "Tanggal terlalu awal atau terlalu akhir.",
        ),
        "UNKNOWN_VALUE": (
            "This is not one of the known values: {allowed}.",
            "Bukan salah satu nilai yang dikenal: {allowed}.",
        ),
        "CANNOT_BE_CLEARED": (
            "This value cannot be cleared by HAPUS. Leave the cell blank to keep what is recorded.",
            "Isian ini tidak dapat dihapus dengan HAPUS. Kosongkan selnya agar data yang tercatat tetap.",
        ),
        "NIK_REQUIRED": (
            "A NIK is required. Only a child below {without_nik_below} years may be recorded without one.",
            "NIK wajib diisi. Hanya anak di bawah {without_nik_below} tahun yang boleh dicatat tanpa NIK.",
        ),
        "PENGURUS_TOO_YOUNG": (
            "The pengurus must be an adult, because another member of the family is one.",
            "Pengurus harus orang dewasa, karena ada anggota keluarga lain yang dewasa.",
        ),
        "PREGNANT_IMPOSSIBLE": (
            "IBU_HAMIL is possible only for a woman of 10 to 60 years. Check komponen, sex and birth_date.",
            "IBU_HAMIL hanya mungkin bagi perempuan berusia 10 sampai 60 tahun. Periksa komponen, sex dan birth_date.",
        ),
        "NOT_A_NUMBER": (
            "A whole number of rupiah is expected, such as 9000000 or Rp 9.000.000.",
            "Harus berupa bilangan bulat rupiah, misalnya 9000000 atau Rp 9.000.000.",
        ),
        "BAD_FORM": (
            "The value does not have the form of this column, such as {form}.",
            "Nilai tidak berbentuk seperti ketentuan kolom ini, misalnya {form}.",
        ),
        "REPEATED": ("The same entry is given twice.", "Isian yang sama diberikan dua kali."),
        "INCOMPLETE_USAHA": (
            "A business needs sector, start and turnover.",
            "Usaha memerlukan sektor, tanggal mulai dan omzet.",
        ),
        "UNKNOWN_WILAYAH": (
            "There is no desa or kelurahan with this code.",
            "Tidak ada desa atau kelurahan dengan kode ini.",
        ),
        "WRONG_NUMBER_OF_FIELDS": (
            "The row has more or fewer fields than the header.",
            "Jumlah kolom baris ini tidak sama dengan baris judul.",
        ),
        "UNREADABLE_ROW": ("The row cannot be read as CSV.", "Baris ini tidak dapat dibaca sebagai CSV."),
        "DUPLICATE_NIK": (
            "This NIK is already on an earlier row of the file.",
            "NIK ini sudah ada pada baris sebelumnya dalam berkas.",
        ),
        "DUPLICATE_PERSON": (
            "Another row of the family has this name and date of birth with a NIK. Remove this row.",
            "Baris lain keluarga ini memuat nama dan tanggal lahir yang sama beserta NIK. Hapus baris ini.",
        ),
        "NIK_IN_ANOTHER_FAMILY": (
            "This NIK belongs to a member of another family. List all its members if only its card is new; else record the move.",
            "NIK ini milik anggota keluarga lain. Cantumkan semua anggotanya bila hanya kartunya baru; bila tidak, catat pindahnya.",
        ),
        "RECORDED_DEAD": (
            "The death of this person is recorded. Remove the row; if the record is wrong, the Dinsos office undoes it.",
            "Kematian orang ini sudah tercatat. Hapus baris ini; bila catatannya keliru, kantor Dinsos membatalkannya.",
        ),
        "FAMILY_HAS_ENDED": (
            "The family has ended: its only member died or joined another family. Remove its rows.",
            "Keluarga ini sudah berakhir: satu-satunya anggota meninggal atau bergabung dengan keluarga lain. Hapus barisnya.",
        ),
        "NO_PENGURUS": (
            "No member of the family is marked as pengurus.",
            "Tidak ada anggota yang ditandai pengurus.",
        ),
        "SEVERAL_PENGURUS": (
            "More than one member is marked as pengurus.",
            "Lebih dari satu anggota ditandai pengurus.",
        ),
        "WILAYAH_DIFFERS": (
            "The members of one family have different areas.",
            "Wilayah anggota satu keluarga berbeda-beda.",
        ),
        "TOO_MANY_MEMBERS": ("A family has at most 40 members.", "Satu keluarga paling banyak 40 anggota."),
        "NOT_YOUR_AREA": (
            "The family's area is not one of your areas.",
            "Wilayah keluarga ini bukan wilayah Anda.",
        ),
        "NOT_ACCEPTED_HERE": (
            "This family cannot be recorded in your area. Check its No. KK and each NIK. If they are right, ask Kemensos.",
            "Keluarga ini tidak dapat dicatat di wilayah Anda. Periksa No. KK dan setiap NIK. Bila benar, hubungi Kemensos.",
        ),
        "KEPESERTAAN_OVERLAPS": (
            "The membership overlaps a recorded one of the same bansos.",
            "Kepesertaan ini bertumpang tindih dengan kepesertaan yang sudah tercatat pada bansos yang sama.",
        ),
        "RE_ENTRY_BY_USULAN": (
            "The family was a member of this bansos before. Submit an application instead (POST /v1/usulan).",
            "Keluarga ini pernah menjadi peserta bansos tersebut. Ajukan melalui usulan (POST /v1/usulan).",
        ),
        "UNKNOWN_PENDAMPING": (
            "There is no pendamping with this number.",
            "Tidak ada pendamping dengan nomor ini.",
        ),
        "PENDAMPING_NOT_ACTIVE": ("The pendamping is not active.", "Pendamping tidak aktif."),
        "NO_PKH_PENUGASAN": (
            "The pendamping has no PKH placement that covers the family's area today.",
            "Pendamping tidak memiliki penugasan PKH yang mencakup wilayah keluarga ini hari ini.",
        ),
        "CASELOAD_FULL": (
            "The pendamping's caseload has reached the limit.",
            "Jumlah dampingan pendamping ini sudah mencapai batas.",
        ),
        "ACCOMPANIED_BY_ANOTHER": (
            "Another pendamping accompanies the family. An intake does not change that.",
            "Keluarga ini didampingi pendamping lain; berkas tidak mengubahnya.",
        ),
    }
)
