extension Migration {
    /// The event log, what is written beside it in the append transaction, and the other ports' tables.
    ///
    /// Every table with a column `tenant` has row-level security, FORCED so that it holds for the tables' owner too. Three
    /// group roles that nobody can log in as have policies, and a transaction names the one it works as:
    ///
    /// - `albatross_app` sees and writes the rows of the tenant in `albatross.tenant`, and of none when that is not set.
    ///   It cannot change or remove an event.
    /// - `albatross_relay` reads the events of all tenants: the log's tail, the relay, `verify`.
    /// - `albatross_maintenance` reads and removes (never writes) what can be made again from the log, of all tenants:
    ///   rebuilds and their comparison with a replay, sessions past their time.
    ///
    /// The service's login is a member of all three without inheriting them, so by itself it sees nothing.
    static let log = Migration(
        version: 1,
        sql: """
            -- Tenant of the transaction; NULL, which equals no row's, when none is set. A setting that was once made in a
            -- session reads as the empty text after its transaction.
            CREATE FUNCTION albatross.tenant() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
              AS $$ SELECT nullif(current_setting('albatross.tenant', true), '')::uuid $$;

            -- Global position of the last event. Appends lock this row before anything else, so positions are handed out
            -- in the order of the commits. Free space in the page keeps the updates in it.
            CREATE TABLE albatross.event_head (
              id integer PRIMARY KEY CHECK (id = 1),
              position bigint NOT NULL
            ) WITH (fillfactor = 10);
            INSERT INTO albatross.event_head (id, position) VALUES (1, 0);
            -- Locks the head where a process left it. When others have been at work since, that process has to look again.
            CREATE FUNCTION albatross.lock_head(expected bigint) RETURNS void LANGUAGE plpgsql
              AS $$ BEGIN
                PERFORM FROM albatross.event_head WHERE id = 1 AND position = expected FOR UPDATE;
                IF NOT FOUND THEN RAISE 'the head is not at %', expected USING ERRCODE = 'AB001'; END IF;
              END $$;

            -- crc: CRC-32C over the other columns. recorded_at: milliseconds since 1970. Wide columns stand first and
            -- leave no holes between them.
            CREATE TABLE albatross.event (
              position bigint NOT NULL,
              version bigint NOT NULL,
              recorded_at bigint NOT NULL,
              crc bigint NOT NULL,
              schema bigint NOT NULL,
              tenant uuid NOT NULL,
              stream uuid NOT NULL,
              event_id uuid NOT NULL,
              correlation uuid NOT NULL,
              causation uuid,
              category text COLLATE "C" NOT NULL,
              type text COLLATE "C" NOT NULL,
              payload bytea NOT NULL,
              CONSTRAINT event_position PRIMARY KEY (position),
              CONSTRAINT event_version UNIQUE (tenant, category, stream, version)
            ) WITH (
              -- The table only grows: vacuum it (for index-only scans and the visibility map) by what was added lately,
              -- not by a share of years.
              autovacuum_vacuum_insert_scale_factor = 0.01,
              autovacuum_vacuum_scale_factor = 0.01,
              autovacuum_analyze_scale_factor = 0.01
            );

            CREATE TABLE albatross.reservation (
              tenant uuid NOT NULL,
              scope text COLLATE "C" NOT NULL,
              key text COLLATE "C" NOT NULL,
              owner uuid NOT NULL,
              PRIMARY KEY (tenant, scope, key)
            );
            CREATE TABLE albatross.lookup (
              tenant uuid NOT NULL,
              kind text COLLATE "C" NOT NULL,
              key text COLLATE "C" NOT NULL,
              value bytea NOT NULL,
              PRIMARY KEY (tenant, kind, key)
            );
            CREATE TABLE albatross.sequence (
              tenant uuid NOT NULL,
              kind text COLLATE "C" NOT NULL,
              next bigint NOT NULL,
              PRIMARY KEY (tenant, kind)
            );

            -- The generation that readers of a projection use.
            CREATE TABLE albatross.projection (
              name text COLLATE "C" PRIMARY KEY,
              generation bigint NOT NULL
            );
            CREATE TABLE albatross.checkpoint (
              projection text COLLATE "C" NOT NULL,
              generation bigint NOT NULL,
              part bigint NOT NULL,
              position bigint NOT NULL,
              PRIMARY KEY (projection, generation, part)
            ) WITH (fillfactor = 20);
            CREATE TABLE albatross.read_model (
              projection text COLLATE "C" NOT NULL,
              generation bigint NOT NULL,
              tenant uuid NOT NULL,
              kind text COLLATE "C" NOT NULL,
              key text COLLATE "C" NOT NULL,
              value bytea NOT NULL,
              PRIMARY KEY (projection, generation, tenant, kind, key)
            ) WITH (fillfactor = 80);

            CREATE TABLE albatross.session (
              tenant uuid NOT NULL,
              kind text COLLATE "C" NOT NULL,
              hash bytea NOT NULL,
              user_id uuid NOT NULL,
              expires bigint NOT NULL,
              PRIMARY KEY (tenant, kind, hash)
            );
            CREATE INDEX session_of_user ON albatross.session (tenant, user_id, kind);
            CREATE INDEX session_by_expiry ON albatross.session (expires);

            -- number counts a tenant's frames without holes, so the bound is a subtraction; quarantine_head holds the last
            -- one and is locked by whoever adds frames.
            CREATE TABLE albatross.quarantine_head (
              tenant uuid PRIMARY KEY,
              number bigint NOT NULL
            );
            CREATE TABLE albatross.quarantine (
              tenant uuid NOT NULL,
              number bigint NOT NULL,
              id text COLLATE "C" NOT NULL,
              adapter text NOT NULL,
              code text NOT NULL,
              detail text NOT NULL,
              method text NOT NULL,
              path text NOT NULL,
              received_at bigint NOT NULL,
              bytes bytea NOT NULL,
              PRIMARY KEY (tenant, number),
              UNIQUE (tenant, id)
            );

            -- On the server's clock.
            CREATE TABLE albatross.lease (
              name text COLLATE "C" PRIMARY KEY,
              holder uuid NOT NULL,
              until timestamptz NOT NULL
            );

            GRANT USAGE ON SCHEMA albatross TO albatross_app, albatross_relay, albatross_maintenance;
            GRANT SELECT ON albatross.schema_version TO albatross_app;
            GRANT SELECT, UPDATE ON albatross.event_head TO albatross_app;
            GRANT SELECT ON albatross.event_head TO albatross_relay;
            GRANT SELECT, INSERT ON albatross.event TO albatross_app;
            GRANT SELECT ON albatross.event TO albatross_relay;
            GRANT SELECT, INSERT, UPDATE, DELETE ON albatross.reservation, albatross.lookup, albatross.sequence,
              albatross.projection, albatross.checkpoint, albatross.read_model, albatross.session,
              albatross.quarantine_head, albatross.quarantine, albatross.lease TO albatross_app;
            GRANT SELECT, DELETE ON albatross.reservation, albatross.lookup, albatross.read_model, albatross.session
              TO albatross_maintenance;

            DO $$
            DECLARE name text;
            BEGIN
              FOREACH name IN ARRAY ARRAY['event', 'reservation', 'lookup', 'sequence', 'read_model', 'session',
                'quarantine_head', 'quarantine']
              LOOP
                EXECUTE format('ALTER TABLE albatross.%I ENABLE ROW LEVEL SECURITY', name);
                EXECUTE format('ALTER TABLE albatross.%I FORCE ROW LEVEL SECURITY', name);
                EXECUTE format('CREATE POLICY tenant ON albatross.%I TO albatross_app
                  USING (tenant = albatross.tenant()) WITH CHECK (tenant = albatross.tenant())', name);
              END LOOP;
              FOREACH name IN ARRAY ARRAY['reservation', 'lookup', 'read_model', 'session'] LOOP
                EXECUTE format('CREATE POLICY maintenance ON albatross.%I TO albatross_maintenance USING (true)
                  WITH CHECK (false)', name);
              END LOOP;
            END
            $$;
            CREATE POLICY relay ON albatross.event FOR SELECT TO albatross_relay USING (true);
            """
    )
}
