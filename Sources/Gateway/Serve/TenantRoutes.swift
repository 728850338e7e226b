import Application
import Domain
import EventSchema
import Protocols
import Synchronization

/// Finds the tenant and the adapter that a URL or a host name leads to, with a cache that the log keeps right.
final class TenantRoutes: Sendable {
    /// A tracker's request below an adapter's root.
    struct Match: Sendable {
        let tenant: Tenant
        let adapter: any TrackerAdapter.Type
        /// What follows the root and the tracker key, as sent.
        let path: String
        /// Of `/k/{key}/`.
        let trackerKey: String?
        /// The root's path, with slashes at both ends and without a key.
        let root: String
    }
    enum Outcome: Sendable {
        /// Not a tracker's URL.
        case elsewhere
        /// A tracker's URL, but of no tenant or adapter here.
        case unknown
        case found(Match)
    }

    private struct Cache {
        var slugs: [String: Tenant] = [:]
        var hosts: [String: Tenant?] = [:]
        var epoch: UInt64 = 0
    }
    private let directory: Directory
    private let adapters: AdapterRegistry
    private let cache = Mutex(Cache())

    init(directory: Directory, adapters: AdapterRegistry) {
        self.directory = directory
        self.adapters = adapters
    }

    /// - Parameters:
    ///   - path: Without the query, percent-encoding as sent.
    ///   - host: The request's host name, with or without port.
    func match(path: String, host: String?) async throws(EventStoreError) -> Outcome {
        if path.hasPrefix("/acars/") {
            let parts = path.dropFirst("/acars/".count).split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count >= 2, let adapter = adapters.adapter(parts[1]),
                let tenant = try await tenant(slug: String(parts[0]))
            else { return .unknown }
            let (key, rest) = Self.trackerKey(parts[2...])
            return .found(
                Match(
                    tenant: tenant, adapter: adapter, path: rest.joined(separator: "/"), trackerKey: key,
                    root: "/acars/\(parts[0])/\(parts[1])/"))
        }
        guard let name = host?.split(separator: ":").first.map({ $0.lowercased() }), mayBeMapped(name),
            let tenant = try await tenant(host: name), let found = hostRoot(path)
        else { return .elsewhere }
        return .found(
            Match(
                tenant: tenant, adapter: found.adapter, path: found.rest, trackerKey: found.trackerKey,
                root: found.root))
    }

    /// Cuts `k/{key}` off the front.
    private static func trackerKey(_ parts: ArraySlice<Substring>) -> (key: String?, rest: ArraySlice<Substring>) {
        guard parts.count >= 2, parts.first == "k", (1...200).contains(parts[parts.startIndex + 1].utf8.count) else {
            return (nil, parts)
        }
        return (String(parts[parts.startIndex + 1]), parts.dropFirst(2))
    }

    /// Names of this machine are never mapped: the common case costs no look-up.
    private func mayBeMapped(_ name: String) -> Bool { name != "localhost" && name != "127" }

    /// Where unmodified clients expect an adapter on a host of its own, each adapter's ``TrackerAdapter/hostRoot(_:)``, the
    /// longest root first; and every adapter at `/{id}/`. A tracker key may stand in front of either, and behind the id.
    private func hostRoot(
        _ path: String
    ) -> (adapter: any TrackerAdapter.Type, rest: String, trackerKey: String?, root: String)? {
        let parts = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        let (key, rest) = Self.trackerKey(parts[...])
        if let first = rest.first, let adapter = adapters.adapter(first) {
            let (inner, rest) = Self.trackerKey(rest.dropFirst())
            return (adapter, rest.joined(separator: "/"), inner ?? key, "/\(first)/")
        }
        let segments = Array(rest)
        var best: (adapter: any TrackerAdapter.Type, length: Int)?
        for adapter in adapters.adapters {
            guard let length = adapter.hostRoot(segments), length <= segments.count else { continue }
            if best.map({ length > $0.length }) ?? true { best = (adapter, length) }
        }
        guard let best else { return nil }
        let root = segments[..<best.length].map { "\($0)/" }.joined()
        return (best.adapter, segments[best.length...].joined(separator: "/"), key, "/\(root)")
    }

    private func tenant(slug: String) async throws(EventStoreError) -> Tenant? {
        let (known, epoch) = cache.withLock { ($0.slugs[slug], $0.epoch) }
        if let known { return known }
        guard TenantSlug.isValid(slug), let found = try await directory.tenant(slug: slug) else { return nil }
        cache.withLock { if $0.epoch == epoch { $0.slugs[slug] = found } }
        return found
    }

    private func tenant(host: String) async throws(EventStoreError) -> Tenant? {
        let (known, epoch) = cache.withLock { ($0.hosts[host], $0.epoch) }
        if let known { return known }
        guard host.utf8.count <= 253 else { return nil }
        let found = try await directory.tenant(host: host)
        cache.withLock { cache in
            guard cache.epoch == epoch else { return }
            // Names that nobody mapped are remembered too, but not without bound.
            if cache.hosts.count > 10_000 { cache.hosts.removeAll() }
            cache.hosts[host] = .some(found)
        }
        return found
    }

    /// Called for every event of the log, in order.
    func observe(_ envelope: EventEnvelope, _ event: DomainEvent) {
        guard case .tenant = event else { return }
        cache.withLock { cache in
            cache.epoch += 1
            cache.slugs = [:]
            cache.hosts = [:]
        }
    }
}
