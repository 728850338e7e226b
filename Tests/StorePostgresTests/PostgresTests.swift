import Testing

/// Every test that needs the server, one after the other: each opens stores of a good many connections, and some measure
/// time.
@Suite(.serialized) struct PostgresTests {}
