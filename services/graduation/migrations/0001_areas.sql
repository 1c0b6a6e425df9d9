-- Row security of cases and of what belongs to them.

-- Whether the caller accompanies the family today. plpgsql resolves the table's name at each call, so that a rebuild may
-- swap the replica's schema.
CREATE FUNCTION own_family(wanted uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$ BEGIN
    RETURN EXISTS (SELECT FROM replica_kpm.dampingan d WHERE d.kpm_id = wanted
        AND d.pendamping_id = platform.pendamping() AND d.valid_from <= platform.today()
        AND (d.valid_to IS NULL OR d.valid_to > platform.today()));
END $$;;
-- Whether a pendamping acted in the case, or may do its later follow-ups because nobody accompanies the family today.
-- The raised scope keeps the policies of the two tables from asking this function again.
CREATE FUNCTION takes_part(case_id uuid, family uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE scope text := platform.raise_scope('AREA'); part boolean;
BEGIN
    part := EXISTS (SELECT FROM stage_act a WHERE a.graduasi_id = case_id AND a.person = platform.pendamping()::text)
        OR EXISTS (SELECT FROM monitoring_task t WHERE t.graduasi_id = case_id AND t.kind = 'LANJUTAN')
        AND NOT EXISTS (SELECT FROM replica_kpm.dampingan d WHERE d.kpm_id = family
            AND d.valid_from <= platform.today() AND (d.valid_to IS NULL OR d.valid_to > platform.today()));
    scope := platform.raise_scope(scope);
    RETURN part;
END $$;;

-- A case goes where its family goes: the offices there see and decide it. Who opened it may read what became of it.
ALTER TABLE graduasi ENABLE ROW LEVEL SECURITY;;
ALTER TABLE graduasi FORCE ROW LEVEL SECURITY;;
CREATE POLICY area ON graduasi USING (CASE WHEN platform.by_area() THEN platform.in_scope(kode_wilayah)
    ELSE platform.in_scope(kode_wilayah) AND (opened_by = platform.pendamping()::text OR own_family(kpm_id)
        OR takes_part(graduasi_id, kpm_id)) END);;
CREATE POLICY opened_here ON graduasi FOR SELECT USING (CASE WHEN platform.by_area() THEN platform.in_scope(opened_in)
    ELSE platform.in_scope(opened_in) AND opened_by = platform.pendamping()::text END);;

-- Never inlined, so that no plan hashes all cases to ask about one.
CREATE FUNCTION case_is_here(wanted uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM graduasi g WHERE g.graduasi_id = wanted AND platform.in_scope(g.kode_wilayah))
$$;;
-- Whether row security shows the case to the caller.
CREATE FUNCTION case_in_scope(wanted uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$ BEGIN
    RETURN EXISTS (SELECT FROM graduasi g WHERE g.graduasi_id = wanted);
END $$;;
-- Whether the caller's scope covers the family where it lives now. A stored answer is replayed on this condition.
CREATE FUNCTION family_in_scope(wanted uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$ BEGIN
    RETURN CASE WHEN platform.by_area() THEN NOT EXISTS (SELECT FROM replica_kpm.kpm k WHERE k.kpm_id = wanted
        AND NOT platform.in_scope(k.kode_wilayah))
        ELSE own_family(wanted) OR EXISTS (SELECT FROM graduasi g WHERE g.kpm_id = wanted) END;
END $$;;
REVOKE ALL ON FUNCTION own_family(uuid), takes_part(uuid, uuid), case_is_here(uuid), case_in_scope(uuid),
    family_in_scope(uuid) FROM PUBLIC;;
GRANT EXECUTE ON FUNCTION own_family(uuid), takes_part(uuid, uuid), case_is_here(uuid), case_in_scope(uuid),
    family_in_scope(uuid) TO graduation_api, graduation_worker;;
