/// One step of the schema. Steps are append-only: a step that was released never changes.
struct Migration {
    let version: Int
    let sql: String

    /// Every step in order; the last one's version is the schema this release writes.
    static let all = [log, partitions]
    static var current: Int { all.last?.version ?? 0 }
}
