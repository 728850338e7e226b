public import Domain

/// smartCARS 2, the client of `frame.php`: docs/protocols/smartcars2.md.
public struct SmartCARS2Adapter: TrackerAdapter {
    public static let id = AdapterID("smartcars2")
    public static let title = "smartCARS 2"
    public static let capabilities = AdapterCapabilities([
        .position: .measured, .altitudeMSL: .measured, .groundSpeed: .measured, .aircraftType: .measured,
        .touchdownRate: .reported,
    ])
    static let logInFields = TrackerOption(
        "smartcars2.login-fields", standard: "9",
        help: "Fields of the answer to a log-in: 8, without the e-mail address, for clients older than w3052",
        choices: ["9", "8"])
    public static let options = [logInFields]

    private static let selfTest = "self-test"
    public static let calls = [selfTest] + SmartCARS2Action.allCases.map(\.rawValue)
    public static func call(of frame: RawFrame) -> String? {
        SmartCARS2Decoder(frame).action?.rawValue ?? selfTest
    }

    /// A report carries the log of the whole flight.
    public static func bodyLimit(method: String, path: String) -> Int { method == "POST" ? 4 << 20 : 1 << 20 }

    /// `frame.php` in whatever folder the airline had it, or the bare folder `smartcars`.
    public static func hostRoot(_ path: [Substring]) -> Int? {
        if path.last == "frame.php" { return path.count - 1 }
        return path.first == "smartcars" && path.count <= 2 && (path.count == 1 || path[1].isEmpty) ? 1 : nil
    }

    public static func setUp(root: String, pilot: String, site: TrackerSite) -> [SetUpText] {
        [
            SetUpText(title: "Address of frame.php", text: root + "frame.php"),
            SetUpText(title: "Pilot ID", text: pilot),
        ]
    }

    public init() {}

    public func decode(_ frame: RawFrame) -> DecodedFrame {
        let decoder = SmartCARS2Decoder(frame)
        let translator = SmartCARS2Translator(receivedAt: frame.receivedAt, site: frame.site)
        do throws(DecodeError) {
            let message = try decoder.message()
            var decoded = DecodedFrame(
                credential: decoder.credential, outcome: .success(translator.request(message)),
                unrecognised: decoder.unrecognised)
            decoded.client = SmartCARS2Translator.client(of: message)
            return decoded
        } catch {
            return DecodedFrame(credential: decoder.credential, outcome: .failure(error))
        }
    }

    public func encode(_ reply: TrackerReply, to frame: RawFrame) -> EncodedReply {
        SmartCARS2Encoder(frame).encode(reply)
    }
    public func encode(_ error: DecodeError, to frame: RawFrame) -> EncodedReply {
        SmartCARS2Encoder(frame).encode(error)
    }
}

/// The calls of the protocol, exact in case.
enum SmartCARS2Action: String, Sendable, CaseIterable {
    case manualLogIn = "manuallogin"
    case automaticLogIn = "automaticlogin"
    case verifySession = "verifysession"
    case pilotCenter = "getpilotcenterdata"
    case airports = "getairports"
    case aircraft = "getaircraft"
    case bids = "getbidflights"
    case bid = "bidonflight"
    case deleteBid = "deletebidflight"
    case searchFlights = "searchflights"
    case createFlight = "createflight"
    case positionReport = "positionreport"
    case filePIREP = "filepirep"
    case searchPIREPs = "searchpireps"
    case pirepData = "getpirepdata"

    /// Nil for the self-test: no action, or one that nobody knows.
    init?(_ query: LegacyForm) {
        guard let name = query["action"] else { return nil }
        self.init(rawValue: name)
    }

    /// Arguments of the query, `action` left out.
    var arguments: Set<String> {
        switch self {
        case .manualLogIn: ["userid", "sessionid", "new"]
        case .automaticLogIn: ["dbid", "oldsessionid", "sessionid", "new"]
        case .verifySession, .pilotCenter, .airports, .aircraft, .bids: ["dbid", "sessionid"]
        case .bid: ["dbid", "sessionid", "routeid"]
        case .deleteBid: ["dbid", "sessionid", "bidid"]
        case .searchFlights: ["dbid", "sessionid", "departureicao", "arrivalicao", "mintime", "maxtime", "aircraft"]
        case .createFlight:
            [
                "dbid", "sessionid", "flightcode", "flightnumber", "ticketprice", "departureicao", "arrivalicao",
                "aircraft", "flighttype", "departuretime", "arrivaltime", "flighttime", "cruisealtitude", "distance",
            ]
        case .positionReport:
            [
                "dbid", "sessionid", "code", "flightnumber", "routeid", "bidid", "departureicao", "arrivalicao",
                "aircraft", "altitude", "magneticheading", "trueheading", "latitude", "longitude", "groundspeed",
                "distanceremaining", "phase", "departuretime", "timeremaining", "arrivaltime", "onlinenetwork",
            ]
        case .filePIREP:
            [
                "dbid", "sessionid", "code", "flightnumber", "departureicao", "arrivalicao", "aircraft", "routeid",
                "bidid", "landingrate", "fuelused", "load", "flighttime",
            ]
        case .searchPIREPs:
            ["dbid", "sessionid", "departureicao", "arrivalicao", "startdate", "enddate", "aircraft", "status"]
        case .pirepData: ["dbid", "sessionid", "pirepid"]
        }
    }

    /// Fields of the form body.
    var fields: Set<String> {
        switch self {
        case .manualLogIn: ["password"]
        case .createFlight, .positionReport: ["route"]
        case .filePIREP: ["route", "comments", "log"]
        default: []
        }
    }
}
