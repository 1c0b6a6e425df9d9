"""Caseload's tables and words, by noun."""

from services.caseload.models.dampingan import (
    Dampingan,
    DampinganLimit,
    DampinganLoad,
    Kunjungan,
    KunjunganPurpose,
)
from services.caseload.models.exit_proposal import (
    PROPOSAL_MOVES,
    ExitGround,
    ExitProposal,
    ExitProposalState,
)
from services.caseload.models.family import (
    AgeRule,
    Desil,
    EndReason,
    Komponen,
    Kpm,
    KpmAnggota,
    KpmHistory,
    KpmNoKk,
    Relation,
    Usaha,
)
from services.caseload.models.hand_over import DampinganGap, GapCause, HandOver, HandOverWithdrawal
from services.caseload.models.intake import StagedRow
from services.caseload.models.membership import (
    CASE_MOVES,
    SEALING_MOVES,
    CaseMark,
    CaseState,
    Kepesertaan,
    Sealing,
    SealingState,
)
from services.caseload.models.p2k2 import P2k2Kehadiran, P2k2Materi, P2k2Modul, P2k2Sesi, Presence
from services.caseload.models.past import AnggotaPast, UsahaPast, WilayahPast
from services.caseload.models.pending import KepesertaanPending, PendingOutcome
from services.caseload.models.replicas import Aid, Pendamping, Penugasan, WilayahTugas
from services.caseload.models.table import Table
from services.caseload.models.tugas import Tugas, TugasKind, TugasTerm
from services.caseload.models.usulan import USULAN_MOVES, Usulan, UsulanGround, UsulanState

__all__ = [
    "CASE_MOVES",
    "PROPOSAL_MOVES",
    "SEALING_MOVES",
    "USULAN_MOVES",
    "AgeRule",
    "Aid",
    "AnggotaPast",
    "CaseMark",
    "CaseState",
    "Dampingan",
    "DampinganGap",
    "DampinganLimit",
    "DampinganLoad",
    "Desil",
    "EndReason",
    "ExitGround",
    "ExitProposal",
    "ExitProposalState",
    "GapCause",
    "HandOver",
    "HandOverWithdrawal",
    "Kepesertaan",
    "KepesertaanPending",
    "Komponen",
    "Kpm",
    "KpmAnggota",
    "KpmHistory",
    "KpmNoKk",
    "Kunjungan",
    "KunjunganPurpose",
    "P2k2Kehadiran",
    "P2k2Materi",
    "P2k2Modul",
    "P2k2Sesi",
    "Pendamping",
    "PendingOutcome",
    "Penugasan",
    "Presence",
    "Relation",
    "Sealing",
    "SealingState",
    "StagedRow",
    "Table",
    "Tugas",
    "TugasKind",
    "TugasTerm",
    "Usaha",
    "UsahaPast",
    "Usulan",
    "UsulanGround",
    "UsulanState",
    "WilayahPast",
    "WilayahTugas",
]
