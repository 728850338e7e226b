import Domain
import EventSchema
import Testing

@Suite struct EventCodecTests {
    @Test(arguments: EventSample.all)
    func givesBackWhatItWasGiven(_ sample: EventSample) throws {
        let encoded = EventCodec.encode(sample.event)
        #expect(encoded.type == sample.type)
        #expect(encoded.schema == 1)
        #expect(try EventCodec.decode(encoded) == sample.event)
    }

    /// `==` takes −0 for 0; the bytes show every bit.
    @Test(arguments: EventSample.all)
    func givesTheSameBytesAgain(_ sample: EventSample) throws {
        let encoded = EventCodec.encode(sample.event)
        #expect(EventCodec.encode(sample.event) == encoded)
        #expect(EventCodec.encode(try EventCodec.decode(encoded)) == encoded)
    }

    @Test func keepsTheContentHashOfEverySample() throws {
        let samples = PositionSample.extremes + [.full, .second, .minimal, .zero]
        let event = DomainEvent.flight(.positionsRecorded(samples, clockShift: Milliseconds(0)))
        guard case .flight(.positionsRecorded(let decoded, _)) = try EventCodec.decode(EventCodec.encode(event)) else {
            Issue.record("another event")
            return
        }
        #expect(decoded.map(\.contentHash) == samples.map(\.contentHash))
    }

    @Test func keepsEveryValueOfEveryEnum() throws {
        var events: [DomainEvent] = Role.allCases.map { .user(.created(.role($0), passwordHash: nil)) }
        for kind in ApiKeyDetails.Kind.allCases {
            let details = ApiKeyDetails(id: .sample(1), user: .sample(2), kind: kind, hash: "", prefix: "")
            events.append(.apiKey(.created(details)))
        }
        var findings: [Finding] = []
        for verdict in [Finding.Verdict.pass, .violated, .inconclusive, .notApplicable] {
            for severity in Finding.Severity.allCases {
                for action in [Finding.Action.accept, .flag, .reject] {
                    for confidence in [Finding.Confidence.measured, .derived, .reported, nil] {
                        var finding = Finding(
                            rule: "r", verdict: verdict, severity: severity, action: action, points: 1)
                        finding.confidence = confidence
                        findings.append(finding)
                    }
                }
            }
        }
        for outcome in [Judgement.Outcome.accept, .flag, .reject] {
            events.append(.pirep(.judged(.judgement(outcome, findings, FlightFigures()))))
        }
        for outcome in [Review.Outcome.accept, .reject] {
            let review = Review(outcome: outcome, reason: "", reviewer: .sample(1), reviewerIdent: "", at: .zero)
            events.append(.pirep(.reviewed(review)))
        }
        for event in events { #expect(try EventCodec.decode(EventCodec.encode(event)) == event) }
    }

    @Test func writesParametersInOneOrderWhateverTheDictionarys() {
        let names = (0..<40).map { "parameter-\($0)" }
        func payload(_ names: [String]) -> [UInt8] {
            var finding = Finding.full
            finding.parameters = [:]
            for name in names { finding.parameters[name] = "value of \(name)" }
            return EventCodec.encode(.pirep(.judged(.judgement(.accept, [finding], .full)))).payload
        }
        #expect(payload(names) == payload(names.reversed()))
    }

    @Test func knowsTheEventsByTheseNames() {
        #expect(
            EventCodec.allTypes == [
                "tenant.created", "tenant.host-added", "tenant.host-removed", "tenant.settings-changed",
                "tenant.notice-posted", "tenant.notice-withdrawn",
                "user.created", "user.password-changed", "user.confirmed", "user.disabled", "user.enabled",
                "user.erased",
                "apikey.created", "apikey.revoked",
                "aircraft.registered", "aircraft.updated",
                "schedule.published", "schedule.updated", "schedule.withdrawn",
                "booking.made", "booking.aircraft-changed", "booking.cancelled", "booking.closed",
                "flight.opened", "flight.positions-recorded", "flight.log-recorded", "flight.details-changed",
                "flight.paused", "flight.resumed", "flight.commented", "flight.cancelled", "flight.abandoned",
                "flight.ended",
                "pirep.filed", "pirep.amended", "pirep.withdrawn", "pirep.judged", "pirep.reviewed",
            ]
        )
    }

    @Test func everyEventHasANameAFullAndAMinimalSample() {
        #expect(EventSample.full.map(\.type) == EventCodec.allTypes)
        #expect(EventSample.minimal.map(\.type) == EventCodec.allTypes)
        for sample in EventSample.all { #expect(name(of: sample.event) == sample.type) }
    }

    @Test(arguments: EventCodec.allTypes)
    func beginsWithTheCategoryOfItsStream(_ type: String) {
        let category = type.prefix { $0 != "." }
        #expect(StreamCategory(rawValue: String(category)) != nil)
    }

    @Test(arguments: EventSample.full)
    func belongsToOneAggregate(_ sample: EventSample) {
        let event = sample.event
        let wrapped: [DomainEvent?] = [
            Tenant.unwrap(event).map(Tenant.wrap), User.unwrap(event).map(User.wrap),
            ApiKey.unwrap(event).map(ApiKey.wrap), Aircraft.unwrap(event).map(Aircraft.wrap),
            Schedule.unwrap(event).map(Schedule.wrap), Booking.unwrap(event).map(Booking.wrap),
            Flight.unwrap(event).map(Flight.wrap), PIREP.unwrap(event).map(PIREP.wrap),
        ]
        #expect(wrapped.compactMap { $0 } == [event])
    }

    /// A new case of an event does not compile here until it has a name; the samples then need one too.
    private func name(of event: DomainEvent) -> String {
        switch event {
        case .tenant(.created): "tenant.created"
        case .tenant(.hostAdded): "tenant.host-added"
        case .tenant(.hostRemoved): "tenant.host-removed"
        case .tenant(.settingsChanged): "tenant.settings-changed"
        case .tenant(.noticePosted): "tenant.notice-posted"
        case .tenant(.noticeWithdrawn): "tenant.notice-withdrawn"
        case .user(.created): "user.created"
        case .user(.passwordChanged): "user.password-changed"
        case .user(.confirmed): "user.confirmed"
        case .user(.disabled): "user.disabled"
        case .user(.enabled): "user.enabled"
        case .user(.erased): "user.erased"
        case .apiKey(.created): "apikey.created"
        case .apiKey(.revoked): "apikey.revoked"
        case .aircraft(.registered): "aircraft.registered"
        case .aircraft(.updated): "aircraft.updated"
        case .schedule(.published): "schedule.published"
        case .schedule(.updated): "schedule.updated"
        case .schedule(.withdrawn): "schedule.withdrawn"
        case .booking(.made): "booking.made"
        case .booking(.aircraftChanged): "booking.aircraft-changed"
        case .booking(.cancelled): "booking.cancelled"
        case .booking(.closed): "booking.closed"
        case .flight(.opened): "flight.opened"
        case .flight(.positionsRecorded): "flight.positions-recorded"
        case .flight(.linesRecorded): "flight.log-recorded"
        case .flight(.detailsChanged): "flight.details-changed"
        case .flight(.paused): "flight.paused"
        case .flight(.resumed): "flight.resumed"
        case .flight(.commented): "flight.commented"
        case .flight(.cancelled): "flight.cancelled"
        case .flight(.abandoned): "flight.abandoned"
        case .flight(.ended): "flight.ended"
        case .pirep(.filed): "pirep.filed"
        case .pirep(.amended): "pirep.amended"
        case .pirep(.withdrawn): "pirep.withdrawn"
        case .pirep(.judged): "pirep.judged"
        case .pirep(.reviewed): "pirep.reviewed"
        }
    }
}
