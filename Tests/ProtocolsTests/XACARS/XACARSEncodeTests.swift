import Domain
import Protocols
import Testing

@Suite struct XACARSEncodeTests {
    private let adapter = XACARSAdapter()
    private func answer(_ reply: TrackerReply, _ frame: RawFrame) -> String {
        let encoded = adapter.encode(reply, to: frame)
        #expect(encoded.status == 200)
        #expect(encoded.header("Content-Type") == "text/plain; charset=UTF-8")
        return encoded.text
    }
    private func call(_ command: String, _ data: String = "") -> RawFrame {
        XACARSSample.live(("DATA2", command), ("DATA3", data), ("DATA4", "1"))
    }

    @Test func answersWhatWentWell() throws {
        #expect(answer(.profile(try Sample.profile()), call("TEST", "VMS0001")) == "1|OK")
        let flight = try Sample.flight(code: "482910573846")
        #expect(answer(.begun(flight), call("BEGINFLIGHT", XACARSSample.begin)) == "1|482910573846")
        let done = TrackerReply.progress(count: nil, nil)
        #expect(answer(done, XACARSSample.message(XACARSSample.message)) == "1|Success")
        #expect(answer(done, call("PAUSEFLIGHT", XACARSSample.flight)) == "1|OK")
        #expect(answer(done, call("endflight", XACARSSample.flight)) == "1|OK")
        for isRepeat in [false, true] {
            #expect(
                answer(.filed(flight, isRepeat: isRepeat), XACARSSample.report(XACARSSample.report)) == "1|Success")
        }
        #expect(answer(.preflight, call("TEST")) == "")
    }

    static let strangers: [Refusal] = [.pilotUnknown, .credentialsWrong, .pilotInactive, .pilotUnconfirmed]

    ///
    @Test(arguments: strangers)
    func refusesStrangers(_ refusal: Refusal) {
        #expect(answer(.refused(refusal), call("TEST", "VMS9999")) == "0|Unknown PilotID VMS9999")
        #expect(answer(.refused(refusal), call("TEST", "a<b>\nc")) == "0|Unknown PilotID a<b>")
        #expect(answer(.refused(refusal), call("BEGINFLIGHT", XACARSSample.begin)) == "0|Login failed")
        #expect(answer(.refused(refusal), XACARSSample.message(XACARSSample.message)) == "0|Invalid Flight ID")
        #expect(
            answer(.refused(refusal), XACARSSample.report(XACARSSample.report)) == "0|ERROR: Invalid login!")
        let bid = XACARSSample.frame("data", "DATA1=XACARS|1.1&DATA2=Bid&DATA4=VMS9999", method: "GET")
        #expect(answer(.refused(refusal), bid) == "0|No bids found!")
    }

    ///
    @Test func anUnknownFlightMayEndWithoutItsID() {
        for command in ["PAUSEFLIGHT", "ENDFLIGHT"] {
            #expect(answer(.refused(.flightUnknown), call(command, "")) == "1|OK")
            #expect(answer(.refused(.flightUnknown), call(command, XACARSSample.flight)) == "0|Invalid Flight ID")
            #expect(answer(.refused(.flightOfAnother), call(command, XACARSSample.flight)) == "0|Invalid Flight ID")
            #expect(answer(.refused(.flightCancelled), call(command, XACARSSample.flight)) == "1|OK")
            #expect(answer(.refused(.pilotUnknown), call(command, "")) == "0|Invalid Flight ID")
        }
        #expect(answer(.refused(.flightUnknown), XACARSSample.message("x", flight: "")) == "0|Invalid Flight ID")
    }

    // MARK: Flight info

    private let bid = XACARSSample.frame("data", "DATA1=XACARS|1.1&DATA2=Bid&DATA4=VMS0001", method: "GET")

    ///
    @Test func writesTenLines() throws {
        let lines = answer(.booking(try Sample.plan()), bid).split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count == 11 && lines[10].isEmpty)
        #expect(lines[..<5] == ["1|flightplan", "KJFK", "KBOS", "KBOS", "MERIT ROBUC3"])
        #expect((1...50).contains(try #require(Int(lines[5]))))
        #expect(lines[6..<10] == ["0", "IFR", "N845MJ", "18000"])
        #expect(answer(.schedule(try Sample.plan(booked: false)), bid).hasPrefix("1|flightplan\nKJFK\n"))
    }

    /// Clients split at runs of line ends.
    @Test func neverWritesAnEmptyLine() throws {
        let schedule = ScheduleDetails(
            id: Sample.id(Schedule.self), number: 1, airline: "VMS", flightNumber: "1",
            departure: try Sample.icao("KJFK"),
            arrival: try Sample.icao("KBOS"), route: "", level: 0, distance: NauticalMiles(1.0), departureTime: nil,
            arrivalTime: nil, flightTime: Minutes(70))
        let plan = PlanReply(
            schedule: schedule, booking: nil, aircraft: nil, departure: nil, arrival: nil, subfleets: [])
        #expect(answer(.booking(plan), bid) == "1|flightplan\nKJFK\nKBOS\nKBOS\nDCT\n0\n0\nIFR\nZZZZ\n0\n")
    }

    @Test func loadsFreightersWithCargoAndChartersFully() throws {
        func lines(_ type: String, charter: Bool) throws -> [Substring] {
            let schedule = ScheduleDetails(
                id: Sample.id(Schedule.self), number: 1, airline: "VMS", flightNumber: "1",
                departure: try Sample.icao("KJFK"), arrival: try Sample.icao("KBOS"),
                alternate: try Sample.icao("KBDL"), route: "A\nB", level: 0, distance: NauticalMiles(1.0),
                departureTime: nil, arrivalTime: nil, flightTime: Minutes(70), flightType: type,
                charterOf: charter ? Sample.pilot.id : nil)
            let plan = PlanReply(
                schedule: schedule, booking: nil, aircraft: Sample.aircraft, departure: nil, arrival: nil, subfleets: []
            )
            return answer(.booking(plan), bid).split(separator: "\n", omittingEmptySubsequences: false)
        }
        let charter = try lines("J", charter: true)
        #expect(charter[5] == "50" && charter[6] == "0" && charter[3] == "KBDL" && charter[4] == "A B")
        let freighter = try lines("F", charter: false)
        let cargo = try #require(Int(freighter[6]))
        #expect(freighter[5] == "0" && (1...2000).contains(cargo))
    }

    ///
    @Test func findsNothing() {
        #expect(answer(.booking(nil), bid) == "0|No bids found!")
        let number = XACARSSample.frame("data", "DATA1=XACARS|1.1&DATA2=VMS9999", method: "GET")
        #expect(
            answer(.refused(.scheduleUnknown), number) == "0|Flight not found, make sure you include the flight code!")
    }

    // MARK: Failures

    /// Nothing that a client could take for success, and a time to wait where there is one.
    @Test(arguments: ["TEST", "BEGINFLIGHT", "MESSAGE", "PAUSEFLIGHT", "ENDFLIGHT"])
    func failsInItsOwnWord(_ command: String) {
        let down = adapter.encode(.refused(.unavailable(retryAfterSeconds: 5)), to: call(command))
        #expect(down.status == 200 && down.text == "0|ERROR" && down.header("Retry-After") == "5")
        for refusal in [Refusal.tooManyRequests(retryAfterSeconds: 0), .overloaded(retryAfterSeconds: 0)] {
            let busy = adapter.encode(.refused(refusal), to: call(command))
            #expect(busy.status == 429 && busy.text == "0|ERROR" && busy.header("Retry-After") == "1")
        }
        for refusal in [Refusal.adapterOff, .alreadyFiled, .aircraftUnknown] {
            #expect(answer(.refused(refusal), call(command)) == "0|ERROR")
        }
        #expect(answer(.probe, call(command)) == "0|ERROR")
        let large = DecodeError(.tooLarge, message: "over", status: 413)
        #expect(adapter.encode(large, to: call(command)).status == 413)
        #expect(adapter.encode(large, to: call(command)).text == "0|ERROR")
    }
}
