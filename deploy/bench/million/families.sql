-- :count generated families in blocks of 400, one pendamping per block, 34 provinces of 15 kabupaten each.
CREATE TEMPORARY TABLE n AS SELECT i, md5('k' || i)::uuid AS kpm_id, md5('g' || i)::uuid AS graduasi_id,
    md5('p' || i / 400)::uuid AS pendamping_id, md5('q' || i / 400)::uuid AS penugasan_id,
    (11 + i / 400 % 34)::text || '.' || (10 + i / 13600 % 15)::text || '.'
        || lpad((i / 204000 % 20 + 1)::text, 2, '0') || '.' || (2001 + i % 10)::text AS area,
    (ARRAY['TERIDENTIFIKASI', 'SIAP', 'DIUSULKAN', 'DIVERIFIKASI_KETIM', 'DIMUSYAWARAHKAN', 'DISETUJUI_DINSOS',
        'MASA_SANGGAH', 'DISANGGAH', 'PEMANTAUAN', 'PEMANTAUAN', 'SELESAI', 'SELESAI', 'SELESAI', 'SELESAI', 'SELESAI',
        'SELESAI', 'DITOLAK', 'DITOLAK', 'DIBATALKAN', 'DIPULIHKAN'])[1 + i::bigint * 7919 % 20] AS state
FROM generate_series(1, :count) AS i;;
-- Skip triggers and foreign keys, which would take most of the time.
SET session_replication_role = replica;;
