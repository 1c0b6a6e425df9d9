-- Families, their business and who accompanies them, as caseload tells.
CREATE TABLE replica_kpm.dampingan (
    dampingan_id UUID NOT NULL,
    kpm_id UUID NOT NULL,
    pendamping_id UUID NOT NULL,
    purpose VARCHAR(40) NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    CONSTRAINT pk_dampingan PRIMARY KEY (dampingan_id),
    CONSTRAINT ck_dampingan_dampinganpurpose_known CHECK (purpose IN ('PENDAMPINGAN', 'PEMANTAUAN', 'UNKNOWN'))
);;
CREATE INDEX ix_dampingan_kpm_id ON replica_kpm.dampingan (kpm_id);;
CREATE TABLE replica_kpm.kpm (
    kpm_id UUID NOT NULL,
    kode_wilayah TEXT NOT NULL,
    able_productive INTEGER NOT NULL,
    desil JSONB NOT NULL,
    pengurus_sex VARCHAR(40),
    pengurus_birth_year INTEGER,
    CONSTRAINT pk_kpm PRIMARY KEY (kpm_id),
    CONSTRAINT ck_kpm_sex_known CHECK (pengurus_sex IN ('L', 'P', 'UNKNOWN'))
);;
CREATE TABLE replica_kpm.usaha (
    usaha_id UUID NOT NULL,
    kpm_id UUID NOT NULL,
    owner_sex VARCHAR(40) NOT NULL,
    owner_birth_year INTEGER NOT NULL,
    owner_married BOOLEAN NOT NULL,
    sector VARCHAR(40) NOT NULL,
    started_on DATE NOT NULL,
    omzet_rp BIGINT NOT NULL,
    has_nib BOOLEAN NOT NULL,
    has_letter BOOLEAN NOT NULL,
    CONSTRAINT pk_usaha PRIMARY KEY (usaha_id),
    CONSTRAINT ck_usaha_sex_known CHECK (owner_sex IN ('L', 'P', 'UNKNOWN')),
    CONSTRAINT ck_usaha_usahasector_known CHECK (sector IN ('MAKANAN', 'KERAJINAN', 'JASA', 'PERTANIAN', 'PETERNAKAN', 'PERDAGANGAN', 'PERIKANAN', 'LAINNYA', 'UNKNOWN'))
);;
CREATE INDEX ix_usaha_kpm_id ON replica_kpm.usaha (kpm_id);;
