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
    Komponen,
    Kpm,
    KpmAnggota,
    KpmHistory,
    KpmNoKk,
    Relation,
    Usaha,
)
from services.caseload.models.hand_over import DampinganGap, GapCause, HandOver
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
    "CaseMark",
    "CaseState",
    "Dampingan",
    "DampinganGap",
    "DampinganLimit",
    "DampinganLoad",
    "Desil",
    "ExitGround",
    "ExitProposal",
    "ExitProposalState",
    "GapCause",
    "HandOver",
    "Kepesertaan",
    "Komponen",
    "Kpm",
    "KpmAnggota",
    "KpmHistory",
    "KpmNoKk",
    "Kunjungan",
    "KunjunganPurpose",
    "Pendamping",
    "Penugasan",
    "Relation",
    "Sealing",
    "SealingState",
    "StagedRow",
    "Table",
    "Tugas",
    "TugasKind",
    "TugasTerm",
    "Usaha",
    "Usulan",
    "UsulanGround",
    "UsulanState",
    "WilayahTugas",
]
