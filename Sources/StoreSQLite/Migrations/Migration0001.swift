extension Migration {
    /// The event log, what is written beside it in the append transaction, and the other ports' tables.
    static let log = Migration(
        version: 1,
        sql: """
            -- Global position of the last event: positions are never used again, even when the last events were erased.
            CREATE TABLE event_head (
              id INTEGER PRIMARY KEY CHECK (id = 1),
              position INTEGER NOT NULL
            );
            INSERT INTO event_head (id, position) VALUES (1, 0);

            CREATE TABLE event_type (
              id INTEGER PRIMARY KEY,
              name TEXT NOT NULL UNIQUE
            );
            -- crc: CRC-32C over the key columns and the payload, see EventRow.
            CREATE TABLE event (
              position INTEGER PRIMARY KEY,
              tenant BLOB NOT NULL,
              category TEXT NOT NULL,
              stream BLOB NOT NULL,
              version INTEGER NOT NULL,
              event_id BLOB NOT NULL,
              type INTEGER NOT NULL,
              schema INTEGER NOT NULL,
              correlation BLOB NOT NULL,
              causation BLOB,
              recorded_at INTEGER NOT NULL,
              crc INTEGER NOT NULL,
              payload BLOB NOT NULL,
              UNIQUE (tenant, category, stream, version)
            );
            -- For people and other programs: ids as lower-case hex, the type by name.
            CREATE VIEW event_log AS
              SELECT e.position, lower(hex(e.tenant)) AS tenant, e.category, lower(hex(e.stream)) AS stream, e.version,
                lower(hex(e.event_id)) AS event_id, t.name AS type, e.schema, lower(hex(e.correlation)) AS correlation,
                lower(hex(e.causation)) AS causation, e.recorded_at, e.payload
              FROM event e JOIN event_type t ON t.id = e.type;

            CREATE TABLE reservation (
              tenant BLOB NOT NULL,
              scope TEXT NOT NULL,
              key TEXT NOT NULL,
              owner BLOB NOT NULL,
              PRIMARY KEY (tenant, scope, key)
            ) WITHOUT ROWID;
            CREATE TABLE lookup (
              tenant BLOB NOT NULL,
              kind TEXT NOT NULL,
              key TEXT NOT NULL,
              value BLOB NOT NULL,
              PRIMARY KEY (tenant, kind, key)
            ) WITHOUT ROWID;
            CREATE TABLE sequence (
              tenant BLOB NOT NULL,
              kind TEXT NOT NULL,
              next INTEGER NOT NULL,
              PRIMARY KEY (tenant, kind)
            ) WITHOUT ROWID;

            CREATE TABLE read_model (
              projection TEXT NOT NULL,
              generation INTEGER NOT NULL,
              tenant BLOB NOT NULL,
              kind TEXT NOT NULL,
              key TEXT NOT NULL,
              value BLOB NOT NULL,
              PRIMARY KEY (projection, generation, tenant, kind, key)
            ) WITHOUT ROWID;
            CREATE TABLE checkpoint (
              projection TEXT NOT NULL,
              generation INTEGER NOT NULL,
              position INTEGER NOT NULL,
              active INTEGER NOT NULL,
              PRIMARY KEY (projection, generation)
            ) WITHOUT ROWID;

            CREATE TABLE session (
              tenant BLOB NOT NULL,
              kind TEXT NOT NULL,
              hash BLOB NOT NULL,
              user BLOB NOT NULL,
              expires INTEGER NOT NULL,
              PRIMARY KEY (tenant, kind, hash)
            ) WITHOUT ROWID;
            CREATE INDEX session_user ON session (tenant, user, kind);
            CREATE INDEX session_expires ON session (expires);

            -- number counts a tenant's frames without holes, so the bound is a subtraction.
            CREATE TABLE quarantine (
              tenant BLOB NOT NULL,
              number INTEGER NOT NULL,
              id TEXT NOT NULL,
              adapter TEXT NOT NULL,
              code TEXT NOT NULL,
              detail TEXT NOT NULL,
              method TEXT NOT NULL,
              path TEXT NOT NULL,
              received_at INTEGER NOT NULL,
              bytes BLOB NOT NULL,
              UNIQUE (tenant, number),
              UNIQUE (tenant, id)
            );
            """
    )
}
