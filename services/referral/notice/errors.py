from shared.errors import DomainError


class NoticeNotRead(DomainError):
    """409: a receipt is for what was read in the inbox, or came by webhook."""

    en = "This notice has not been read yet; read it in the inbox first."
    id = "Pemberitahuan ini belum dibaca; bacalah dahulu di kotak masuk."
