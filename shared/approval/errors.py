from shared.errors import DomainError, InvalidInput
from shared.remedies import ALREADY_DONE, CORRECT_REQUEST, ENDED, OTHER_PERSON, operation
from shared.roles import OFFICE


class ApprovalEvidenceMissing(InvalidInput):
    """422: a second person decides on evidence, which the request must name."""

    en = "A second person decides this on evidence. Upload the scan (POST /v1/files) and name it in evidence_sha256."
    id = "Hal ini diputus orang kedua berdasarkan bukti. Unggah pindaiannya (POST /v1/files) dan sebutkan di evidence_sha256."
    remedy = operation("put_file", OFFICE)


class ApprovalAlreadyRequested(DomainError):
    """409: the same act is requested already and waits for a decision."""

    en = "This has been requested already and waits for the approval (GET /v1/approval-request?state=REQUESTED)."
    id = "Hal ini sudah diajukan dan menunggu persetujuan (GET /v1/approval-request?state=REQUESTED)."
    more_params = ("approval_request_id",)
    remedy = ALREADY_DONE


class ApprovalRequestClosed(DomainError):
    """409: the request was approved, refused or withdrawn, or has expired."""

    en = "This request is {state}. If the act is still needed, request it again."
    id = "Permintaan ini berstatus {state}. Bila masih diperlukan, ajukan lagi."
    remedy = ENDED


class ApprovalRequestExpired(DomainError):
    """409: the days of the request are over."""

    en = "This request expired on {on}. If the act is still needed, request it again with the evidence of today."
    id = "Permintaan ini kedaluwarsa pada {on}. Bila masih diperlukan, ajukan lagi dengan bukti terkini."
    remedy = ENDED


class ApprovalBodyDiffers(DomainError):
    """409: the approver has seen another request than this one."""

    en = "The hash is not that of this request. Read the request again, and approve what it contains."
    id = "Hash tidak sesuai dengan permintaan ini. Baca lagi permintaannya, lalu setujui isinya."
    remedy = CORRECT_REQUEST


class RequestOfAnotherPerson(DomainError):
    """403: only the requester withdraws a request. Others refuse it."""

    status = 403
    en = "Only the requester can withdraw this. Whoever may approve it can refuse it instead."
    id = "Hanya pengaju yang dapat menariknya. Pihak yang berwenang menyetujui dapat menolaknya."
    remedy = OTHER_PERSON
