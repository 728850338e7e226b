import Application
import Domain
import Protocols
import Secrets
import Server

extension Composition {
    /// A fresh key of somebody, and what is kept of it.
    func makeKey(_ user: UserID, _ kind: ApiKeyDetails.Kind) -> (key: String, details: ApiKeyDetails) {
        let key = tokens.makeToken()
        let details = ApiKeyDetails(
            id: .make(at: Self.now()), user: user, kind: kind, hash: Hex.lowerCase(tokens.digest(of: key)),
            prefix: String(key.prefix(8)),
            digests: kind == .tracker ? KeyDigests.all(of: key).map { Hex.lowerCase(tokens.digest(of: $0)) } : nil)
        return (key, details)
    }

    func trackerSetUp() -> TrackerSetUp {
        let adapters = adapters
        return TrackerSetUp(
            administration: administration, heard: heard,
            trackers: { tenant, pilot, origin, key in
                adapters.adapters.filter { !tenant.settings.disabledAdapters.contains($0.id.rawValue) }
                    .map { Self.tracker($0, tenant, pilot, origin: origin, key: key) }
                    .sorted { ($0.title.lowercased(), $0.adapter) < ($1.title.lowercased(), $1.adapter) }
            }, makeKey: makeKey)
    }

    /// Stands in addresses for a key that is not shown.
    private static let hidden = "…"

    private static func tracker(
        _ adapter: any TrackerAdapter.Type, _ tenant: Tenant, _ pilot: String, origin: String, key: String?
    ) -> TrackerSetUp.Tracker {
        var site = TrackerSite()
        site.name = tenant.name
        site.codes = tenant.codes
        site.iata = tenant.iata
        site.pilotOffset = tenant.settings.pilotOffset
        site.options = tenant.settings.trackerOptions
        site.root = "\(origin)/acars/\(tenant.slug)/\(adapter.id)/"
        let root = adapter.setUpKey == .inRoot ? "\(site.root)k/\(key ?? hidden)/" : site.root
        let texts = adapter.setUp(root: root, pilot: pilot, site: site).map { each in
            let text =
                adapter.setUpKey == .pasted
                ? key.map { each.text.replacing(SetUpText.keyPlace(pilot: pilot), with: $0) } ?? each.text : each.text
            return TrackerSetUp.Text(title: each.title, text: text)
        }
        let (place, kind): (String, ApiKeyDetails.Kind?) =
            switch adapter.setUpKey {
            case .none: ("none", nil)
            case .inRoot: ("address", .tracker)
            case .pasted: ("pasted", .api)
            }
        return TrackerSetUp.Tracker(
            adapter: adapter.id.rawValue, title: adapter.title, key: place, kind: kind, texts: texts)
    }
}
