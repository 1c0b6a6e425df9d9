-- The first versions of the rules. A later version is another row.

INSERT INTO late_entry_rule (valid_from, days, source) VALUES
  ('2019-01-01', 30, 'First content: a monitoring result may be entered up to 30 days after the visit');

INSERT INTO credit_rule (version, valid_from, basis, set_by, text_en, text_id) VALUES (1, '2025-01-01', 'Isi pertama, sampai ditetapkan', 'system:graduation',
  'Of a family''s penetapan in a year the first that stands counts once, to the penugasan that authored the assessment to which the proposal is pinned (on short paths: to the proposer''s), in the year of the SK''s date, at the family''s area then.',
  'Dari penetapan satu keluarga dalam setahun, yang pertama dan masih berlaku dihitung satu kali, bagi penugasan penyusun asesmen yang menjadi dasar usulan (pada jalur pendek: pengusul), pada tahun tanggal SK, di wilayah keluarga saat itu.');

INSERT INTO instrument (instrument_id, version, threshold_percent, exempt_below_able, criteria, source)
VALUES ('019a0000-0000-7000-8000-000000000001', 1, 70, 1, 19, 'First content: a start set of indicators and thresholds, to be replaced by the juknis in force');

INSERT INTO indicator (instrument_id, criteria, position, code, source, value_type, rule, passes_at, weight, knock_out, evidence_required, text_en, text_id)
SELECT '019a0000-0000-7000-8000-000000000001', 19, * FROM (VALUES
  (1, 'INCOME_PER_CAPITA_RP', 'ANSWER', 'INT', 'AT_LEAST', 900000, 20, true, true, 'Income per person a month, in rupiah', 'Pendapatan per orang per bulan, dalam rupiah'),
  (2, 'INCOME_STABLE_MONTHS', 'ANSWER', 'INT', 'AT_LEAST', 6, 10, false, false, 'Months for which the income has been steady', 'Lama pendapatan stabil, dalam bulan'),
  (3, 'DEBT_BURDEN_PERCENT', 'ANSWER', 'INT', 'AT_MOST', 35, 10, false, false, 'Instalments as a percentage of income', 'Cicilan sebagai persentase pendapatan'),
  (4, 'SAVINGS_RP', 'ANSWER', 'INT', 'AT_LEAST', 500000, 5, false, false, 'Savings, in rupiah', 'Tabungan, dalam rupiah'),
  (5, 'HOUSE_FLAWS', 'ANSWER', 'INT', 'AT_MOST', 1, 5, false, true, 'How many of the five RTLH flaws the house has', 'Jumlah kekurangan rumah dari lima ciri RTLH'),
  (6, 'FLOOR_M2_PER_PERSON', 'ANSWER', 'INT', 'AT_LEAST', 8, 5, false, false, 'Floor area per person, in whole square metres', 'Luas lantai per orang, dalam meter persegi bulat'),
  (7, 'PRODUCTIVE_ASSETS', 'ANSWER', 'INT', 'AT_LEAST', 1, 5, false, false, 'Number of productive assets', 'Jumlah aset produktif'),
  (8, 'VULNERABLE_UNCARED', 'ANSWER', 'INT', 'AT_MOST', 0, 5, false, false, 'Vulnerable members without care', 'Anggota rentan yang tidak terurus'),
  (9, 'HEALTH_COVER_PLAN', 'ANSWER', 'BOOL', 'IS', 1, 5, false, false, 'The family knows how its health is covered after the exit', 'Keluarga memiliki rencana jaminan kesehatan setelah graduasi'),
  (10, 'CHILDREN_IN_SCHOOL', 'ANSWER', 'BOOL', 'IS', 1, 5, false, false, 'All children of school age are in school', 'Semua anak usia sekolah bersekolah'),
  (11, 'USAHA_AGE_MONTHS', 'FACT', 'INT', 'AT_LEAST', 6, 5, false, false, 'Age of the oldest business, in months', 'Usia usaha tertua, dalam bulan'),
  (12, 'USAHA_OMZET_RP', 'FACT', 'INT', 'AT_LEAST', 4000000, 5, false, false, 'Turnover of all businesses a month, in rupiah', 'Omzet seluruh usaha per bulan, dalam rupiah'),
  (13, 'USAHA_PERMIT', 'FACT', 'BOOL', 'IS', 1, 5, false, false, 'A business has a NIB or a letter', 'Usaha memiliki NIB atau surat keterangan'),
  (14, 'DESIL_NAS', 'FACT', 'INT', 'AT_LEAST', 5, 10, false, false, 'National desil now', 'Desil nasional saat ini'),
  (15, 'DESIL_NAS_RISE', 'FACT', 'INT', 'AT_LEAST', 0, 5, false, false, 'Rise of the national desil over the last four snapshots', 'Kenaikan desil nasional pada empat pemutakhiran terakhir'),
  (16, 'DEPENDENCY_PERCENT', 'FACT', 'INT', 'AT_MOST', 150, 5, false, false, 'Dependants as a percentage of able members of working age', 'Tanggungan sebagai persentase anggota produktif'),
  (17, 'P2K2_PERCENT', 'FACT', 'INT', 'AT_LEAST', 70, 5, false, false, 'P2K2 attendance in percent of invitations', 'Kehadiran P2K2 dalam persen undangan'),
  (18, 'PROGRAM_YEARS', 'FACT', 'INT', 'NONE', 0, 0, false, false, 'Full years in this bansos', 'Lama kepesertaan pada bansos ini, dalam tahun penuh'),
  (19, 'BERSEDIA', 'ANSWER', 'BOOL', 'NONE', 0, 0, false, false, 'Is the family willing (asked, unweighted)', 'Apakah keluarga bersedia (ditanyakan, tanpa bobot)')
) AS content (position, code, source, value_type, rule, passes_at, weight, knock_out, evidence_required, text_en, text_id);

INSERT INTO policy (policy_id, exit_reason, version, valid_from, opened_by, stages, four_people, needs_score, needs_statement,
  needs_komponen_ended, counts, opens_rujukan, sanggah_length, sanggah_unit, sanggah_starts_from,
  monitoring_months, follow_up_months, survival_months, check_days, instrument_id, credit_rule_version,
  first_content, candidate_desil_scope, candidate_desil_at_least, candidate_usaha_months, candidate_program_years, candidate_komponen_months)
SELECT content.policy_id::uuid, content.exit_reason, 1, '2025-01-01', content.opened_by, content.stages, true, content.scored, content.scored,
  content.exit_reason = 'ALAMIAH', content.scored, content.opens_rujukan, 30, 'DAY', 'ANNOUNCED_ON',
  -- A family that has died, moved, was counted twice or was not found is not visited: no months, no follow-ups.
  CASE WHEN content.opened_by = 'PENDAMPING' THEN 6 ELSE 0 END, CASE WHEN content.opened_by = 'PENDAMPING' THEN ARRAY[12, 24] ELSE '{}' END,
  CASE WHEN content.opened_by = 'PENDAMPING' THEN ARRAY[6, 12, 24] ELSE '{}' END, 14,
  CASE WHEN content.scored THEN '019a0000-0000-7000-8000-000000000001'::uuid END, 1,
  -- Candidates: desil 5 and above, a business for 6 months, 5 years in the bansos. ALAMIAH: the last komponen ends.
  true, CASE WHEN content.scored THEN 'NAS' END, CASE WHEN content.scored THEN 5 END, CASE WHEN content.scored THEN 6 END,
  CASE WHEN content.scored THEN 5 END, CASE WHEN content.exit_reason = 'ALAMIAH' THEN 3 END
FROM (VALUES
  ('019a0000-0000-7000-8000-000000000101', 'SEJAHTERA_MANDIRI', 'PENDAMPING', ARRAY['USUL','VERIFIKASI','MUSYAWARAH','PERSETUJUAN','PENETAPAN','SANGGAH'], true, true),
  ('019a0000-0000-7000-8000-000000000102', 'SEJAHTERA_PPSE', 'PENDAMPING', ARRAY['USUL','VERIFIKASI','MUSYAWARAH','PERSETUJUAN','PENETAPAN','SANGGAH'], true, true),
  ('019a0000-0000-7000-8000-000000000103', 'ALAMIAH', 'PENDAMPING', ARRAY['USUL','VERIFIKASI','PERSETUJUAN','PENETAPAN','SANGGAH'], false, true),
  ('019a0000-0000-7000-8000-000000000104', 'MENINGGAL', 'EXIT_PROPOSED', ARRAY['USUL','VERIFIKASI','PERSETUJUAN','PENETAPAN','SANGGAH'], false, false),
  ('019a0000-0000-7000-8000-000000000105', 'PINDAH', 'EXIT_PROPOSED', ARRAY['USUL','VERIFIKASI','PERSETUJUAN','PENETAPAN','SANGGAH'], false, false),
  ('019a0000-0000-7000-8000-000000000106', 'DATA_GANDA', 'EXIT_PROPOSED', ARRAY['USUL','VERIFIKASI','PERSETUJUAN','PENETAPAN','SANGGAH'], false, false),
  ('019a0000-0000-7000-8000-000000000107', 'TIDAK_DITEMUKAN', 'EXIT_PROPOSED', ARRAY['USUL','VERIFIKASI','PERSETUJUAN','PENETAPAN','SANGGAH'], false, false)
) AS content (policy_id, exit_reason, opened_by, stages, scored, opens_rujukan);

-- An SK is entered up to 60 days after its date, and announced up to 60 days ahead.
INSERT INTO sk_rule (valid_from, late_entry_days, announce_ahead_days) VALUES ('2025-01-01', 60, 60);

-- Nobody decides on a family that they accompanied within the last 24 months.
INSERT INTO separation_rule (valid_from, months) VALUES ('2025-01-01', 24);

-- Whose assessment is no ground for a decision: who was dismissed, and who is under an ethics hearing.
INSERT INTO author_rule (status, reason, valid_from, text_en, text_id) VALUES
  ('DIBERHENTIKAN', '*', '2025-01-01', 'has been dismissed', 'telah diberhentikan'),
  ('NONAKTIF', 'SIDANG_ETIK', '2025-01-01', 'is under an ethics hearing', 'sedang menjalani sidang etik');

-- Months that are entered within an hour, without dated evidence, are flagged.
INSERT INTO monitoring_rule (valid_from, together_minutes) VALUES ('2025-01-01', 60);

-- Who may share one piece of evidence. Papers about a family serve its cases on each of its memberships.
INSERT INTO platform.evidence_kind (kind, valid_from, shared_by, source)
SELECT kind, '2025-01-01', shared_by, 'First content' FROM (VALUES ('ASESMEN', 'FAMILY'), ('PERNYATAAN', 'FAMILY'),
  ('VERIFIKASI', 'FAMILY'), ('BERITA_ACARA', 'NAMED'), ('SURAT', 'FAMILY'), ('SK', 'ANY'), ('SANGGAH', 'SUBJECT'),
  ('PEMANTAUAN', 'SUBJECT'), ('USULAN_KELUAR', 'FAMILY')) AS content (kind, shared_by);

INSERT INTO tahap_calendar (year, number, starts_on, cutoff_on, set_by)
SELECT year, quarter, make_date(year, quarter * 3 - 2, 1), (make_date(year, quarter * 3 - 2, 1) - interval '1 month')::date + 19,
    'system:graduation'
FROM generate_series(2026, 2027) AS year, generate_series(1, 4) AS quarter;

INSERT INTO approval_rule (valid_from, days, source) VALUES
    ('2019-01-01', 14, 'First content: a request of two persons can be approved within 14 days');
INSERT INTO platform.deadline_rule (deadline_rule_id, subject_kind, state, days, escalate_to, basis, valid_from, set_by)
    VALUES (uuidv7(), '*', '*', 14, '[{"role": "DINSOS_KABKOTA", "days": 14}, {"role": "KEMENSOS", "days": 14}]',
    'Isi pertama, sampai ditetapkan', '2000-01-01', 'system:graduation');
