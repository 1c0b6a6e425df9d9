-- What follows the monitoring, as rows (chain.md 3): survival is asked at 6, 12 and 24 months. Statements end in a double semicolon.

CREATE TABLE monitoring_rule (
    exit_reason VARCHAR(40) NOT NULL,
    version INTEGER NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    follow_up_months INTEGER[] NOT NULL,
    survival_months INTEGER[] NOT NULL,
    check_days INTEGER NOT NULL,
    CONSTRAINT pk_monitoring_rule PRIMARY KEY (exit_reason, version),
    CONSTRAINT ex_monitoring_rule_one_at_a_time EXCLUDE USING gist (exit_reason WITH =, daterange(valid_from, valid_to) WITH &&),
    CONSTRAINT ck_monitoring_rule_days CHECK (check_days > 0),
    CONSTRAINT ck_monitoring_rule_exitreason_known CHECK (exit_reason IN ('SEJAHTERA_MANDIRI', 'SEJAHTERA_PPSE', 'ALAMIAH', 'MENINGGAL', 'PINDAH', 'DATA_GANDA', 'TIDAK_DITEMUKAN', 'HASIL_PEMUTAKHIRAN', 'MUSYAWARAH', 'NIK_TIDAK_PADAN', 'MENGUNDURKAN_DIRI', 'PEKERJAAN_DIKECUALIKAN', 'PELANGGARAN_KOMITMEN'))
);;

-- A family that is gone, moved or counted twice is not looked for a year later.
INSERT INTO monitoring_rule (exit_reason, version, valid_from, follow_up_months, survival_months, check_days)
SELECT exit_reason, 1, '2025-01-01', CASE WHEN exit_reason IN ('SEJAHTERA_MANDIRI', 'SEJAHTERA_PPSE', 'ALAMIAH') THEN ARRAY[12, 24] ELSE ARRAY[]::integer[] END, ARRAY[6, 12, 24], 14
FROM unnest(ARRAY['SEJAHTERA_MANDIRI', 'SEJAHTERA_PPSE', 'ALAMIAH', 'MENINGGAL', 'PINDAH', 'DATA_GANDA', 'TIDAK_DITEMUKAN']) AS exit_reason;;
