-- The first content of the rules.

INSERT INTO consent_text (version, valid_from, adult_from, basis, set_by, text) VALUES (1, '2025-01-01', 18,
'Isi pertama, sampai ditetapkan', 'system:referral',
'Saya setuju Kementerian Sosial menyampaikan data minimum keluarga saya (NIK, nama, dan hubungan keluarga saya serta '
'pemilik usaha yang ikut menandatangani, nomor telepon, dan ringkasan usaha) '
'kepada mitra program yang disebutkan, hanya untuk menindaklanjuti rujukan program tersebut setelah graduasi. '
'Data lain, termasuk peringkat kesejahteraan, kesehatan, anak, anggota keluarga lain, dan riwayat bantuan, tidak disampaikan. '
'Saya dapat menarik persetujuan ini kapan saja melalui pendamping, Puskesos, atau Dinas Sosial; penarikan tidak '
'memengaruhi hak saya yang lain.');

INSERT INTO outcome_rule (version, months, valid_from, basis, set_by)
    VALUES (1, ARRAY[3, 6, 12, 24], '2000-01-01', 'Isi pertama: hasil bantuan pada bulan ke-3, 6, 12, dan 24', 'system:referral');

INSERT INTO sla_term (sla_term_id, program_code, remind_before_days, escalate_after_days, expire_after_days,
    close_after_days, deliver_within_days, correct_within_days, valid_from, basis, set_by) VALUES
    ('019a0000-0000-7000-8000-000000000001', NULL, 3, 1, 90, 90, 60, 90, '2020-01-01',
    'Isi pertama, sampai ditetapkan per program', 'system:referral');

INSERT INTO breaker_limit (partner_code, failures_to_open, wait_seconds, version, set_by)
    VALUES ('*', 5, 60, 1, 'system:referral');

-- A paper of consent serves one family.
INSERT INTO platform.evidence_kind (kind, valid_from, shared_by, source) VALUES
  ('PERSETUJUAN', '2025-01-01', 'FAMILY', 'First content');

INSERT INTO platform.deadline_rule (deadline_rule_id, subject_kind, state, days, escalate_to, basis, valid_from, set_by)
    VALUES (uuidv7(), '*', '*', 14, '[{"role": "DINSOS_KABKOTA", "days": 14}, {"role": "KEMENSOS", "days": 14}]',
    'Isi pertama, sampai ditetapkan', '2000-01-01', 'system:referral');
