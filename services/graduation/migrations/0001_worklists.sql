-- What people work from, and the public check of a certificate. Statements end in a double semicolon.

-- Cases that wait for somebody: for the ministry by age, in an area all of them.
CREATE INDEX ix_graduasi_waiting_for_ministry ON graduasi (since_on, graduasi_id) WHERE state IN ('DISETUJUI_DINSOS', 'DITUNDA');;

CREATE INDEX ix_graduasi_waiting_in_area ON graduasi (kode_wilayah, state) WHERE state IN ('DIUSULKAN', 'DIVERIFIKASI_KETIM', 'DIMUSYAWARAHKAN', 'DISETUJUI_DINSOS', 'DITUNDA');;

CREATE INDEX ix_graduasi_kode_wilayah_graduasi_id ON graduasi (kode_wilayah, graduasi_id);;

CREATE INDEX ix_graduasi_opened_by ON graduasi (opened_by);;

CREATE INDEX ix_stage_act_person_graduasi_id ON stage_act (person, graduasi_id);;

CREATE INDEX ix_stage_act_graduasi_id_person ON stage_act (graduasi_id, person);;

CREATE INDEX ix_monitoring_task_open_by_kpm ON monitoring_task (kpm_id) WHERE recorded_on IS NULL AND closed_on IS NULL;;

CREATE INDEX ix_monitoring_task_open_in_area ON monitoring_task (kode_wilayah, kind, due_on) WHERE recorded_on IS NULL AND closed_on IS NULL;;

CREATE INDEX ix_monitoring_task_open ON monitoring_task (due_on, task_id) WHERE recorded_on IS NULL AND closed_on IS NULL;;

CREATE INDEX ix_monitoring_task_kpm_id ON monitoring_task (kpm_id);;

CREATE INDEX ix_monitoring_task_kode_wilayah ON monitoring_task (kode_wilayah);;

CREATE INDEX ix_monitoring_task_graduasi_id ON monitoring_task (graduasi_id);;

CREATE INDEX ix_sanggah_open_in_area ON sanggah (kode_wilayah, lodged_on, sanggah_id) WHERE state = 'DIAJUKAN';;

CREATE TABLE replica_rujukan.rujukan_program (
    rujukan_program_id UUID NOT NULL,
    graduasi_id UUID NOT NULL,
    kpm_id UUID NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    program_code TEXT NOT NULL,
    status VARCHAR(40) NOT NULL,
    sent_on DATE,
    answered_on DATE,
    answer VARCHAR(40),
    delivered_on DATE,
    amount_rp BIGINT,
    withdrawn_on DATE,
    CONSTRAINT pk_rujukan_program PRIMARY KEY (rujukan_program_id),
    CONSTRAINT ck_rujukan_program_rujukanprogramstate_known CHECK (status IN ('DRAF', 'DISETUJUI_KPM', 'TERKIRIM', 'GAGAL_KIRIM', 'DITERIMA_SISTEM', 'DIPROSES', 'DISETUJUI', 'DITOLAK', 'PERLU_DATA', 'DAFTAR_TUNGGU', 'DISALURKAN', 'TUTUP', 'KEDALUWARSA', 'DICABUT', 'UNKNOWN'))
);;

CREATE INDEX ix_rujukan_program_graduasi_id ON replica_rujukan.rujukan_program (graduasi_id);;

-- The public check knows no area: by the whole number alone, of one certificate, what is on the paper and whether it stands.
CREATE FUNCTION certificate_shown(wanted text)
RETURNS TABLE (certificate_no text, issued_on date, effective_on date, state text) LANGUAGE plpgsql AS $$
DECLARE
    areas text := coalesce(current_setting('pilar.areas', true), '');
    scope text := platform.raise_scope('NATIONAL');
BEGIN
    PERFORM set_config('pilar.areas', '*', true);
    RETURN QUERY SELECT c.certificate_no, c.issued_on, p.effective_on, g.state::text
        FROM certificate c JOIN graduasi g USING (graduasi_id) JOIN penetapan p USING (graduasi_id)
        WHERE c.certificate_no = wanted;
    PERFORM set_config('pilar.areas', areas, true), platform.raise_scope(scope);
END $$;;

REVOKE ALL ON FUNCTION certificate_shown(text) FROM PUBLIC;;

GRANT EXECUTE ON FUNCTION certificate_shown(text) TO graduation_api;;
