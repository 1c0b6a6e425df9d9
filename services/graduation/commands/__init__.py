"""What graduation does when it is asked to; one call is one transaction's worth."""

from services.graduation.commands.annulment import BackPay, Undoing, annul
from services.graduation.commands.asesmen import assess
from services.graduation.commands.candidates import keep_candidates
from services.graduation.commands.case import Act
from services.graduation.commands.credit_rule import NewCreditRule, set_credit_rule
from services.graduation.commands.decree import BulkDocument, put_cases_in, request_sk
from services.graduation.commands.exit_withdrawal import hear_withdrawal
from services.graduation.commands.exits import hear_exit, take_up_waiting
from services.graduation.commands.monitoring import Finding, record_monitoring
from services.graduation.commands.moving import follow_families
from services.graduation.commands.opening import open_case
from services.graduation.commands.penetapan import Document, determine
from services.graduation.commands.policy import (
    InstrumentDraft,
    PolicyDraft,
    activate_policy,
    approve_policy,
    draft_policy,
    withdraw_policy,
)
from services.graduation.commands.review import (
    Because,
    BeritaAcara,
    CancellationGround,
    RefusalGround,
    approve,
    cancel,
    deliberate,
    postpone,
    refuse,
    resume,
    send_back,
    verify,
)
from services.graduation.commands.sanggah import Paper, Ruling, decide_sanggah, lodge_sanggah
from services.graduation.commands.tahap import set_tahap
from services.graduation.commands.tasks import ask_for_check
from services.graduation.commands.term import TAHAP_STARTED, TERM_ENDED, begin_monitoring, take_effect
from services.graduation.commands.usul import SignedPaper, propose, sign_statement
from services.graduation.scoring import Answer

__all__ = [
    "TAHAP_STARTED",
    "TERM_ENDED",
    "Act",
    "Answer",
    "BackPay",
    "Because",
    "BeritaAcara",
    "BulkDocument",
    "CancellationGround",
    "Document",
    "Finding",
    "InstrumentDraft",
    "NewCreditRule",
    "Paper",
    "PolicyDraft",
    "RefusalGround",
    "Ruling",
    "SignedPaper",
    "Undoing",
    "activate_policy",
    "annul",
    "approve",
    "approve_policy",
    "ask_for_check",
    "assess",
    "begin_monitoring",
    "cancel",
    "decide_sanggah",
    "deliberate",
    "determine",
    "draft_policy",
    "follow_families",
    "hear_exit",
    "hear_withdrawal",
    "keep_candidates",
    "lodge_sanggah",
    "open_case",
    "postpone",
    "propose",
    "put_cases_in",
    "record_monitoring",
    "refuse",
    "request_sk",
    "resume",
    "send_back",
    "set_credit_rule",
    "set_tahap",
    "sign_statement",
    "take_effect",
    "take_up_waiting",
    "verify",
    "withdraw_policy",
]
