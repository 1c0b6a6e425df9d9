"""The two of scenario 1, by account; the numbers are synthetic."""

S, T = "pendamping-2", "pendamping-3"
NIK_S, NIK_T = "3324154107859501", "3324154507889502"
