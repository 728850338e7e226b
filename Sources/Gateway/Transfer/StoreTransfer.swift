import Application
import Domain
import EventSchema
import Foundation
import Synchronization

/// Takes a store, or one airline of it, out into a file and into another store.
struct StoreTransfer: Sendable {
    let parts: Composition

    /// What stays behind: read models, which the log gives again, and the mark of this installation's secret.
    private static let leftOut = Set(Maintenance.names + [OpenedStore.secretName])

    /// Writes a file while servers go on.
    /// - Parameter slug: Of the one airline; nil takes the whole store.
    /// - Throws: ``Refused`` and ``EventStoreError``; nothing is left behind then.
    func export(
        to path: String, tenant slug: String?, progress: @escaping @Sendable (Int) -> Void
    ) async throws
        -> TransferCounts
    {
        var scope = TransferScope.store
        if let slug {
            let tenant = try await parts.tenant(slug: slug).id
            scope = .tenant(tenant, entry: StreamName(platformTenant, Tenant.category, tenant.uuid))
        }
        let writer = try TransferWriter(
            path: path,
            manifest: TransferManifest(
                tenant: slug, madeAt: Composition.now().milliseconds, secretMark: OpenedStore.mark(of: parts.secret)))
        do {
            try await parts.opened.transfer.exportRecords(scope, leavingOut: Self.leftOut) { records in
                progress(try writer.take(records))
            }
            return try writer.finish()
        } catch {
            writer.discard()
            throw error
        }
    }

    /// Looks through a whole file before anything is done with it.
    static func check(_ path: String) throws -> (manifest: TransferManifest, counts: TransferCounts) {
        let reader = try TransferReader(path: path)
        let counts = try reader.check { Terminal.progress("checking \(path): \($0) records") }
        return (reader.manifest, counts)
    }

    /// Fills an empty store from a file that was checked: events, what they do not give again, lookups; then the read models.
    /// - Parameter progress: Called with a step's name, events done and events in all.
    func load(
        _ path: String, _ found: TransferCounts, progress: @escaping @Sendable (String, Int, Int) -> Void
    ) async throws {
        do {
            try await parts.opened.transfer.importRecords {
                let source = ImportSource(try TransferReader(path: path)) { progress("storing", $0, found.events) }
                return { try source.next() }
            }
        } catch EventStoreError.unavailable(let reason) {
            // Says itself what to do; nothing was stored.
            throw Refused(reason)
        }
        for name in Maintenance.names {
            try await parts.maintenance.rebuild(name) { done, total in
                progress("rebuilding \(name)", Int(done), Int(total))
            }
        }
    }
}

/// The records of a file, and behind them the lookups that follow from its events.
private final class ImportSource: Sendable {
    private struct State {
        let reader: TransferReader
        var replay: LookupReplay? = LookupReplay()
        var lookups: [(tenant: TenantID, kind: String, key: String, value: [UInt8])] = []
    }
    private let state: Mutex<State>
    private let progress: @Sendable (Int) -> Void

    init(_ reader: sending TransferReader, progress: @escaping @Sendable (Int) -> Void) {
        state = Mutex(State(reader: reader))
        self.progress = progress
    }

    func next() throws -> TransferRecord? {
        try state.withLock { state in
            if state.replay != nil {
                if let record = try state.reader.next() {
                    if case .event(let envelope) = record {
                        do { try state.replay?.apply(envelope) } catch let error as EventSchemaError {
                            throw Refused("event \(envelope.position) cannot be read by this release (\(error))")
                        }
                        let events = state.reader.counts.events
                        if events % 10_000 == 0 { progress(events) }
                    }
                    return record
                }
                state.lookups = state.replay?.lookups ?? []
                state.replay = nil
            }
            return state.lookups.popLast().map { .lookup($0.tenant, kind: $0.kind, key: $0.key, value: $0.value) }
        }
    }
}
