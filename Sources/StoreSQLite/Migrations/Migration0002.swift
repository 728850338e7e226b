extension Migration {
    /// A checkpoint for each partition of the log, and leases.
    static let partitions = Migration(
        version: 2,
        sql: """
            -- The generation that readers of a projection use.
            CREATE TABLE projection (
              name TEXT PRIMARY KEY,
              generation INTEGER NOT NULL
            ) WITHOUT ROWID;
            INSERT INTO projection (name, generation) SELECT projection, generation FROM checkpoint WHERE active = 1;

            ALTER TABLE checkpoint RENAME TO whole_checkpoint;
            CREATE TABLE checkpoint (
              projection TEXT NOT NULL,
              generation INTEGER NOT NULL,
              part INTEGER NOT NULL,
              position INTEGER NOT NULL,
              PRIMARY KEY (projection, generation, part)
            ) WITHOUT ROWID;
            -- What was one position holds for every partition.
            INSERT INTO checkpoint (projection, generation, part, position)
              WITH RECURSIVE parts (part) AS (SELECT 0 UNION ALL SELECT part + 1 FROM parts WHERE part < 15)
              SELECT projection, generation, part, position FROM whole_checkpoint, parts;
            DROP TABLE whole_checkpoint;

            -- until: milliseconds on the clock that `recorded_at` is read from.
            CREATE TABLE lease (
              name TEXT PRIMARY KEY,
              holder BLOB NOT NULL,
              until INTEGER NOT NULL
            ) WITHOUT ROWID;
            """
    )
}
