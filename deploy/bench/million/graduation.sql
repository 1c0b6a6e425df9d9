ALTER TABLE stage_act DROP CONSTRAINT ex_stage_act_four_people, DROP CONSTRAINT ex_stage_act_four_accounts;;
INSERT INTO graduasi (graduasi_id, kpm_id, kepesertaan_id, bansos, exit_reason, kode_wilayah, policy_id, policy_version,
    state, since_on, outcome, opened_in, opened_by, opened_at, version)
SELECT graduasi_id, kpm_id, md5('b' || i)::uuid, 'PKH', 'SEJAHTERA_MANDIRI', area, policy_id, policy.version, state,
    date '2026-01-01' + i % 130, CASE WHEN state = 'SELESAI' THEN 'BERTAHAN' END, area, pendamping_id::text, now(), 5
FROM n, policy WHERE policy.exit_reason = 'SEJAHTERA_MANDIRI';;
INSERT INTO replica_kpm.dampingan (dampingan_id, kpm_id, kode_wilayah, pendamping_id, penugasan_id, purpose, valid_from)
SELECT md5('d' || i)::uuid, kpm_id, area, pendamping_id, penugasan_id, 'PENDAMPINGAN', '2025-01-01' FROM n;;
INSERT INTO replica_pendamping.penugasan (penugasan_id, pendamping_id, kind, valid_from)
SELECT DISTINCT penugasan_id, pendamping_id, 'PKH_PENDAMPING', date '2025-01-01' FROM n;;
INSERT INTO replica_pendamping.wilayah_tugas (wilayah_tugas_id, penugasan_id, pendamping_id, kode_wilayah, valid_from)
SELECT DISTINCT ON (penugasan_id) gen_random_uuid(), penugasan_id, pendamping_id, left(area, 8), date '2025-01-01' FROM n;;
INSERT INTO stage_act (graduasi_id, kode_wilayah, stage, person, sub, role, four_people, at)
SELECT graduasi_id, area, 'USUL', pendamping_id::text, 'pendamping', 'PENDAMPING', true, now()
FROM n WHERE state NOT IN ('TERIDENTIFIKASI', 'SIAP');;
INSERT INTO stage_act (graduasi_id, kode_wilayah, stage, person, sub, role, four_people, at)
SELECT graduasi_id, area, 'VERIFIKASI', 'ketua-' || left(area, 5), 'ketua', 'KETUA_TIM_KABKOTA', true, now()
FROM n WHERE state NOT IN ('TERIDENTIFIKASI', 'SIAP', 'DIUSULKAN');;
INSERT INTO monitoring_task (task_id, graduasi_id, kpm_id, kode_wilayah, kind, month, opens_on, due_on, recorded_on,
    still_out, version)
SELECT md5('t' || i || '-' || m)::uuid, graduasi_id, kpm_id, area, 'BULANAN', m, date '2026-01-01' + i % 90 + (m - 1) * 30,
    date '2026-01-31' + i % 90 + (m - 1) * 30, CASE WHEN m < 4 THEN date '2026-05-01' END,
    CASE WHEN m < 4 THEN true END, 1
FROM n, generate_series(1, 6) AS m WHERE state = 'PEMANTAUAN';;
INSERT INTO sanggah (sanggah_id, graduasi_id, kpm_id, kode_wilayah, lodged_on, lodged_by, channel, ground,
    evidence_sha256, typed_by, typed_by_sub, typed_on, at, suspends, lodger_ref, state)
SELECT md5('s' || i)::uuid, graduasi_id, kpm_id, area, date '2026-03-01' + i % 60, 'KELUARGA', 'DESA', 'LAINNYA',
    repeat('a', 64), 'operator', 'operator', date '2026-05-01', now(), true, 'x', 'DIAJUKAN' FROM n WHERE state = 'DISANGGAH';;
INSERT INTO replica_kpm.candidate (kepesertaan_id, kpm_id, kode_wilayah, kabkota, bansos, member_since, counted_since,
    able_productive, lansia, disabilitas, last_komponen_ends_on, rank_nas, rank_prov, rank_kabkota, usaha_since)
SELECT md5('c' || i)::uuid, kpm_id, area, left(area, 5), 'PKH', date '2016-01-01' + i % 3000, date '2016-01-01' + i % 3000,
    1 + i % 3, 0, 0,
    date '2026-03-01' + i % 4000, 4 + i % 7, 4 + i % 6, 4 + i % 5,
    CASE WHEN i % 3 = 0 THEN date '2023-01-01' + i % 900 END
FROM n;;
