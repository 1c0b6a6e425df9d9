-- First versions of rules, limits and terms. They are data, not constants.

INSERT INTO dampingan_limit (kind, version, warn_above, refuse_above, valid, basis, set_by, set_at) VALUES
    ('PKH_PENDAMPING', 1, 450, 600, '[2019-01-01,)', 'first content: warn above 450, refuse above 600',
    'system:migration', clock_timestamp());

INSERT INTO age_rule (version, able_from, able_below, lansia_from, without_nik_below, valid, source) VALUES
    (1, 18, 60, 60, 6, '[2019-01-01,)',
    'first content: able 18 to 59 and not severely disabled; lansia from 60; a child below 6 may have no NIK yet');

INSERT INTO late_entry_rule (valid_from, days, source) VALUES
    ('2019-01-01', 30, 'first content: a visit or a session may be entered up to 30 days later');
INSERT INTO usaha_rule (version, transfer_days, valid, source) VALUES
    (1, 90, '[2019-01-01,)', 'first content: a business of the dead or departed is transferred within 90 days');

INSERT INTO platform.scheduled_task (scheduled_task_id, kind, subject_id, clock, due_at, payload) VALUES
    (uuidv7(), 'kpm_facts.update', 'facts', 'business', '2019-01-01', '{}');

INSERT INTO exit_ground (exit_reason, version, only_alone, valid, source) VALUES
    ('MENINGGAL', 1, true, '[2019-01-01,)', 'first content: of a family of one; elsewhere a death is of a member'),
    ('PINDAH', 1, false, '[2019-01-01,)', 'first content: only where the membership cannot continue'),
    ('DATA_GANDA', 1, false, '[2019-01-01,)', 'first content'),
    ('TIDAK_DITEMUKAN', 1, false, '[2019-01-01,)', 'first content');

INSERT INTO tugas_term (kind, version, days, valid, source) VALUES
    ('GANTI_PENGURUS', 1, 30, '[2019-01-01,)', 'first content: a month to name another pengurus'),
    ('KUNJUNGAN_KAMBUH', 1, 14, '[2019-01-01,)', 'first content: a visit within two weeks of the report'),
    ('RE_ENTRY', 1, 30, '[2019-01-01,)', 'first content: an usulan within a month of the finding'),
    ('LENGKAPI_DATA', 1, 14, '[2019-01-01,)', 'first content: a partner waits two weeks at most for what it asked'),
    ('PASANG_PENDAMPING', 1, 14, '[2019-01-01,)', 'first content: a family is without a pendamping two weeks at most'),
    ('PUTUSKAN_KEPESERTAAN', 1, 30, '[2019-01-01,)', 'first content: a month to decide the bansos of a split-off family');

INSERT INTO p2k2_modul (p2k2_modul_id, module, name, valid, source) VALUES
    (1, 1, 'Pengasuhan dan pendidikan anak', '[2019-01-01,)', 'first content: the six modules in use; wording of our own'),
    (2, 2, 'Keuangan keluarga dan rencana usaha', '[2019-01-01,)', 'first content: the six modules in use; wording of our own'),
    (3, 3, 'Kesehatan dan gizi', '[2019-01-01,)', 'first content: the six modules in use; wording of our own'),
    (4, 4, 'Perlindungan anak', '[2019-01-01,)', 'first content: the six modules in use; wording of our own'),
    (5, 5, 'Kesejahteraan sosial', '[2019-01-01,)', 'first content: the six modules in use; wording of our own'),
    (6, 6, 'Pencegahan dan penanganan stunting', '[2019-01-01,)', 'first content: the six modules in use; wording of our own');

INSERT INTO p2k2_materi (p2k2_materi_id, module, session, name, valid) VALUES
    (1, 1, 1, 'Menjadi orang tua yang makin baik', '[2019-01-01,)'),
    (2, 1, 2, 'Mengenali perilaku anak', '[2019-01-01,)'),
    (3, 1, 3, 'Anak usia dini belajar sambil bermain', '[2019-01-01,)'),
    (4, 1, 4, 'Menyiapkan anak berhasil di sekolah', '[2019-01-01,)'),
    (5, 2, 1, 'Mengatur uang keluarga', '[2019-01-01,)'),
    (6, 2, 2, 'Bijak meminjam, rajin menabung', '[2019-01-01,)'),
    (7, 2, 3, 'Memulai usaha', '[2019-01-01,)'),
    (8, 3, 1, 'Ibu hamil dan seribu hari pertama kehidupan', '[2019-01-01,)'),
    (9, 3, 2, 'Ibu menyusui dan anak balita', '[2019-01-01,)'),
    (10, 3, 3, 'Penyakit pada anak, lingkungan sehat dan perilaku bersih', '[2019-01-01,)'),
    (11, 4, 1, 'Mencegah kekerasan terhadap anak', '[2019-01-01,)'),
    (12, 4, 2, 'Mencegah penelantaran dan eksploitasi anak', '[2019-01-01,)'),
    (13, 5, 1, 'Keluarga dengan penyandang disabilitas', '[2019-01-01,)'),
    (14, 5, 2, 'Keluarga dengan lanjut usia', '[2019-01-01,)'),
    (15, 6, 1, 'Apa itu stunting dan akibatnya', '[2019-01-01,)'),
    (16, 6, 2, 'Mengapa anak mengalami stunting', '[2019-01-01,)'),
    (17, 6, 3, 'Seribu hari pertama yang menentukan', '[2019-01-01,)'),
    (18, 6, 4, 'Gizi remaja putri dan calon ibu', '[2019-01-01,)'),
    (19, 6, 5, 'Gizi ibu hamil', '[2019-01-01,)'),
    (20, 6, 6, 'Memeriksakan kehamilan', '[2019-01-01,)'),
    (21, 6, 7, 'Inisiasi menyusu dini dan ASI eksklusif', '[2019-01-01,)'),
    (22, 6, 8, 'Makanan pendamping ASI', '[2019-01-01,)'),
    (23, 6, 9, 'Makan beragam dari bahan setempat', '[2019-01-01,)'),
    (24, 6, 10, 'Memantau tumbuh kembang di posyandu', '[2019-01-01,)'),
    (25, 6, 11, 'Imunisasi dasar lengkap', '[2019-01-01,)'),
    (26, 6, 12, 'Diare, infeksi dan perawatannya', '[2019-01-01,)'),
    (27, 6, 13, 'Air bersih, jamban dan cuci tangan', '[2019-01-01,)'),
    (28, 6, 14, 'Pola asuh dan stimulasi anak', '[2019-01-01,)'),
    (29, 6, 15, 'Layanan dan bantuan bagi keluarga berisiko stunting', '[2019-01-01,)');

INSERT INTO approval_rule (valid_from, days, source) VALUES
    ('2019-01-01', 14, 'First content: a request of two persons can be approved within 14 days');

-- Evidence about one family serves it alone; the paper of a split or a merge serves several.
INSERT INTO platform.evidence_kind (kind, valid_from, shared_by, source) VALUES
  ('USULAN_KELUAR', '2025-01-01', 'FAMILY', 'First content'),
  ('KEMATIAN', '2025-01-01', 'SUBJECT', 'First content'),
  ('ANGGOTA_KELUAR', '2025-01-01', 'FAMILY', 'First content'),
  ('KARTU', '2025-01-01', 'FAMILY', 'First content'),
  ('PISAH_GABUNG', '2025-01-01', 'ANY', 'First content'),
  ('PINDAH', '2025-01-01', 'FAMILY', 'First content'),
  ('USAHA', '2025-01-01', 'FAMILY', 'First content'),
  ('USULAN', '2025-01-01', 'FAMILY', 'First content');

INSERT INTO platform.deadline_rule (deadline_rule_id, subject_kind, state, days, escalate_to, basis, valid_from, set_by)
    VALUES (uuidv7(), '*', '*', 14, '[{"role": "DINSOS_KABKOTA", "days": 14}, {"role": "KEMENSOS", "days": 14}]',
    'Isi pertama, sampai ditetapkan', '2000-01-01', 'system:caseload');
