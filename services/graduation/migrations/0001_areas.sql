-- A case goes where its family goes: the offices there see and decide it. Who opened it may read what became of it.
ALTER TABLE graduasi ENABLE ROW LEVEL SECURITY;;
ALTER TABLE graduasi FORCE ROW LEVEL SECURITY;;
CREATE POLICY area ON graduasi USING (platform.in_scope(kode_wilayah)) WITH CHECK (platform.in_scope(kode_wilayah));;
CREATE POLICY opened_here ON graduasi FOR SELECT USING (platform.in_scope(opened_in));;

-- Never inlined, so that no plan hashes all cases to ask about one.
CREATE FUNCTION case_is_here(wanted uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM graduasi g WHERE g.graduasi_id = wanted AND platform.in_scope(g.kode_wilayah))
$$;;
REVOKE ALL ON FUNCTION case_is_here(uuid) FROM PUBLIC;;
GRANT EXECUTE ON FUNCTION case_is_here(uuid) TO graduation_api, graduation_worker;;
