extension Migration {
    /// Taking personal data out of events: `albatross_maintenance` may replace the payload of an event, with its checksum, of
    /// the tenant that the transaction names. Nothing else of an event ever changes.
    static let erasure = Migration(
        version: 2,
        sql: """
            GRANT SELECT ON albatross.event TO albatross_maintenance;
            GRANT UPDATE (payload, crc) ON albatross.event TO albatross_maintenance;
            CREATE POLICY erasure_reads ON albatross.event FOR SELECT TO albatross_maintenance
              USING (tenant = albatross.tenant());
            CREATE POLICY erasure ON albatross.event FOR UPDATE TO albatross_maintenance
              USING (tenant = albatross.tenant()) WITH CHECK (tenant = albatross.tenant());
            """
    )
}
