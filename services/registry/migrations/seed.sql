-- The first content of the rules. Rules are rows, not constants in the code.

-- No source gives the first day of each kind. 2000-01-01 is before every placement.
INSERT INTO pilar_kind (pilar_kind_id, kind, name, ditjen, level, held_by, source, valid_from, version, set_at, set_by)
SELECT uuidv7(), kind, name, ditjen, level, held_by, source, DATE '2000-01-01', 1, clock_timestamp(), 'system:migration'
FROM (VALUES
    ('PKH_PENDAMPING', 'Pendamping sosial PKH', 'LINJAMSOS', 'DESA', 'PERSON', 'Permensos 1/2018'),
    ('PKH_KETUA_TIM_KABKOTA', 'Ketua tim PKH kabupaten/kota', 'LINJAMSOS', 'KABKOTA', 'PERSON', 'First content; to be confirmed by the ministry'),
    ('PKH_KETUA_TIM_PROV', 'Ketua tim PKH provinsi', 'LINJAMSOS', 'PROV', 'PERSON', 'First content; to be confirmed by the ministry'),
    ('PKH_APD', 'Administrator pangkalan data PKH', 'LINJAMSOS', 'KABKOTA', 'PERSON', 'First content; to be confirmed by the ministry'),
    ('TKSK', 'Tenaga kesejahteraan sosial kecamatan', 'DAYASOS', 'KECAMATAN', 'PERSON', 'Permensos 28/2018'),
    ('PSM', 'Pekerja sosial masyarakat', 'DAYASOS', 'DESA', 'PERSON', 'Permensos 10/2019'),
    ('TAGANA', 'Taruna siaga bencana', 'LINJAMSOS', 'KABKOTA', 'PERSON', 'Permensos 28/2012'),
    ('KARANG_TARUNA', 'Karang taruna', 'DAYASOS', 'DESA', 'EITHER', 'Permensos 25/2019, Permensos 9/2025'),
    ('PORDAM', 'Pelopor perdamaian', 'LINJAMSOS', 'KABKOTA', 'PERSON', 'First content; to be confirmed by the ministry'),
    ('REHSOS_PENDAMPING', 'Pendamping rehabilitasi sosial', 'REHSOS', 'KABKOTA', 'PERSON', 'First content; to be confirmed by the ministry'),
    ('REHSOS_LANSIA', 'Pendamping lanjut usia', 'REHSOS', 'KABKOTA', 'PERSON', 'Rehsos clusters of 2020; to be confirmed by the ministry'),
    ('REHSOS_DISABILITAS', 'Pendamping penyandang disabilitas', 'REHSOS', 'KABKOTA', 'PERSON', 'Rehsos clusters of 2020; to be confirmed by the ministry'),
    ('SAKTI_PEKSOS', 'Satuan bakti pekerja sosial', 'REHSOS', 'KABKOTA', 'PERSON', 'Rehsos clusters of 2020; to be confirmed by the ministry'),
    ('KONSELOR_ADIKSI', 'Konselor adiksi', 'REHSOS', 'KABKOTA', 'PERSON', 'Rehsos clusters of 2020; to be confirmed by the ministry'),
    ('REHSOS_TUNSOS_KPO', 'Pendamping tuna sosial dan korban perdagangan orang', 'REHSOS', 'KABKOTA', 'PERSON', 'Rehsos clusters of 2020; to be confirmed by the ministry'),
    ('LKS', 'Lembaga kesejahteraan sosial', 'DAYASOS', 'LEMBAGA', 'LEMBAGA', 'First content; to be confirmed by the ministry'),
    ('PUSKESOS_PETUGAS', 'Petugas pusat kesejahteraan sosial', 'DAYASOS', 'DESA', 'PERSON', 'First content; to be confirmed by the ministry'),
    ('SLRT_FASILITATOR', 'Fasilitator sistem layanan dan rujukan terpadu', 'DAYASOS', 'KABKOTA', 'PERSON', 'First content; to be confirmed by the ministry')
) AS first(kind, name, ditjen, level, held_by, source);
INSERT INTO range_history (range_history_id, thing, thing_id, number, valid_from, valid_to, reason, recorded_at, recorded_by)
SELECT uuidv7(), 'PILAR_KIND', pilar_kind_id, 1, valid_from, valid_to, 'ISI_PERTAMA', set_at, set_by FROM pilar_kind;

INSERT INTO role_conflict
    (role_conflict_id, kind, other_kind, paid_only, reason_en, reason_id, source, valid_from, version, set_by)
SELECT uuidv7(), 'PKH_PENDAMPING', other, paid_only,
    CASE WHEN paid_only THEN 'a PKH pendamping holds no second paid post'
         ELSE 'who supervises pendamping is not one of them' END,
    CASE WHEN paid_only THEN 'pendamping PKH tidak boleh merangkap pekerjaan bergaji'
         ELSE 'pengawas pendamping tidak merangkap pendamping' END,
    CASE WHEN paid_only THEN 'Kode etik SDM PKH 2018: no double job' ELSE 'RHK of team leads, 2025: they supervise' END,
    DATE '2018-01-01', 1, 'system:migration'
FROM (VALUES
    ('PKH_KETUA_TIM_KABKOTA', false), ('PKH_KETUA_TIM_PROV', false), ('PKH_APD', false),
    ('TKSK', true), ('PSM', true), ('TAGANA', true), ('KARANG_TARUNA', true), ('PORDAM', true),
    ('REHSOS_PENDAMPING', true), ('REHSOS_LANSIA', true), ('REHSOS_DISABILITAS', true), ('SAKTI_PEKSOS', true),
    ('KONSELOR_ADIKSI', true), ('REHSOS_TUNSOS_KPO', true), ('PUSKESOS_PETUGAS', true), ('SLRT_FASILITATOR', true)
) AS pair(other, paid_only);
INSERT INTO range_history (range_history_id, thing, thing_id, number, valid_from, reason, recorded_at, recorded_by)
SELECT uuidv7(), 'ROLE_CONFLICT', role_conflict_id, 1, valid_from, 'ISI_PERTAMA', clock_timestamp(), 'system:migration'
FROM role_conflict;

INSERT INTO target (target_id, year, kind, number, per_person, counted, basis, set_at, set_by)
VALUES (uuidv7(), 2026, 'PKH_PENDAMPING', 1, 10, '{AKTIF}',
    'Kerangka kerja 2026: each pendamping graduates at least 10 families a year', clock_timestamp(), 'system:migration');

INSERT INTO approval_rule (valid_from, days, source) VALUES
    ('2019-01-01', 14, 'First content: a request of two persons can be approved within 14 days');
-- An SK about statuses may name several pendamping.
INSERT INTO platform.evidence_kind (kind, valid_from, shared_by, source) VALUES
  ('SK', '2025-01-01', 'ANY', 'First content');

INSERT INTO platform.deadline_rule (deadline_rule_id, subject_kind, state, days, escalate_to, basis, valid_from, set_by)
    VALUES (uuidv7(), '*', '*', 14, '[{"role": "DINSOS_KABKOTA", "days": 14}, {"role": "KEMENSOS", "days": 14}]',
    'Isi pertama, sampai ditetapkan', '2000-01-01', 'system:registry');
