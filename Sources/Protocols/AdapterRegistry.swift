/// The tracker protocols that a gateway speaks.
public struct AdapterRegistry: Sendable {
    /// Every protocol of the product; adding one is one line here.
    public static let all: [any TrackerAdapter.Type] = [
        FSACARS4Adapter.self,
        FSACARSAdapter.self,
        FSFKAdapter.self,
        FSPassengersAdapter.self,
        KACARSAdapter.self,
        PhpVMS7Adapter.self,
        SmartCARS2Adapter.self,
        SmartCARS3Adapter.self,
        SmartCARS3V7Adapter.self,
        XACARSAdapter.self,
    ]

    public let adapters: [any TrackerAdapter.Type]

    /// - Parameter adapters: Another set than the product's: a test brings its own.
    public init(_ adapters: [any TrackerAdapter.Type] = AdapterRegistry.all) { self.adapters = adapters }

    /// - Returns: `nil` for an id nobody registered.
    public func adapter(_ id: some StringProtocol) -> (any TrackerAdapter.Type)? {
        adapters.first { $0.id.rawValue == id }
    }

    /// One of the product's own.
    /// - Returns: `nil` for an id nobody registered.
    public static func adapter(_ id: some StringProtocol) -> (any TrackerAdapter.Type)? {
        AdapterRegistry().adapter(id)
    }
}
