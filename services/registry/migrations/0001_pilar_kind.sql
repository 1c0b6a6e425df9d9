CREATE TABLE contact_history (
    contact_history_id UUID NOT NULL,
    pendamping_id UUID NOT NULL,
    number INTEGER NOT NULL,
    name_sealed BYTEA NOT NULL,
    phone_sealed BYTEA,
    reason TEXT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    recorded_by TEXT NOT NULL,
    CONSTRAINT pk_contact_history PRIMARY KEY (contact_history_id),
    CONSTRAINT uq_contact_history_pendamping_id_number UNIQUE (pendamping_id, number),
    CONSTRAINT fk_contact_history_pendamping_id FOREIGN KEY(pendamping_id) REFERENCES pendamping (pendamping_id)
);;
CREATE TABLE pilar_kind (
    pilar_kind_id UUID NOT NULL,
    kind VARCHAR(40) NOT NULL,
    name TEXT NOT NULL,
    ditjen VARCHAR(40) NOT NULL,
    level VARCHAR(40) NOT NULL,
    held_by VARCHAR(40) NOT NULL,
    source TEXT NOT NULL,
    successor_kind TEXT,
    valid_from DATE NOT NULL,
    valid_to DATE,
    version INTEGER NOT NULL,
    set_at TIMESTAMP WITH TIME ZONE NOT NULL,
    set_by TEXT NOT NULL,
    CONSTRAINT pk_pilar_kind PRIMARY KEY (pilar_kind_id),
    CONSTRAINT ex_pilar_kind_range EXCLUDE USING gist (kind WITH =, daterange(valid_from, valid_to) WITH &&),
    CONSTRAINT uq_pilar_kind_kind_valid_from UNIQUE (kind, valid_from),
    CONSTRAINT ck_pilar_kind_range_forward CHECK (valid_to > valid_from),
    CONSTRAINT ck_pilar_kind_successor_known CHECK (successor_kind IN ('PKH_PENDAMPING', 'PKH_KETUA_TIM_KABKOTA', 'PKH_KETUA_TIM_PROV', 'PKH_APD', 'TKSK', 'PSM', 'TAGANA', 'KARANG_TARUNA', 'PORDAM', 'REHSOS_PENDAMPING', 'REHSOS_LANSIA', 'REHSOS_DISABILITAS', 'SAKTI_PEKSOS', 'KONSELOR_ADIKSI', 'REHSOS_TUNSOS_KPO', 'LKS', 'PUSKESOS_PETUGAS', 'SLRT_FASILITATOR')),
    CONSTRAINT ck_pilar_kind_successor_another CHECK (successor_kind <> kind),
    CONSTRAINT ck_pilar_kind_successor_of_ended CHECK (successor_kind IS NULL OR valid_to IS NOT NULL),
    CONSTRAINT ck_pilar_kind_version_positive CHECK (version >= 1),
    CONSTRAINT ck_pilar_kind_pilarkind_known CHECK (kind IN ('PKH_PENDAMPING', 'PKH_KETUA_TIM_KABKOTA', 'PKH_KETUA_TIM_PROV', 'PKH_APD', 'TKSK', 'PSM', 'TAGANA', 'KARANG_TARUNA', 'PORDAM', 'REHSOS_PENDAMPING', 'REHSOS_LANSIA', 'REHSOS_DISABILITAS', 'SAKTI_PEKSOS', 'KONSELOR_ADIKSI', 'REHSOS_TUNSOS_KPO', 'LKS', 'PUSKESOS_PETUGAS', 'SLRT_FASILITATOR')),
    CONSTRAINT ck_pilar_kind_ditjen_known CHECK (ditjen IN ('LINJAMSOS', 'REHSOS', 'DAYASOS')),
    CONSTRAINT ck_pilar_kind_pilarlevel_known CHECK (level IN ('DESA', 'KECAMATAN', 'KABKOTA', 'PROV', 'LEMBAGA')),
    CONSTRAINT ck_pilar_kind_heldby_known CHECK (held_by IN ('PERSON', 'LEMBAGA', 'EITHER'))
);;

-- First content (domain.md 2.2). No source says on which day each kind began; 2000-01-01 lies before every placement.
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
) AS first(kind, name, ditjen, level, held_by, source);;
INSERT INTO range_history (range_history_id, thing, thing_id, number, valid_from, valid_to, reason, recorded_at, recorded_by)
SELECT uuidv7(), 'PILAR_KIND', pilar_kind_id, 1, valid_from, valid_to, 'ISI_PERTAMA', set_at, set_by FROM pilar_kind;;
