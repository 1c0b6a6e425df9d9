-- The tables of models/sanggah.py as of revision 0001. Statements end in a double semicolon.

CREATE TABLE sanggah (
    sanggah_id UUID NOT NULL,
    graduasi_id UUID NOT NULL,
    kpm_id UUID NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    lodged_on DATE NOT NULL,
    lodged_by VARCHAR(40) NOT NULL,
    channel VARCHAR(40) NOT NULL,
    ground VARCHAR(40) NOT NULL,
    note TEXT,
    evidence_sha256 VARCHAR(64) NOT NULL,
    typed_by TEXT NOT NULL,
    typed_by_sub TEXT NOT NULL,
    typed_on DATE NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    state VARCHAR(40) NOT NULL,
    CONSTRAINT pk_sanggah PRIMARY KEY (sanggah_id),
    CONSTRAINT uq_sanggah_one_paper UNIQUE (graduasi_id, evidence_sha256),
    CONSTRAINT uq_sanggah_typed_by UNIQUE (sanggah_id, typed_by, typed_by_sub),
    CONSTRAINT ck_sanggah_evidence_sha256_form CHECK (evidence_sha256 ~ '^[0-9a-f]{64}$'),
    CONSTRAINT fk_sanggah_graduasi_id FOREIGN KEY(graduasi_id) REFERENCES graduasi (graduasi_id),
    CONSTRAINT ck_sanggah_lodgedby_known CHECK (lodged_by IN ('KELUARGA', 'KUASA', 'MASYARAKAT')),
    CONSTRAINT ck_sanggah_sanggahchannel_known CHECK (channel IN ('DESA', 'PUSKESOS', 'DINSOS', 'PENDAMPING', 'CEK_BANSOS', 'CALL_CENTER', 'WHATSAPP')),
    CONSTRAINT ck_sanggah_sanggahground_known CHECK (ground IN ('DATA_TIDAK_SESUAI', 'KEADAAN_BERUBAH', 'TIDAK_BERSEDIA', 'PROSEDUR_TIDAK_BENAR', 'LAINNYA')),
    CONSTRAINT ck_sanggah_sanggahstate_known CHECK (state IN ('DIAJUKAN', 'DITERIMA', 'DITOLAK'))
);;

CREATE UNIQUE INDEX uq_sanggah_open ON sanggah (graduasi_id) WHERE state = 'DIAJUKAN';;

CREATE INDEX ix_sanggah_state_lodged_on_sanggah_id ON sanggah (state, lodged_on, sanggah_id);;

CREATE TABLE sanggah_decision (
    sanggah_id UUID NOT NULL,
    typed_by TEXT NOT NULL,
    typed_by_sub TEXT NOT NULL,
    graduasi_id UUID NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    decided_on DATE NOT NULL,
    decided_by TEXT NOT NULL,
    decided_by_sub TEXT NOT NULL,
    role TEXT NOT NULL,
    reason TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_sanggah_decision PRIMARY KEY (sanggah_id),
    CONSTRAINT ck_sanggah_decision_not_by_who_typed_it_in CHECK (decided_by <> typed_by AND decided_by_sub <> typed_by_sub),
    CONSTRAINT fk_sanggah_decision_sanggah_id FOREIGN KEY(sanggah_id, typed_by, typed_by_sub) REFERENCES sanggah (sanggah_id, typed_by, typed_by_sub),
    CONSTRAINT fk_sanggah_decision_graduasi_id FOREIGN KEY(graduasi_id) REFERENCES graduasi (graduasi_id)
);;

CREATE TABLE annulment (
    graduasi_id UUID NOT NULL,
    sanggah_id UUID,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    ground VARCHAR(40) NOT NULL,
    reason TEXT NOT NULL,
    was_effective BOOLEAN NOT NULL,
    annulled_on DATE NOT NULL,
    annulled_by TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_annulment PRIMARY KEY (graduasi_id),
    CONSTRAINT fk_annulment_graduasi_id FOREIGN KEY(graduasi_id) REFERENCES graduasi (graduasi_id),
    CONSTRAINT fk_annulment_sanggah_id FOREIGN KEY(sanggah_id) REFERENCES sanggah (sanggah_id),
    CONSTRAINT ck_annulment_annulmentground_known CHECK (ground IN ('SANGGAH_DITERIMA', 'SK_KELIRU', 'DATA_KELIRU', 'PUTUSAN_KEBERATAN', 'PUTUSAN_PENGADILAN', 'LAINNYA'))
);;

CREATE TABLE back_payment (
    graduasi_id UUID NOT NULL,
    tahap TEXT NOT NULL,
    kode_wilayah TEXT COLLATE "C" NOT NULL,
    paid BOOLEAN NOT NULL,
    reason TEXT NOT NULL,
    CONSTRAINT pk_back_payment PRIMARY KEY (graduasi_id, tahap),
    CONSTRAINT fk_back_payment_graduasi_id FOREIGN KEY(graduasi_id) REFERENCES annulment (graduasi_id)
);;
