import Domain
import EventSchema
import Testing

@Suite struct MalformedEventTests {
    @Test func refusesATypeItDoesNotKnow() {
        for type in ["", "flight", "flight.landed", "Flight.opened", "flight.opened "] {
            #expect(throws: EventSchemaError(.unknownType, type: type, schema: 1)) {
                try EventCodec.decode(EncodedEvent(type: type, schema: 1, payload: []))
            }
        }
    }

    @Test(arguments: EventSample.full)
    func refusesASchemaItDoesNotKnow(_ sample: EventSample) {
        let payload = EventCodec.encode(sample.event).payload
        for schema in [-1, 0, 2, .max] {
            #expect(throws: EventSchemaError(.unknownSchema, type: sample.type, schema: schema)) {
                try EventCodec.decode(EncodedEvent(type: sample.type, schema: schema, payload: payload))
            }
        }
    }

    /// An empty payload, or one with a single field: what is required and missing is named.
    @Test(arguments: [
        ("tenant.created", [], "TenantCreated.id"),
        ("tenant.settings-changed", [], "TenantSettingsChanged.settings"),
        ("user.created", [], "UserCreated.profile"),
        ("user.created", [0x0A, 0], "UserProfile.id"),
        ("user.created", [0x0A, 18, 0x0A, 16] + [UInt8](repeating: 7, count: 16), "UserProfile.role"),
        ("apikey.created", [], "ApiKeyCreated.kind"),
        ("aircraft.registered", [], "AircraftRegistered.details"),
        ("aircraft.updated", [], "AircraftUpdated.details"),
        ("schedule.published", [], "SchedulePublished.details"),
        ("schedule.updated", [], "ScheduleUpdated.details"),
        ("booking.made", [], "BookingMade.details"),
        ("booking.closed", [0x0A, 3, 1, 2, 3], "BookingClosed.flight"),
        ("flight.opened", [], "FlightOpened.ruleset"),
        // A latitude of 2¹⁰²³ and a phase 99.
        ("flight.positions-recorded", [0x0A, 9, 0x21, 0, 0, 0, 0, 0, 0, 0xE0, 0x7F], "PositionSample.latitude"),
        ("flight.positions-recorded", [0x0A, 2, 0x78, 99], "PositionSample.claimed_phase"),
        ("pirep.filed", [], "PIREPFiled.content"),
        ("pirep.amended", [], "PIREPAmended.content"),
        ("flight.log-recorded", [0x0A, 0], "FlightLine.kind"),
        ("flight.commented", [], "FlightCommented.user"),
        ("tenant.notice-posted", [], "TenantNoticePosted.id"),
        ("tenant.notice-withdrawn", [], "TenantNoticeWithdrawn.id"),
        // One name twice.
        (
            "flight.details-changed", [0x0A, 12, 0xAA, 0x02, 3, 0x0A, 1, 0x61, 0xAA, 0x02, 3, 0x0A, 1, 0x61],
            "FlightDetails.fields"
        ),
        ("pirep.judged", [], "PIREPJudged.ruleset"),
        ("pirep.reviewed", [], "PIREPReviewed.outcome"),
        // `flag` is an outcome, but not of a review.
        ("pirep.reviewed", [0x08, 2], "PIREPReviewed.outcome"),
        ("tenant.host-added", [0x0A, 5, 0x61], "payload"),
        ("tenant.host-added", [0x0A, 1, 0xFF], "payload"),
    ])
    func namesTheFieldThatIsWrong(_ type: String, _ payload: [UInt8], _ field: String) {
        #expect(throws: EventSchemaError(.malformed(field: field), type: type, schema: 1)) {
            try EventCodec.decode(EncodedEvent(type: type, schema: 1, payload: payload))
        }
    }

    @Test func ignoresAFieldItDoesNotKnow() throws {
        let payload = EventCodec.encode(.tenant(.hostAdded("h"))).payload + [0xA0, 0x06, 1]
        let event = try EventCodec.decode(EncodedEvent(type: "tenant.host-added", schema: 1, payload: payload))
        #expect(event == .tenant(.hostAdded("h")))
    }

    @Test(arguments: EventSample.all)
    func survivesTruncation(_ sample: EventSample) throws {
        let encoded = EventCodec.encode(sample.event)
        for count in 0..<encoded.payload.count { try check(encoded, [UInt8](encoded.payload[..<count])) }
    }

    @Test(arguments: EventSample.full)
    func survivesMutation(_ sample: EventSample) throws {
        let encoded = EventCodec.encode(sample.event)
        let foreign = EventSample.full.flatMap { EventCodec.encode($0.event).payload }
        var generator = SplitMix64(state: 0xA1BA_7055)
        for _ in 0..<Self.mutations {
            var payload = encoded.payload
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                mutate(&payload, foreign: foreign, using: &generator)
            }
            try check(encoded, payload)
        }
    }

    /// Of each of the 28 events: more than 5,000 in all.
    static let mutations = 500

    /// A trap ends the process; what is accepted must be a value that can be written and read again.
    private func check(_ encoded: EncodedEvent, _ payload: [UInt8]) throws {
        let event: DomainEvent
        do {
            event = try EventCodec.decode(EncodedEvent(type: encoded.type, schema: encoded.schema, payload: payload))
        } catch {
            #expect(error.type == encoded.type && error.schema == encoded.schema)
            return
        }
        let again = EventCodec.encode(event)
        #expect(EventCodec.encode(try EventCodec.decode(again)) == again)
    }

    private func mutate(_ payload: inout [UInt8], foreign: [UInt8], using generator: inout SplitMix64) {
        guard !payload.isEmpty else {
            payload.append(UInt8.random(in: 0...255, using: &generator))
            return
        }
        let index = Int.random(in: 0..<payload.count, using: &generator)
        switch Int.random(in: 0..<7, using: &generator) {
        case 0: payload[index] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 1: payload[index] = UInt8.random(in: 0...255, using: &generator)
        case 2: payload[index] = [0x00, 0x7F, 0x80, 0xFF].randomElement(using: &generator) ?? 0
        case 3: payload.remove(at: index)
        case 4: payload.insert(UInt8.random(in: 0...255, using: &generator), at: index)
        case 5:
            let start = Int.random(in: 0..<foreign.count, using: &generator)
            let end = min(foreign.count, start + Int.random(in: 1...40, using: &generator))
            payload.insert(contentsOf: foreign[start..<end], at: index)
        default: payload.removeSubrange(index..<min(payload.count, index + 8))
        }
    }
}

/// The same numbers in every run. Source: S. Vigna, splitmix64.c.
private struct SplitMix64: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }
}
