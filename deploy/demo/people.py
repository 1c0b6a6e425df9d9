"""Accounts of the demonstration. The issuer has their roles and areas."""

KEMENSOS, DINSOS, KETUA = "kemensos-1", "dinsos-kendal-1", "ketua-tim-kendal-1"
# Act in no stage of a case, so one may request that its SK is undone, and the other approve it.
OTHER_KEMENSOS, THIRD_KEMENSOS = "kemensos-2", "kemensos-3"
# Acts in no stage of a case, so may decide on sanggah.
OTHER_DINSOS = "dinsos-kendal-2"
DESA_OPERATOR, KELURAHAN_OPERATOR = "operator-desa-1", "operator-desa-2"
OPERATOR = "operator-1"
