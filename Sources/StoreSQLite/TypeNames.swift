import Domain
import GRDB
import Synchronization

/// Names of the interned event types. Rows of `event_type` never change, so what was read once stays right.
final class TypeNames: Sendable {
    private let names = Mutex<[Int64: String]>([:])

    /// A name that was read before.
    func knownName(_ id: Int64) -> String? { names.withLock { $0[id] } }

    func name(_ id: Int64, _ db: Database) throws(EventStoreError) -> String {
        if let known = names.withLock({ $0[id] }) { return known }
        let found: String?
        do {
            found = try db.prepared("SELECT name FROM event_type WHERE id = ?").first([.integer(id)]) { $0.text(0) }
        } catch { throw .unavailable("\(error)") }
        // A number nobody knows: the checksum of the row will say so.
        guard let found else { return "" }
        names.withLock { $0[id] = found }
        return found
    }
}
