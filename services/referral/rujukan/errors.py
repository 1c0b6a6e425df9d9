from collections.abc import Mapping
from types import MappingProxyType

from shared.errors import DomainError, Words
from shared.remedies import ENDED, WAIT, nothing, one_of, operation, to_call
from shared.roles import DINSOS, FIELD, PARTNERS
from shared.transitions import Advice


class RujukanNotOpen(DomainError):
    """409: the rujukan of the family has ended."""

    en = "This rujukan is {state}; nothing more can be started in it."
    id = "Rujukan ini sudah {state}; tidak ada yang dapat dimulai lagi."
    remedy = nothing("The rujukan has ended.", "Rujukan sudah berakhir.")


# What to do next with a rujukan program, by its state.
NEXT_ACTS = MappingProxyType(
    {
        "DRAF": operation("give_consent", FIELD),
        "DISETUJUI_KPM": WAIT,
        "GAGAL_KIRIM": WAIT,
        **dict.fromkeys(
            ("TERKIRIM", "DITERIMA_SISTEM", "DIPROSES", "DAFTAR_TUNGGU", "KEDALUWARSA"),
            operation("answer_rujukan", PARTNERS),
        ),
        "PERLU_DATA": one_of(to_call("supply_data", FIELD | DINSOS), to_call("answer_rujukan", PARTNERS)),
        "DISETUJUI": operation("deliver_aid", PARTNERS),
        "DISALURKAN": operation("record_outcome", FIELD | PARTNERS),
        "DITOLAK": operation("correct_answer", PARTNERS),
        "DICABUT": operation("renew_offer", FIELD | DINSOS),
        "TUTUP": ENDED,
    }
)


# What an offer in each state waits for, and when the act that leads to a state is possible.
NOW: Mapping[str, Words] = MappingProxyType(
    {
        "DRAF": Words(
            "the family has not agreed yet. Record its consent first.",
            "keluarga belum setuju. Catat dahulu persetujuannya.",
        ),
        "DISETUJUI_KPM": Words(
            "the family has agreed, and the notice is not sent yet. Wait until the partner has it, or "
            "withdraw the consent.",
            "keluarga sudah setuju, dan pemberitahuan belum terkirim. Tunggu sampai mitra menerimanya, atau"
            " cabut persetujuannya.",
        ),
        "GAGAL_KIRIM": Words(
            "the partner has not taken the notice, and it is sent again. Wait until the partner takes it.",
            "mitra belum menerima pemberitahuan, dan pemberitahuan dikirim lagi. Tunggu sampai mitra menerimanya.",
        ),
        "TERKIRIM": Words(
            "the partner has the notice. Its answer comes first.",
            "mitra sudah menerima pemberitahuan. Dahulukan jawabannya.",
        ),
        "DITERIMA_SISTEM": Words(
            "the system of the partner has it. Its answer comes first.",
            "sistem mitra sudah menerimanya. Dahulukan jawabannya.",
        ),
        "DIPROSES": Words(
            "the partner works on it. Its answer comes first.",
            "mitra sedang memprosesnya. Dahulukan jawabannya.",
        ),
        "PERLU_DATA": Words(
            "the partner waits for data. The pendamping or Dinsos supplies them first, or the partner takes the"
            " offer up again (answer DIPROSES).",
            "mitra menunggu data. Pendamping atau Dinsos melengkapinya dahulu, atau mitra memproses kembali"
            " (jawaban DIPROSES).",
        ),
        "DAFTAR_TUNGGU": Words(
            "the family is on the list of the partner. It takes the offer up again first (answer DIPROSES).",
            "keluarga ada di daftar tunggu mitra. Mitra memproses kembali dahulu (jawaban DIPROSES).",
        ),
        "DISETUJUI": Words(
            "the partner has approved. The delivery comes first.",
            "mitra sudah menyetujui. Dahulukan penyalurannya.",
        ),
        "DISALURKAN": Words(
            "the aid is delivered. Now its outcome is recorded.",
            "bantuan sudah disalurkan. Kini hasilnya yang dicatat.",
        ),
        "TUTUP": Words(
            "it is complete, and no step follows.",
            "sudah ditutup, dan tidak ada langkah berikutnya.",
        ),
        "DITOLAK": Words(
            "the partner has refused. The partner corrects a wrong answer; else the family may be offered another"
            " program.",
            "mitra sudah menolak. Mitra memperbaiki jawaban yang keliru; bila tidak, keluarga dapat ditawari"
            " program lain.",
        ),
        "KEDALUWARSA": Words(
            "it has expired without an answer. A late answer of the partner reopens it; else the family may be"
            " offered another program.",
            "sudah kedaluwarsa tanpa jawaban. Jawaban mitra yang terlambat membukanya kembali; bila tidak,"
            " keluarga dapat ditawari program lain.",
        ),
        "DICABUT": Words(
            "it was withdrawn. The family may be offered it again, or another program.",
            "sudah dicabut. Keluarga dapat ditawari lagi, atau ditawari program lain.",
        ),
    }
)
ACTS: Mapping[str, Words] = MappingProxyType(
    {
        "DRAF": Words(
            "An offer is matched once.",
            "Tawaran dicocokkan satu kali.",
        ),
        "DISETUJUI_KPM": Words(
            "A consent is recorded once, before the sending.",
            "Persetujuan dicatat satu kali, sebelum pengiriman.",
        ),
        **dict.fromkeys(
            ("TERKIRIM", "GAGAL_KIRIM"),
            Words("The notice is sent after the consent.", "Pemberitahuan dikirim setelah persetujuan."),
        ),
        **dict.fromkeys(
            ("DITERIMA_SISTEM", "DIPROSES", "PERLU_DATA", "DAFTAR_TUNGGU", "DISETUJUI", "DITOLAK"),
            Words(
                "A partner answers after the notice is sent, until its final answer.",
                "Mitra menjawab setelah pemberitahuan terkirim, sampai jawaban akhirnya.",
            ),
        ),
        "DISALURKAN": Words(
            "A delivery follows the approval of the partner.",
            "Penyaluran mengikuti persetujuan mitra.",
        ),
        "TUTUP": Words(
            "An offer is complete after its last outcome.",
            "Tawaran ditutup setelah hasil terakhirnya.",
        ),
        "KEDALUWARSA": Words(
            "An offer expires without an answer.",
            "Tawaran kedaluwarsa tanpa jawaban.",
        ),
        "DICABUT": Words(
            "A consent is withdrawn while the offer has not ended.",
            "Persetujuan dicabut selama tawaran belum berakhir.",
        ),
    }
)
ADVICE = Advice(NOW, ACTS)
