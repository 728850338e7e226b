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
            case .clientSession(let pilot, let token):
                "session token of \(token.count) characters, made by the client of pilot \(pilot)"
            case .key(let key): key == nil ? "API key needed, none sent" : "API key"
            case .pilot(let name, let secret):
                (name.map(RequestText.pilot) ?? "the owner of the tracker key")
                    + (secret == nil ? "" : ", with a secret")
                    + (frame.trackerKey == nil ? "" : ", with a tracker key in the path")
            case .named(let name): "\(RequestText.pilot(name)), not proven"
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
        var apiKey: String?
        var userAgent: String?
        while let header = line(), !header.isEmpty {
            guard let colon = header.firstIndex(of: ":") else {
                throw Refused("\"\(header.prefix(40))\" is no header: leave an empty line before the body")
            }
            let value = header[header.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            switch header[..<colon].lowercased() {
            case "content-type": contentType = value
            case "authorization": authorization = value
            case "x-api-key": apiKey = value
            case "user-agent": userAgent = value
            default: break
            }
        }
        let (path, query) = target(String(parts[1]), adapter: adapter)
        let (key, rest) = trackerKey(path)
        var frame = RawFrame(
            method: parts[0].uppercased(), path: rest, query: query, contentType: contentType,
            authorization: authorization, body: Array(bytes[index...]), receivedAt: receivedAt)
        frame.apiKey = apiKey
        frame.userAgent = userAgent
        frame.trackerKey = key
        frame.site.codes = ["VMS"]
        return frame
    }

    private static func trackerKey(_ path: String) -> (key: String?, rest: String) {
        let parts = path.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count >= 2, parts[0] == "k" else { return (nil, path) }
        return (String(parts[1]), parts.count > 2 ? String(parts[2]) : "")
    }

    /// What follows the adapter's root, whether the capture shows the whole URL, its path, or just that.
    private static func target(_ text: String, adapter: String) -> (path: String, query: String) {
        let halves = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var path = halves[0]
        if let scheme = path.range(of: "://") { path = path[scheme.upperBound...].drop { $0 != "/" } }
        let segments = path.split(separator: "/", omittingEmptySubsequences: false)
        // `/acars/{airline}/{adapter}/…`. A protocol's own addresses may hold its name too: `action.php/acars/xacars/data`.
        let root = segments.indices.dropFirst(2).first { segments[$0] == adapter && segments[$0 - 2] == "acars" }
        if let root {
            path = segments[(root + 1)...].joined(separator: "/")[...]
        } else if path.hasPrefix("/") {
            // By host name the adapter's name is a root where the protocol has no addresses of its own.
            let below = segments.dropFirst()
            let own = AdapterRegistry.adapter(adapter)?.hostRoot(Array(below))
            path = below.dropFirst(own ?? (below.first == adapter[...] ? 1 : 0)).joined(separator: "/")[...]
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
        case .clientSession(_, _, let new): new == nil ? "verify a session" : "resume a session"
        case .identify: "who am I"
        case .profile: "a pilot"
        case .statistics: "the pilot's statistics"
        case .airlines: "list airlines"
        case .airports: "list airports"
        case .airportsNamed: "airports by code"
        case .aircraft: "list aircraft"
        case .findAircraft: "find an aircraft"
        case .subfleets: "list subfleets"
        case .flightTypes: "list flight types"
        case .news: "latest news"
        case .searchSchedules: "search the timetable"
        case .schedule, .scheduleNumbered: "a flight of the timetable"
        case .bookings: "the pilot's bookings"
        case .booking: "a booking"
        case .nextBooking: "the pilot's oldest booking"
        case .book: "book a flight"
        case .changeBookedAircraft: "change the aircraft of a booking"
        case .cancelBooking: "cancel a booking"
        case .charter: "book a charter"
        case .startFlight: "start a flight"
        case .begin: "begin a flight"
        case .progress(_, let progress):
            progress.positions.isEmpty ? "progress of a flight" : "positions"
        case .comment: "comment on a flight"
        case .cancelFlight: "cancel a flight"
        case .file: "file a report"
        case .flight: "a flight or report"
        case .track: "the track of a flight"
        case .flights: "the pilot's flights and reports"
        case .runningFlights: "flights under way"
        case .searchReports: "search the pilot's reports"
        case .latestReport: "the pilot's latest report"
        case .reportDetails: "details of a report"
        }
    }

    static func pilot(_ name: PilotName) -> String {
        switch name {
        case .number(let number): "pilot number \(number)"
        case .email(let email): "e-mail \(email)"
        case .ident(let ident): "ident \(ident)"
        case .unusable: "nobody: the name can be no pilot's"
        }
    }

    static func lines(_ request: TrackerRequest) -> [String] {
        switch request {
        case .logIn(let logIn):
            return ["pilot: \(pilot(logIn.name))", "password: \(logIn.password.count) characters"]
        case .session(let token, _): return ["token: \(token.count) characters"]
        case .begin(let start):
            return [start.schedule.map { "schedule: \($0)" }].compactMap { $0 } + facts(start.details)
                + facts(start.progress)
        case .progress(let key, let progress): return [flight(key)] + facts(progress)
        case .comment(let key, let text): return [flight(key), "comment: \(text.count) characters"]
        case .cancelFlight(let key, _): return [flight(key)]
        case .file(let key, let filing):
            return [flight(key)]
                + [
                    filing.flightTimeHours.map { "flight time: \($0) h" },
                    filing.content.load.map { "load: \(plain($0))" },
                    filing.piece.map { "part of the report: \($0.count) characters" },
                    "log: \(filing.content.log.count) lines", "events: \(filing.content.events.count)",
                ].compactMap { $0 } + facts(filing.content) + facts(filing.progress)
        default: return facts(request)
        }
    }

    private static func facts(_ progress: FlightProgress) -> [String] {
        progress.positions.flatMap(position) + progress.lines.map { "\($0.kind.rawValue): \($0.text)" }
            + facts(progress.details) + [progress.pause.map { $0 ? "paused" : "resumed" }].compactMap { $0 }
            + (progress.ends ? ["the flight is over"] : [])
    }

    /// Members of a value that say something, one a line, as `name: value`.
    private static func facts(_ value: Any) -> [String] {
        let mirror = Mirror(reflecting: value)
        guard mirror.displayStyle == .struct || mirror.displayStyle == .enum || mirror.displayStyle == .tuple else {
            return text(value).map { [$0] } ?? []
        }
        return mirror.children.flatMap { child -> [String] in
            let name = child.label.map { $0.hasPrefix(".") ? "" : $0 } ?? ""
            if let text = text(child.value) { return [name.isEmpty ? text : "\(name): \(text)"] }
            let inner = Mirror(reflecting: child.value)
            return inner.displayStyle == .struct || inner.displayStyle == .tuple ? facts(child.value) : []
        }
    }

    /// One line for a plain value; nil for what is absent, empty or made of parts.
    private static func text(_ value: Any) -> String? {
        switch value {
        case let text as String: return text.isEmpty ? nil : text
        case let number as Int: return String(number)
        case let number as Double: return plain(number)
        case let flag as Bool: return flag ? "yes" : nil
        case let time as Timestamp: return time.iso8601
        case let minutes as Minutes: return "\(minutes.rawValue) min"
        case let location as ICAOLocation: return location.code
        case let position as Position: return "\(position.latitude), \(position.longitude)"
        case let quantity as any Quantity:
            return "\(plain((quantity.rawValue * 10).rounded() / 10)) \(type(of: quantity).unit)"
        case let name as any RawRepresentable<String>: return name.rawValue
        case let pairs as [String: String]:
            return pairs.isEmpty
                ? nil : pairs.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value)" }.joined(separator: ", ")
        case let texts as [String]: return texts.isEmpty ? nil : texts.joined(separator: " ")
        default: break
        }
        let mirror = Mirror(reflecting: value)
        switch mirror.displayStyle {
        case .optional: return mirror.children.first.flatMap { text($0.value) }
        case .collection: return mirror.children.isEmpty ? nil : "\(mirror.children.count)"
        default: return nil
        }
    }

    /// Without the fraction of a whole number.
    private static func plain(_ value: Double) -> String { Int(exactly: value).map(String.init) ?? "\(value)" }

    private static func flight(_ key: FlightKey) -> String {
        let parts = [
            key.id.map { "id \($0)" }, key.booking.map { "booking \($0)" }, key.client.map { "the client's key \($0)" },
            key.legs.map {
                "\($0.airline ?? "")\($0.number) \($0.departure?.code ?? "?")-\($0.arrival?.code ?? "?")"
            },
        ].compactMap { $0 }
        return "flight: " + (parts.isEmpty ? "the one under way" : parts.joined(separator: ", "))
    }

    private static func position(_ report: PositionReport) -> [String] {
        let sample = report.sample
        return [
            sample.positionIsHeld
                ? "position: none, the last one holds"
                : "position: \(sample.position.latitude), \(sample.position.longitude)",
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
