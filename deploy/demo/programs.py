"""The partners' programs in the demonstration (docs/domain.md#partner-programs)."""

from __future__ import annotations

from typing import Any

from deploy.demo.families import DESA


def rule(name: str, op: str, value: Any, source: str) -> dict[str, Any]:
    return {
        "field": name,
        "op": op,
        "value": value,
        "strength": "HARD",
        "source": source,
        "version": "2026-01",
    }


PARTNERS = {
    "BANK_KUR": {"name": "Bank Penyalur KUR", "kind": "BANK"},
    "PLUT_KENDAL": {"name": "PLUT-KUMKM Kabupaten Kendal", "kind": "PEMDA", "kode_wilayah": "33.24"},
    "KDMP_DESA": {"name": "Koperasi Desa Merah Putih", "kind": "BADAN", "kode_wilayah": DESA},
    "BPJSTK": {"name": "BPJS Ketenagakerjaan", "kind": "BADAN"},
}
BASIS = "UU 27/2022 Pasal 20 ayat (2) huruf a"
# By code: partner, benefit, rules, and the data that the partner needs.
PROGRAMS: dict[str, dict[str, Any]] = {
    "KUR_SUPERMIKRO": {
        "partner": "BANK_KUR",
        "name": "KUR Super Mikro",
        "benefit_kinds": ["MODAL"],
        "amount_max_rp": 10_000_000,
        "sla_days": 14,
        "minimum_data": ["nik", "name", "phone", "usaha", "persons", "sk_no"],
        "required_documents": ["KTP", "Surat keterangan usaha"],
        "rules": [
            rule("usaha_months", "GE", 6, "Permenko 7/2025"),
            rule("owner_age", "GE_OR_MARRIED", 21, "Permenko 7/2025"),
            rule("usaha_registered", "EQ", value=True, source="Permenko 7/2025"),
        ],
    },
    "PLUT_PENDAMPINGAN": {
        "partner": "PLUT_KENDAL",
        "name": "Pendampingan usaha PLUT-KUMKM",
        "benefit_kinds": ["PENDAMPINGAN"],
        "sla_days": 30,
        "minimum_data": ["name", "phone", "usaha", "persons"],
        "rules": [
            rule("desil_nas", "GE", 5, "MoU 20-03-2025"),
            rule("kode_wilayah", "WITHIN", ["33.24"], "MoU 20-03-2025"),
        ],
    },
    "KDMP_PASAR": {
        "partner": "KDMP_DESA",
        "name": "Pasar dan anggota KDMP",
        "benefit_kinds": ["PASAR"],
        "sla_days": 30,
        "send_from": "effective",
        "minimum_data": ["name", "sk_no", "certificate_no"],
        "rules": [rule("kode_wilayah", "WITHIN", [DESA], "MoU Kemensos-Kemenkop 23-01-2026")],
    },
    "BPJSTK_BPU": {
        "partner": "BPJSTK",
        "name": "Perlindungan pekerja bukan penerima upah",
        "benefit_kinds": ["JAMINAN"],
        "sla_days": 30,
        "minimum_data": ["nik", "name"],
        "rules": [rule("able_productive", "GE", 1, "PP 44/2015")],
    },
}
CONSENTED = {"KUR_SUPERMIKRO": "MODAL", "PLUT_PENDAMPINGAN": "PENDAMPINGAN", "KDMP_PASAR": "PASAR"}
OPTIONAL = "BPJSTK_BPU"
