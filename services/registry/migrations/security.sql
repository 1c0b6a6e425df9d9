-- Whether the caller's scope covers the family. A stored answer is replayed only if it does, and coverage counts the family's
-- dampingan and exits.
CREATE FUNCTION family_in_scope(family_id uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$ BEGIN
    RETURN EXISTS (SELECT FROM replica_coverage.kpm k WHERE k.kpm_id = family_id);
END $$;
REVOKE ALL ON FUNCTION family_in_scope(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION family_in_scope(uuid) TO registry_api, registry_worker;

-- These tables are append-only.
REVOKE UPDATE, DELETE, TRUNCATE ON pendamping_status_history, contact_history, range_history, target, coverage_figure
    FROM registry_api, registry_worker;
