-- Whether the caller's scope covers the family. A stored answer is replayed on this condition.
CREATE FUNCTION family_in_scope(wanted uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$ BEGIN
    RETURN EXISTS (SELECT FROM replica_coverage.kpm k WHERE k.kpm_id = wanted);
END $$;
REVOKE ALL ON FUNCTION family_in_scope(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION family_in_scope(uuid) TO registry_api, registry_worker;

-- What was recorded stays as it was.
REVOKE UPDATE, DELETE, TRUNCATE ON pendamping_status_history, contact_history, range_history, target, coverage_figure
    FROM registry_api, registry_worker;
