"""Accounts and synthetic NIK of the two pendamping of scenario 1."""

S, T = "pendamping-2", "pendamping-3"
NIK_S, NIK_T = "3324154107859501", "3324154507889502"
