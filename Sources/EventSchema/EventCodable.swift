public import Domain

/// An aggregate whose events can be stored.
public protocol EventCodable: Aggregate {
    static func wrap(_ event: Event) -> DomainEvent
    /// - Returns: `nil` when the event is of another aggregate.
    static func unwrap(_ event: DomainEvent) -> Event?
}

extension Tenant: EventCodable {
    public static func wrap(_ event: TenantEvent) -> DomainEvent { .tenant(event) }
    public static func unwrap(_ event: DomainEvent) -> TenantEvent? {
        if case .tenant(let event) = event { event } else { nil }
    }
}

extension User: EventCodable {
    public static func wrap(_ event: UserEvent) -> DomainEvent { .user(event) }
    public static func unwrap(_ event: DomainEvent) -> UserEvent? {
        if case .user(let event) = event { event } else { nil }
    }
}

extension ApiKey: EventCodable {
    public static func wrap(_ event: ApiKeyEvent) -> DomainEvent { .apiKey(event) }
    public static func unwrap(_ event: DomainEvent) -> ApiKeyEvent? {
        if case .apiKey(let event) = event { event } else { nil }
    }
}

extension Aircraft: EventCodable {
    public static func wrap(_ event: AircraftEvent) -> DomainEvent { .aircraft(event) }
    public static func unwrap(_ event: DomainEvent) -> AircraftEvent? {
        if case .aircraft(let event) = event { event } else { nil }
    }
}

extension Schedule: EventCodable {
    public static func wrap(_ event: ScheduleEvent) -> DomainEvent { .schedule(event) }
    public static func unwrap(_ event: DomainEvent) -> ScheduleEvent? {
        if case .schedule(let event) = event { event } else { nil }
    }
}

extension Booking: EventCodable {
    public static func wrap(_ event: BookingEvent) -> DomainEvent { .booking(event) }
    public static func unwrap(_ event: DomainEvent) -> BookingEvent? {
        if case .booking(let event) = event { event } else { nil }
    }
}

extension Flight: EventCodable {
    public static func wrap(_ event: FlightEvent) -> DomainEvent { .flight(event) }
    public static func unwrap(_ event: DomainEvent) -> FlightEvent? {
        if case .flight(let event) = event { event } else { nil }
    }
}

extension PIREP: EventCodable {
    public static func wrap(_ event: PIREPEvent) -> DomainEvent { .pirep(event) }
    public static func unwrap(_ event: DomainEvent) -> PIREPEvent? {
        if case .pirep(let event) = event { event } else { nil }
    }
}
