/// Every tracker protocol the gateway speaks; adding one is one line here.
public enum AdapterRegistry {
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

    /// - Returns: `nil` for an id nobody registered.
    public static func adapter(_ id: some StringProtocol) -> (any TrackerAdapter.Type)? {
        all.first { $0.id.rawValue == id }
    }
}
