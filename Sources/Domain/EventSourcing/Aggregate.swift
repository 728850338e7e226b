/// A consistency boundary. `decide` holds all business logic and changes nothing; `apply` holds none and cannot fail.
public protocol Aggregate: Sendable {
    associatedtype Command: Sendable
    associatedtype Event: Sendable
    associatedtype Rejection: Error & Sendable
    /// Category of the aggregate's streams, e.g. `flight`.
    static var category: StreamCategory { get }
    /// The state before the first event.
    init()
    /// - Returns: The events the command causes; empty when it repeats what already holds.
    func decide(_ command: Command) throws(Rejection) -> [Event]
    mutating func apply(_ event: Event)
}

/// The kinds of stream. The raw value is the first part of every event type name.
public enum StreamCategory: String, CaseIterable, Sendable, Codable {
    case tenant, user, apikey, aircraft, schedule, booking, flight, pirep
}
