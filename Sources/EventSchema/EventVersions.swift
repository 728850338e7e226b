import Domain

/// The schema versions of the event types that can be read. An old version's reader gives the event as it is today, so
/// that nobody behind it knows there was another one.
struct EventVersions: Sendable {
    private let byType: [String: [PayloadReader]]

    init(_ readers: [PayloadReader]) { byType = Dictionary(grouping: readers, by: \.type) }

    func decode(_ event: EncodedEvent) throws(EventSchemaError) -> DomainEvent {
        guard let versions = byType[event.type] else {
            throw EventSchemaError(.unknownType, type: event.type, schema: event.schema)
        }
        guard let reader = versions.first(where: { $0.schema == event.schema }) else {
            throw EventSchemaError(.unknownSchema, type: event.type, schema: event.schema)
        }
        do {
            return try reader.read(event.payload)
        } catch {
            throw EventSchemaError(.malformed(field: error.field), type: event.type, schema: event.schema)
        }
    }
}
