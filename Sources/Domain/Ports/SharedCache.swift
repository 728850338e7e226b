/// A cache and a notice board that several processes share. Everything in it may vanish at any moment, and a call never
/// fails: what cannot be had is a miss, what cannot be written is forgotten. Calls return within a fraction of a second,
/// at once while the cache is known to be away.
public protocol SharedCache: Sendable {
    func value(_ key: String) async -> [UInt8]?
    /// - Parameter seconds: Life of the entry, at least 1.
    func set(_ key: String, _ value: [UInt8], seconds: Int) async
    func remove(_ keys: [String]) async
    /// Tells every subscriber of the channel, in this and other processes, that listens at this moment.
    func publish(_ channel: String, _ message: [UInt8]) async
    /// Messages from now on, until the task that reads them is cancelled. Slow readers lose the oldest. Subscribes again
    /// by itself after a loss of the connection, and then yields one empty message: something may have been missed.
    func messages(_ channel: String) -> AsyncStream<[UInt8]>
    /// Whether the last call reached it, for `/readyz` and `/metrics`.
    var isReachable: Bool { get }
}
