"""Rows of registry's replicas for a pendamping, which no operation of registry writes."""

SEED = """
SET session_replication_role = replica;
DELETE FROM wilayah_tugas WHERE kode_wilayah <> '33.24.09.2011';
DELETE FROM range_history WHERE thing_id NOT IN
    (SELECT penugasan_id FROM wilayah_tugas UNION SELECT wilayah_tugas_id FROM wilayah_tugas);
CREATE TEMP TABLE one AS SELECT pendamping_id AS p, penugasan_id AS q, kode_wilayah AS area, md5('k')::uuid AS kpm_id,
    md5('g')::uuid AS graduasi_id, md5('r')::uuid AS id, date '2026-01-02' AS day
    FROM wilayah_tugas WHERE kode_wilayah = '33.24.09.2011' LIMIT 1;
INSERT INTO coverage_figure SELECT 1, 1, 1, 1, 0, id, area FROM one;
INSERT INTO replica_coverage.kpm SELECT kpm_id, area FROM one;
INSERT INTO replica_coverage.kepesertaan SELECT id, kpm_id, area, 'PKH', day FROM one;
INSERT INTO replica_credit.credit SELECT id, graduasi_id, p, q, 2026, 'PINDAH', area, 1, false FROM one;
INSERT INTO replica_load.dampingan SELECT id, kpm_id, p, q, area, 'PKH_PENDAMPING', 'PENDAMPINGAN', day FROM one;
INSERT INTO replica_load.kunjungan SELECT id, kpm_id, p, q, area, day FROM one;
INSERT INTO replica_load.p2k2 SELECT id, p, q, area, day, 1, 1 FROM one;
INSERT INTO replica_load.load_limit SELECT q, p, 1, 2, 'BELOW' FROM one;
INSERT INTO replica_load.limit_crossing SELECT q, p, 1, 2, 'BELOW', id, now() FROM one;
INSERT INTO replica_graduasi.graduasi SELECT graduasi_id, kpm_id, area, 'PINDAH', p FROM one;
INSERT INTO replica_graduasi.monitoring SELECT graduasi_id, 1, true, day FROM one;
INSERT INTO replica_graduasi.monitoring_end SELECT graduasi_id, day FROM one;
INSERT INTO replica_graduasi.relapse SELECT graduasi_id, 1, day FROM one;
INSERT INTO replica_graduasi.sanggah SELECT id, graduasi_id FROM one;
INSERT INTO replica_rujukan.rujukan SELECT id, graduasi_id FROM one;
INSERT INTO replica_rujukan.rujukan_program SELECT id, id, graduasi_id, 'KUR' FROM one;
"""
