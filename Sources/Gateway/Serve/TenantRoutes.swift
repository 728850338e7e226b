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
        /// What follows the root, as sent.
        let path: String
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
    private let cache = Mutex(Cache())

    init(directory: Directory) { self.directory = directory }

    /// - Parameters:
    ///   - path: Without the query, percent-encoding as sent.
    ///   - host: The request's host name, with or without port.
    func match(path: String, host: String?) async throws(EventStoreError) -> Outcome {
        if path.hasPrefix("/acars/") {
            let parts = path.dropFirst("/acars/".count).split(
                separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count >= 2, let adapter = AdapterRegistry.adapter(parts[1]),
                let tenant = try await tenant(slug: String(parts[0]))
            else { return .unknown }
            return .found(Match(tenant: tenant, adapter: adapter, path: parts.count > 2 ? String(parts[2]) : ""))
        }
        guard let name = host?.split(separator: ":").first.map({ $0.lowercased() }), mayBeMapped(name),
            let tenant = try await tenant(host: name), let (adapter, rest) = Self.hostRoot(path)
        else { return .elsewhere }
        return .found(Match(tenant: tenant, adapter: adapter, path: rest))
    }

    /// Names of this machine are never mapped: the common case costs no look-up.
    private func mayBeMapped(_ name: String) -> Bool { name != "localhost" && name != "127" }

    /// Where unmodified clients expect an adapter on a host of its own: smartCARS' phpVMS 7 module at `/api/smartcars/`, its
    /// phpVMS 5 server at `/<folder>/api/phpvms5/` (the folder may be missing); and every adapter at `/{id}/`.
    static func hostRoot(_ path: String) -> (adapter: any TrackerAdapter.Type, rest: String)? {
        let parts = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        func below(_ root: [String], from start: Int) -> String? {
            guard parts.count >= start + root.count, Array(parts[start..<(start + root.count)]) == root else {
                return nil
            }
            return parts[(start + root.count)...].joined(separator: "/")
        }
        if let rest = below(["api", "smartcars"], from: 0) { return (SmartCARS3V7Adapter.self, rest) }
        for start in 0...1 {
            if let rest = below(["api", "phpvms5"], from: start) { return (SmartCARS3Adapter.self, rest) }
        }
        if let first = parts.first, let adapter = AdapterRegistry.adapter(first) {
            return (adapter, parts.dropFirst().joined(separator: "/"))
        }
        return nil
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
