"""The menu of everything that referral may refuse to do."""

from shared.errors import DomainError, InvalidInput, NotAllowed


class PartnerCodeTaken(DomainError):
    """409: another partner has this code."""

    en = "There is already a partner with the code {code}."
    id = "Sudah ada mitra dengan kode {code}."


class AddressRefused(InvalidInput):
    """422: no webhook may go to this address (no https, not public, or with a password in it)."""

    en = "This webhook address cannot be used: {reason}."
    id = "Alamat webhook ini tidak dapat dipakai: {reason_id}."


class WebhookNeeded(InvalidInput):
    """422: a partner on this channel is told by webhook, and no address is given."""

    en = "A partner on the channel {channel} needs a webhook address."
    id = "Mitra dengan kanal {channel} memerlukan alamat webhook."


class ProgramOfAnotherPartner(DomainError):
    """409: the code is another partner's program."""

    en = "The program {code} belongs to another partner."
    id = "Program {code} milik mitra lain."


class ProgramRevisionTaken(DomainError):
    """409: a revision of this program holds from that day or later already."""

    en = "The program {code} already has a revision from {valid_from} or later."
    id = "Program {code} sudah mempunyai revisi sejak {valid_from} atau sesudahnya."


class RuleCannotBe(InvalidInput):
    """422: the operator or the value of a rule does not fit its field."""

    en = "Rule {number}: {field} cannot be compared with {op} to this value."
    id = "Aturan {number}: {field} tidak dapat dibandingkan dengan {op} terhadap nilai ini."


class NotYourFamily(NotAllowed):
    """403: a pendamping acts only for families whose dampingan is theirs today (domain.md 7.3)."""

    en = "This family is not in your care today."
    id = "Keluarga ini bukan dampingan Anda pada hari ini."


class PendampingInactive(NotAllowed):
    """403: anything but AKTIF means no new acts (chain.md 8)."""

    en = "Your status is {status}; only an active pendamping may do this."
    id = "Status Anda {status}; hanya pendamping aktif yang dapat melakukan ini."


class EvidenceMissing(DomainError):
    """409: the evidence was not put here first (POST /v1/files)."""

    en = "There is no file with this SHA-256 here; put the evidence first."
    id = "Tidak ada berkas dengan SHA-256 ini; unggah buktinya lebih dahulu."


class UnknownConsentText(InvalidInput):
    """422: on that day another text of consent held, or none."""

    en = "On that day the consent text in force was not version {version}; read the family the one that was."
    id = "Pada hari itu naskah persetujuan yang berlaku bukan versi {version}; bacakan naskah yang berlaku kepada keluarga."


class ConsentAlreadyGiven(DomainError):
    """409: the family has said yes to this program before."""

    en = "Consent for this program has already been recorded."
    id = "Persetujuan untuk program ini sudah dicatat."


class NoConsent(DomainError):
    """409: there is no consent that could be withdrawn."""

    en = "There is no consent in force for this program."
    id = "Tidak ada persetujuan yang berlaku untuk program ini."


class RujukanNotOpen(DomainError):
    """409: the case with referral has ended."""

    en = "This rujukan is {state}; nothing more is begun in it."
    id = "Rujukan ini sudah {state}; tidak ada yang dapat dimulai lagi."


class DateTooEarly(InvalidInput):
    """422: it happened before what it follows."""

    en = "The date {on} lies before {earliest}."
    id = "Tanggal {on} lebih awal daripada {earliest}."


class ReasonCodeNeeded(InvalidInput):
    """422: DITOLAK carries a reason code, and only DITOLAK does (domain.md 5)."""

    en = "DITOLAK needs a reason code, and no other answer takes one."
    id = "DITOLAK harus disertai kode alasan, dan jawaban lain tidak memakainya."


class AnswerIdReused(DomainError):
    """409: the partner used the same answer_id for another answer."""

    en = "The answer_id {answer_id} was used before for another answer."
    id = "answer_id {answer_id} sudah dipakai untuk jawaban lain."


class DeliveryAlreadyRecorded(DomainError):
    """409: the aid was delivered once already, under another delivery_id or with other facts."""

    en = "The delivery of this aid has already been recorded."
    id = "Penyaluran bantuan ini sudah dicatat."


class AmountOutsideProgram(InvalidInput):
    """422: more rupiah than the program gives."""

    en = "The program gives at most Rp{most}."
    id = "Program ini memberi paling banyak Rp{most}."


class OutcomeAlreadyRecorded(DomainError):
    """409: the outcome of this month stands."""

    en = "The outcome at {month} months has already been recorded."
    id = "Hasil pada bulan ke-{month} sudah dicatat."


class OutcomeTooEarly(DomainError):
    """409: the month of this outcome has not come."""

    en = "The outcome at {month} months falls due on {due_on}."
    id = "Hasil pada bulan ke-{month} baru jatuh pada {due_on}."


class NothingDelivered(DomainError):
    """409: an outcome is of aid that was delivered."""

    en = "No aid has been delivered under this rujukan yet."
    id = "Belum ada bantuan yang disalurkan dalam rujukan ini."


class OutcomeNotAsked(InvalidInput):
    """422: the rule of outcomes that held on the day of delivery asks for other months."""

    en = "The outcome of this aid is asked for at {months} months after its delivery, not at {month}."
    id = "Hasil bantuan ini ditanyakan pada bulan ke-{months} sejak penyaluran, bukan bulan ke-{month}."


class AidTakenBack(DomainError):
    """409: the aid was taken back after its delivery; nothing more is asked of it."""

    en = "This rujukan was taken back on {on}; no outcome of its aid is recorded any more."
    id = "Rujukan ini dicabut pada {on}; hasil bantuannya tidak dicatat lagi."


class RelapseAlreadyReported(DomainError):
    """409: a report of this day stands."""

    en = "A relapse has already been reported for that day."
    id = "Kekambuhan sudah dilaporkan untuk hari itu."


class QuotaOverlaps(DomainError):
    """409: a later quota of the same area holds in a part of that time."""

    en = "The program {code} already has a quota for {kode_wilayah} in a part of that time."
    id = "Program {code} sudah mempunyai kuota untuk {kode_wilayah} pada sebagian waktu itu."


class QuotaBelowTaken(DomainError):
    """409: more families hold a place than there would be places."""

    en = "{taken} families hold a place in this quota; it cannot become {places}."
    id = "{taken} keluarga sudah memegang tempat dalam kuota ini; tidak dapat menjadi {places}."


class IntakeOverlaps(DomainError):
    """409: another window of the program holds in a part of that time."""

    en = "The program {code} already takes applications in a part of that time."
    id = "Program {code} sudah menerima permohonan pada sebagian waktu itu."


class RangeReversed(InvalidInput):
    """422: it would end on or before the day on which it begins."""

    en = "{ends_on} is not after {begins_on}."
    id = "{ends_on} tidak sesudah {begins_on}."


class AlreadyPast(DomainError):
    """409: what has been in force is not changed backwards."""

    en = "{on} lies in the past; what was in force then stays."
    id = "{on} sudah lewat; yang berlaku saat itu tidak diubah."


class EscalationAcknowledged(DomainError):
    """409: somebody has taken this escalation up already."""

    en = "This escalation was taken up on {on}."
    id = "Eskalasi ini sudah ditangani pada {on}."


class ProgramUnknown(InvalidInput):
    """422: no program has this code."""

    en = "There is no program with the code {code}."
    id = "Tidak ada program dengan kode {code}."


class SlaTermTaken(DomainError):
    """409: a term holds from that day or later already."""

    en = "A term already holds from {valid_from} or later."
    id = "Sudah ada tenggat yang berlaku sejak {valid_from} atau sesudahnya."


class OutcomeRuleTaken(DomainError):
    """409: a version of the months holds from that day or later already."""

    en = "Months of outcome are already set from {valid_from} or later."
    id = "Bulan pencatatan hasil sudah ditetapkan sejak {valid_from} atau sesudahnya."


class ConsentTextTaken(DomainError):
    """409: a text of consent holds from that day or later already."""

    en = "A consent text already holds from {valid_from} or later."
    id = "Sudah ada naskah persetujuan yang berlaku sejak {valid_from} atau sesudahnya."


class NoticeNotRead(DomainError):
    """409: a receipt is for what was read in the inbox, or came by webhook."""

    en = "This notice has not been read yet; read it in the inbox first."
    id = "Pemberitahuan ini belum dibaca; bacalah dahulu di kotak masuk."


class NothingToFollow(DomainError):
    """409: the offer has not come to nothing, so nothing follows it."""

    en = "This offer is {state}; a next one is proposed after a refusal, an expiry, a withdrawal or on a waiting list."
    id = (
        "Penawaran ini berstatus {state}; pilihan berikutnya diusulkan setelah ditolak, kedaluwarsa, dicabut,"
        " atau selama dalam daftar tunggu."
    )


class NoLongerFits(DomainError):
    """409: since it was drafted, a fact has changed that a hard rule of the program asks for."""

    en = "The program {code} no longer fits this family: {why}."
    id = "Program {code} tidak lagi cocok bagi keluarga ini: {why_id}."
