INSERT INTO partner (partner_id, code, name, kind, channel, version, set_by)
VALUES (md5('partner')::uuid, 'MILLION', 'A partner of a million', 'BANK', 'PORTAL_LINK', 1, 'bench');;
INSERT INTO program (program_id, partner_id, code, revision, name, benefit_kinds, valid_from, send_from, sla_days,
    minimum_data, required_documents, legal_basis, set_by)
VALUES (md5('program')::uuid, md5('partner')::uuid, 'MILLION', 1, 'A program of a million', '{MODAL}', '2026-01-01',
    'determined', 14, '{}', '{}', 'none', 'bench');;
INSERT INTO rujukan (rujukan_id, graduasi_id, kpm_id, kode_wilayah, purpose, bansos, exit_reason, state, paused, matched,
    sk_no, sk_on, opened_on, version)
SELECT md5('r' || i)::uuid, graduasi_id, kpm_id, area, 'PASCAGRADUASI', 'PKH', 'SEJAHTERA_MANDIRI', 'TERBUKA', false, true,
    'SK/1', '2026-04-01', '2026-04-01', 1 FROM n;;
INSERT INTO rujukan_program (rujukan_program_id, rujukan_id, program_id, partner_id, graduasi_id, kpm_id, kode_wilayah,
    program_code, benefit_kinds, state, reasons, delivered_late, shared_fields, version)
SELECT md5('o' || i)::uuid, md5('r' || i)::uuid, md5('program')::uuid, md5('partner')::uuid, graduasi_id, kpm_id, area,
    'MILLION', '{MODAL}', (ARRAY['DRAF', 'DISETUJUI_KPM', 'TERKIRIM', 'DIPROSES', 'PERLU_DATA', 'DISETUJUI'])[1 + i % 6],
    '[]', false, '{}', 1 FROM n;;
INSERT INTO replica_kpm.dampingan (dampingan_id, kpm_id, pendamping_id, purpose, valid_from)
SELECT md5('d' || i)::uuid, kpm_id, pendamping_id, 'PENDAMPINGAN', date '2025-01-01' FROM n;;
