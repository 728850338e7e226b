import Domain

/// Some of the log, read in order.
struct LogPage {
    var events: [EventEnvelope]
    /// Everything up to here was looked at.
    var position: Int64
    /// The log ends here.
    var isEnd: Bool
    /// Positions of events whose row does not match its checksum. What follows from them is wrong from there on: their
    /// streams show a gap in their versions.
    var damaged: [Int64] = []
}

/// Reads the log past rows that are damaged: they stop nobody but their own stream.
struct LogReader: Sendable {
    let store: any EventReader

    func page(after position: Int64, limit: Int) async throws(EventStoreError) -> LogPage {
        let damaged: Int64
        do {
            let events = try await store.readAll(after: position, limit: limit)
            return LogPage(events: events, position: events.last?.position ?? position, isEnd: events.count < limit)
        } catch {
            guard case .corrupted(let at) = error, at > position else { throw error }
            damaged = at
        }
        // Positions may have holes, so how many events lie before the damaged one is found by halving.
        var count = Int(min(Int64(limit), damaged - position - 1))
        while count > 0 {
            do {
                let events = try await store.readAll(after: position, limit: count)
                if let last = events.last { return LogPage(events: events, position: last.position, isEnd: false) }
                break
            } catch {
                guard case .corrupted = error else { throw error }
                count /= 2
            }
        }
        return LogPage(events: [], position: damaged, isEnd: false, damaged: [damaged])
    }
}
