-- One service's database and its three roles. Run by psql as a superuser, any number of times:
--   PILAR_OWNER_PASSWORD=… PILAR_API_PASSWORD=… PILAR_WORKER_PASSWORD=… psql -v service=registry -f service.sql
-- The one-machine and the compose deployment use the same file.
-- Passwords are environment variables, because every process of the machine can read a command line.
\set ON_ERROR_STOP on
\set QUIET on
\getenv owner_password PILAR_OWNER_PASSWORD
\getenv api_password PILAR_API_PASSWORD
\getenv worker_password PILAR_WORKER_PASSWORD
SET client_min_messages = warning;
SET log_statement = 'none';

SELECT format('CREATE ROLE %I', :'service' || part) FROM unnest(ARRAY['_owner', '_api', '_worker']) AS part
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'service' || part) \gexec

-- Row security applies to the owner and the API. The worker serves every area, so it bypasses row security.
SELECT format('ALTER ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD %L',
              :'service' || '_owner', :'owner_password') \gexec
SELECT format('ALTER ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD %L',
              :'service' || '_api', :'api_password') \gexec
SELECT format('ALTER ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION BYPASSRLS PASSWORD %L',
              :'service' || '_worker', :'worker_password') \gexec

SELECT format('CREATE DATABASE %I OWNER %I', 'pilar_' || :'service', :'service' || '_owner')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'pilar_' || :'service') \gexec

-- A role can connect only where it is granted by name: neither to another service's nor to the maintenance database.
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', name)
FROM unnest(ARRAY['pilar_' || :'service', 'postgres', 'template1']) AS name \gexec
SELECT format('GRANT CONNECT ON DATABASE %I TO %I', 'pilar_' || :'service', :'service' || part)
FROM unnest(ARRAY['_owner', '_api', '_worker']) AS part \gexec

SELECT 'pilar_' || :'service' AS database \gset
\connect :database
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
