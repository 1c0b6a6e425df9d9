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

-- Whether the caller accompanies the family today. plpgsql resolves the table's name at each call, so that a rebuild may
-- swap the replica's schema.
CREATE FUNCTION own_family(wanted uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$ BEGIN
    RETURN EXISTS (SELECT FROM replica_kpm.dampingan d WHERE d.kpm_id = wanted
        AND d.pendamping_id = platform.pendamping() AND d.valid_from <= platform.today()
        AND (d.valid_to IS NULL OR d.valid_to > platform.today()));
END $$;;
-- Whether the caller's scope covers the family where it lives now. A stored answer is replayed on this condition.
CREATE FUNCTION family_in_scope(wanted uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$ BEGIN
    RETURN CASE WHEN platform.by_area() THEN NOT EXISTS (SELECT FROM replica_kpm.kpm k WHERE k.kpm_id = wanted
        AND NOT platform.in_scope(k.kode_wilayah)) ELSE own_family(wanted) END;
END $$;;
REVOKE ALL ON FUNCTION own_family(uuid), family_in_scope(uuid) FROM PUBLIC;;
GRANT EXECUTE ON FUNCTION own_family(uuid), family_in_scope(uuid) TO referral_api, referral_worker;;
