ALTER TABLE dampingan DROP CONSTRAINT ex_dampingan_one_pkh_pendamping, DROP CONSTRAINT ex_dampingan_once_at_a_time;;
INSERT INTO kpm (kpm_id, kode_wilayah, sealed_for, facts)
SELECT kpm_id, area, decode(md5('h' || i), 'hex'), jsonb_build_object('kpm_id', kpm_id, 'kode_wilayah', area, 'members', 4)
FROM n;;
INSERT INTO kpm_anggota (anggota_id, kpm_id, nik_index, nik_sealed, name_sealed, birth_on, sex, relation, married,
    pengurus, joined_on)
SELECT md5('a' || i)::uuid, kpm_id, decode(md5('n' || i), 'hex'), '\x00', '\x00', '1987-11-12', 'P', 'ISTRI', true, true,
    '2019-01-01' FROM n;;
INSERT INTO dampingan (dampingan_id, kpm_id, penugasan_id, pendamping_id, kind, purpose, valid)
SELECT md5('d' || i)::uuid, kpm_id, penugasan_id, pendamping_id, 'PKH_PENDAMPING', 'PENDAMPINGAN',
    daterange('2025-01-01', NULL) FROM n;;
INSERT INTO tugas (tugas_id, kpm_id, kind, cause_id, due_on, opened_on, done_at, done_by)
SELECT md5('t' || i)::uuid, kpm_id, 'KUNJUNGAN_KAMBUH', graduasi_id, date '2026-05-01' + i % 200, '2026-04-01',
    CASE WHEN i % 8 = 0 THEN now() END, CASE WHEN i % 8 = 0 THEN 'pendamping' END FROM n WHERE i % 4 = 0;;
