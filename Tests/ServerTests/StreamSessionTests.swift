import Domain
import Testing

@testable import Server

@Suite struct StreamSessionTests {
    static let start = Timestamp(milliseconds: 1_767_323_045_000)
    static func session(reviews: Bool = false, limit: Int = 32) -> StreamSession {
        StreamSession(reviews: reviews, subscriptionLimit: limit, at: start)
    }
    static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
    let flight = FlightID.make(at: start)

    @Test func subscribesToTheMap() {
        var session = Self.session()
        #expect(session.received(text: Self.bytes(#"{"op":"subscribe","topic":"live"}"#)) == .startLive(nil))
        #expect(
            session.received(text: Self.bytes(#"{"op":"subscribe","topic":"live","bbox":[170,-10,-170,10]}"#))
                == .startLive(BoundingBox([170, -10, -170, 10])))
        #expect(session.received(text: Self.bytes(#"{"op":"unsubscribe","topic":"live"}"#)) == .stopLive)
        #expect(session.received(text: Self.bytes(#"{"op":"unsubscribe","topic":"live"}"#)) == .none)
    }

    @Test func resumesAsTheFirstMessage() {
        var session = Self.session()
        #expect(
            session.received(text: Self.bytes(#"{"op":"resume","topic":"live","seq":413}"#))
                == .resumeLive(after: 413, nil))
        #expect(session.topics == [.live])
    }

    @Test func watchesAFlightOnlyAfterItWasChecked() {
        var session = Self.session()
        let message = Self.bytes("{\"op\":\"subscribe\",\"topic\":\"flight\",\"id\":\"\(flight)\"}")
        #expect(session.received(text: message) == .checkFlight(flight))
        #expect(session.received(text: message) == .none)
        #expect(session.topics.isEmpty)
        #expect(session.flightChecked(flight, isAllowed: true) == .startFlight(flight))
        #expect(session.topics == [.flight(flight)])
        #expect(session.flightChecked(flight, isAllowed: true) == .none)
    }

    @Test func refusesAFlightThatMayNotBeSeen() {
        var session = Self.session()
        _ = session.received(text: Self.bytes("{\"op\":\"subscribe\",\"topic\":\"flight\",\"id\":\"\(flight)\"}"))
        #expect(session.flightChecked(flight, isAllowed: false) == .refuse(detail: "no such flight"))
        #expect(session.topics.isEmpty)
    }

    @Test func showsTheReviewDeskToReviewersOnly() {
        let message = Self.bytes(#"{"op":"subscribe","topic":"review"}"#)
        var pilot = Self.session()
        #expect(pilot.received(text: message) == .refuse(detail: "your role does not see the review desk"))
        var staff = Self.session(reviews: true)
        #expect(staff.received(text: message) == .startReview)
        #expect(staff.received(text: message) == .none)
    }

    @Test func boundsSubscriptions() {
        var session = Self.session(limit: 3)
        for index in 0..<3 {
            let id = FlightID.make(at: Self.start + .seconds(Double(index)))
            #expect(
                session.received(text: Self.bytes("{\"op\":\"subscribe\",\"topic\":\"flight\",\"id\":\"\(id)\"}"))
                    == .checkFlight(id))
            _ = session.flightChecked(id, isAllowed: true)
        }
        #expect(
            session.received(text: Self.bytes("{\"op\":\"subscribe\",\"topic\":\"flight\",\"id\":\"\(flight)\"}"))
                == .refuse(detail: "too many subscriptions"))
        #expect(
            session.received(text: Self.bytes(#"{"op":"subscribe","topic":"live"}"#))
                == .refuse(detail: "too many subscriptions"))
    }

    @Test(arguments: [
        "", "{", "[]", "1", "null", #"{"op":1}"#, #"{"op":"subscribe","topic":"live","bbox":[1]}"#, #"{"op":"shout"}"#,
        #"{"op":"subscribe","topic":"flight","id":"x"}"#, String(repeating: "[", count: 5000),
    ]) func answersErrorsAndGivesUpAfterTen(_ text: String) {
        var session = Self.session()
        for _ in 1..<10 {
            guard case .refuse = session.received(text: Self.bytes(text)) else {
                Issue.record("was not refused")
                return
            }
        }
        #expect(session.received(text: Self.bytes(text)) == .close(1008, reason: "too many errors"))
        #expect(session.received(text: Self.bytes(text)) == .none)
    }

    @Test func pingsAndGivesUpOnSilence() {
        var session = Self.session()
        #expect(session.tick(at: Self.start + .seconds(19)) == .none)
        #expect(session.tick(at: Self.start + .seconds(20)) == .ping)
        #expect(session.tick(at: Self.start + .seconds(21)) == .none)
        #expect(session.heard(at: Self.start + .seconds(22)) == .none)
        #expect(session.tick(at: Self.start + .seconds(40)) == .ping)
        #expect(session.tick(at: Self.start + .seconds(62)) == .close(1001, reason: "no sign of life"))
        #expect(session.tick(at: Self.start + .seconds(90)) == .none)
    }

    @Test func closesOnAFlood() {
        var session = Self.session()
        for _ in 0..<100 { #expect(session.heard(at: Self.start) == .none) }
        #expect(session.heard(at: Self.start) == .close(1008, reason: "too many messages"))
    }

    @Test func sendsWhileTheSocketKeepsUp() {
        var backlog = StreamBacklog()
        #expect(backlog.offer([flight], isWritable: true, at: Self.start) == .send)
        #expect(backlog.owed.isEmpty)
    }

    @Test func owesEachFlightOnceAndSettles() {
        var backlog = StreamBacklog()
        let other = FlightID.make(at: Self.start)
        #expect(backlog.offer([flight], isWritable: false, at: Self.start) == .hold)
        #expect(backlog.offer([flight, other], isWritable: false, at: Self.start + .seconds(5)) == .hold)
        #expect(backlog.settle() == [flight, other])
        #expect(backlog.offer([flight], isWritable: true, at: Self.start + .seconds(30)) == .send)
    }

    @Test func givesUpOnASocketThatStaysBehind() {
        var backlog = StreamBacklog()
        #expect(backlog.offer([flight], isWritable: false, at: Self.start) == .hold)
        #expect(backlog.check(at: Self.start + .seconds(9)) == .hold)
        #expect(backlog.check(at: Self.start + .seconds(10)) == .giveUp)
    }
}
