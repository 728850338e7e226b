/// One step of the schema. Steps are append-only: a step that was released never changes. Each is additive: processes of
/// the release before go on working while it is applied.
struct Migration {
    let version: Int
    let sql: String

    /// Every step in order; the last one's version is the schema this release works with.
    static let all = [log, erasure]
    static var current: Int { all.last?.version ?? 0 }
}
