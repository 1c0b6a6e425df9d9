from shared.errors import DomainError
from shared.remedies import operation
from shared.roles import PARTNERS


class NoticeNotRead(DomainError):
    """409: the notice was neither read in the inbox nor sent by webhook."""

    en = "This notice has not been read yet; read it in the inbox first."
    id = "Pemberitahuan ini belum dibaca; bacalah dahulu di kotak masuk."
    remedy = operation("read_inbox", PARTNERS)
