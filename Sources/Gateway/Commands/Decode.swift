import ArgumentParser
import Domain
import Foundation
import Protocols

/// Explains a captured frame: what it means to the gateway, or why it means nothing, and what the tracker would be told.
struct Decode: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Explain a captured HTTP request of a tracker.")
    @Option(
        help: ArgumentHelp(
            "The protocol: \(AdapterRegistry.all.map { $0.id.rawValue }.joined(separator: ", ")).", valueName: "name"))
    var adapter: String
    @Argument(
        help: "The request: first line (path below the adapter's root), headers, empty line, body. - is standard input."
    )
    var file: String
    @Flag(help: "One JSON value instead of text.") var json = false

    func validate() throws {
        guard AdapterRegistry.adapter(adapter) != nil else {
            throw ValidationError(
                "no adapter \"\(adapter)\": choose \(AdapterRegistry.all.map { $0.id.rawValue }.joined(separator: ", "))"
            )
        }
    }

    func run() async throws {
        guard let type = AdapterRegistry.adapter(adapter) else { return }
        let bytes: Data
        do {
            bytes =
                file == "-"
                ? try FileHandle.standardInput.readToEnd() ?? Data() : try Data(contentsOf: URL(fileURLWithPath: file))
        } catch {
            throw Refused("cannot read \(file): see that it is there and readable")
        }
        let frame = try CapturedFrame.parse(Array(bytes), adapter: adapter, receivedAt: Composition.now())
        let limit = type.bodyLimit(method: frame.method, path: frame.path)
        guard frame.body.count <= limit else {
            throw Refused(
                "the body has \(frame.body.count) bytes, more than the \(limit) that this call may have: the gateway answers 413"
            )
        }
        let decoded = type.init().decode(frame)
        let output = Output(json: json)
        let credential: String =
            switch decoded.credential {
            case .none: "none needed"
            case .session(let token): token.isEmpty ? "session token needed, none sent" : "session token"
            }
        let unknown = decoded.unrecognised.sorted { $0.key < $1.key }
        let unknownJSON = JSONValue.object(JSONObject(unknown.map { .init($0.key, .string($0.value)) }))
        let unknownText = unknown.map { "\n  not understood: \($0.key) = \($0.value)" }.joined()
        switch decoded.outcome {
        case .success(let request):
            let lines = RequestText.lines(request)
            output.show(
                .make([
                    "adapter": .string(adapter), "understood": .bool(true),
                    "request": .string(RequestText.name(request)),
                    "credential": .string(credential), "meaning": .array(lines.map(JSONValue.string)),
                    "unrecognised": unknownJSON,
                ]),
                "\(frame.method) \(frame.path): \(RequestText.name(request))\n  credential: \(credential)"
                    + lines.map { "\n  \($0)" }.joined() + unknownText)
        case .failure(let error):
            let reply = type.init().encode(error, to: frame)
            let body = String(decoding: reply.body, as: UTF8.self)
            output.show(
                .make([
                    "adapter": .string(adapter), "understood": .bool(false), "code": .string(error.code.rawValue),
                    "field": .text(error.field), "message": .string(error.message), "credential": .string(credential),
                    "unrecognised": unknownJSON,
                    "answer": .make(["status": .number(reply.status), "body": .string(body)]),
                ]),
                "\(frame.method) \(frame.path): not understood, \(error.code.rawValue)"
                    + (error.field.map { " (field \($0))" } ?? "")
                    + "\n  \(error.message)\n  credential: \(credential)\n  the tracker is told: \(reply.status) \(body)"
                    + unknownText)
            throw Refused("the frame is not understood: \(error.message)")
        }
    }
}

/// Reads a request as a proxy or `curl --trace` would keep it.
enum CapturedFrame {
    static func parse(_ bytes: [UInt8], adapter: String, receivedAt: Timestamp) throws -> RawFrame {
        var index = 0
        func line() -> String? {
            guard index < bytes.count else { return nil }
            let end = bytes[index...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
            var text = bytes[index..<end]
            if text.last == UInt8(ascii: "\r") { text = text.dropLast() }
            index = min(bytes.count, end + 1)
            return String(decoding: text, as: UTF8.self)
        }
        guard let first = line() else { throw Refused("the file is empty: give a request, first line first") }
        let parts = first.split(separator: " ", omittingEmptySubsequences: true)
        guard parts.count >= 2, parts[0].allSatisfy({ $0.isASCII && $0.isLetter }) else {
            throw Refused("the first line is no request line: write e.g. `POST pilot/login?username=7`")
        }
        var contentType: String?
        var authorization: String?
        while let header = line(), !header.isEmpty {
            guard let colon = header.firstIndex(of: ":") else {
                throw Refused("\"\(header.prefix(40))\" is no header: leave an empty line before the body")
            }
            let value = header[header.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            switch header[..<colon].lowercased() {
            case "content-type": contentType = value
            case "authorization": authorization = value
            default: break
            }
        }
        let (path, query) = target(String(parts[1]), adapter: adapter)
        return RawFrame(
            method: parts[0].uppercased(), path: path, query: query, contentType: contentType,
            authorization: authorization, body: Array(bytes[index...]), receivedAt: receivedAt)
    }

    /// What follows the adapter's root, whether the capture shows the whole URL, its path, or just that.
    private static func target(_ text: String, adapter: String) -> (path: String, query: String) {
        let halves = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var path = halves[0]
        if let scheme = path.range(of: "://") { path = path[scheme.upperBound...].drop { $0 != "/" } }
        let segments = path.split(separator: "/", omittingEmptySubsequences: false)
        if let root = segments.firstIndex(of: adapter[...]) {
            path = segments[(root + 1)...].joined(separator: "/")[...]
        } else if path.hasPrefix("/") {
            path = path.dropFirst()
        }
        return (String(path), halves.count > 1 ? String(halves[1]) : "")
    }
}

/// Requests in words. Secrets are never shown.
enum RequestText {
    static func name(_ request: TrackerRequest) -> String {
        switch request {
        case .probe: "probe"
        case .preflight: "preflight"
        case .logIn: "log in"
        case .session(_, let renew): renew ? "resume a session" : "verify a session"
        case .statistics: "the pilot's statistics"
        case .airports: "list airports"
        case .aircraft: "list aircraft"
        case .subfleets: "list subfleets"
        case .flightTypes: "list flight types"
        case .news: "latest news"
        case .searchSchedules: "search the timetable"
        case .bookings: "the pilot's bookings"
        case .book: "book a flight"
        case .changeBookedAircraft: "change the aircraft of a booking"
        case .cancelBooking: "cancel a booking"
        case .charter: "book a charter"
        case .startFlight: "start a flight"
        case .positions: "positions"
        case .cancelFlight: "cancel a flight"
        case .file: "file a report"
        case .searchReports: "search the pilot's reports"
        case .latestReport: "the pilot's latest report"
        case .reportDetails: "details of a report"
        }
    }

    static func lines(_ request: TrackerRequest) -> [String] {
        switch request {
        case .probe, .preflight, .statistics, .airports, .aircraft, .subfleets, .flightTypes, .news, .bookings,
            .latestReport:
            return []
        case .logIn(let logIn):
            let who: String =
                switch logIn.name {
                case .number(let number): "number \(number)"
                case .email(let email): "e-mail \(email)"
                case .ident(let ident): "ident \(ident)"
                case .unusable: "nobody: the name can be no pilot's"
                }
            return ["pilot: \(who)", "password: \(logIn.password.count) characters"]
        case .session(let token, _): return ["token: \(token.count) characters"]
        case .searchSchedules(let query):
            return [
                query.departure.map { "departure: \($0)" }, query.arrival.map { "arrival: \($0)" },
                query.minimumFlightTimeHours.map { "flight time from: \($0) h" },
                query.maximumFlightTimeHours.map { "flight time to: \($0) h" },
                query.minimumDistance.map { "distance from: \($0.rawValue) NM" },
                query.maximumDistance.map { "distance to: \($0.rawValue) NM" },
                query.aircraft.map { "aircraft: \($0)" },
                query.callsign.map { "callsign: \($0)" }, "limit: \(query.limit)",
            ].compactMap { $0 }
        case .book(let schedule, let aircraft):
            return ["schedule: \(schedule)", aircraft.map { "aircraft: \($0)" }].compactMap { $0 }
        case .changeBookedAircraft(let booking, let aircraft): return ["booking: \(booking)", "aircraft: \(aircraft)"]
        case .cancelBooking(let booking), .startFlight(let booking): return ["booking: \(booking)"]
        case .charter(let charter):
            return [
                "callsign: \(charter.callsign)", "from \(charter.departure) to \(charter.arrival)",
                "route: \(charter.route.joined(separator: " "))", "aircraft: \(charter.aircraft)",
                "cruise: \(charter.cruise)",
                charter.isCargo ? "cargo" : "passengers", "\(charter.departureTime) to \(charter.arrivalTime)",
            ]
        case .positions(let key, let reports): return [flight(key)] + reports.flatMap(position)
        case .cancelFlight(let key): return [flight(key)]
        case .file(let key, let filing):
            let content = filing.content
            return [
                flight(key), content.aircraft.map { "aircraft: \($0)" },
                filing.flightTimeHours.map { "flight time: \($0) h" },
                content.landingRate.map { "landing rate: \(plain($0.rawValue)) ft/min" },
                content.fuelUsed.map { "fuel used: \(plain(($0.rawValue * 10).rounded() / 10)) kg" },
                content.load.map { "load: \(plain($0))" }, "route: \(content.route)",
                content.comments.map { "comments: \($0)" }, "log: \(content.log.count) lines",
                "events: \(content.events.count)",
            ].compactMap { $0 }
        case .searchReports(let query):
            return [
                query.departure.map { "departure: \($0)" }, query.arrival.map { "arrival: \($0)" },
                query.from.map { "from: \($0.iso8601)" }, query.to.map { "to: \($0.iso8601)" },
                query.status.map { "status: \($0.rawValue)" }, query.aircraft.map { "aircraft: \($0)" },
            ].compactMap { $0 }
        case .reportDetails(let id): return ["report: \(id)"]
        }
    }

    /// Without the fraction of a whole number.
    private static func plain(_ value: Double) -> String { Int(exactly: value).map(String.init) ?? "\(value)" }

    private static func flight(_ key: FlightKey) -> String {
        "flight: "
            + [key.id.map { "id \($0)" }, key.booking.map { "booking \($0)" }].compactMap { $0 }.joined(separator: ", ")
    }

    private static func position(_ report: PositionReport) -> [String] {
        let sample = report.sample
        return [
            "position: \(sample.position.latitude), \(sample.position.longitude)",
            sample.clientTime.map { "time by the tracker: \($0.iso8601)" } ?? "time: none sent, the receipt counts",
            sample.altitudeMSL.map { "altitude: \(plain($0.rawValue)) ft above sea level" },
            sample.heightAGL.map { "height: \(plain($0.rawValue)) ft above ground" },
            sample.groundSpeed.map { "ground speed: \(plain($0.rawValue)) kt" },
            sample.heading.map { "heading: \(plain($0.rawValue))°" },
            sample.claimedPhase.map { "phase: \($0.rawValue)" },
            sample.distanceRemaining.map { "to go: \(plain($0.rawValue)) NM" },
            sample.timeRemaining.map { "to go: \($0.rawValue) min" }, sample.network.map { "network: \($0)" },
            report.aircraft.map { "aircraft: \($0)" }, report.route.map { "route: \($0)" },
        ].compactMap { $0 }
    }
}
