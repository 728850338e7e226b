import Domain

/// Frame -> message: form fields of query and body. Nothing in a position or a report can be wrong enough to refuse it.
struct FSACARS4Decoder {
    private let call: FSACARS4Call?
    private let form: LegacyForm
    private let site: TrackerSite

    init(_ frame: RawFrame) {
        call = FSACARS4Call(frame)
        form = LegacyForm(frame)
        site = frame.site
    }

    /// Positions and dispatch have no secret of their own: there the key of the path counts.
    var credential: Credential {
        guard let call else { return .none }
        let name = form.text("user").map { LegacyNames.pilot($0, site) }
        var secret = form["pass"].flatMap { $0.isEmpty ? nil : $0 } ?? form["hash"]
        let wanted = site.value(FSACARS4Adapter.serverPassword)
        if !wanted.isEmpty {
            var given = form["auth"] ?? form["serverpass"]
            // Some set-ups send the server's password as `pass` and the pilot's secret as `hash`.
            if given.map({ !Self.isSame($0, wanted) }) ?? true, let pass = form["pass"], Self.isSame(pass, wanted),
                let hash = form["hash"]
            {
                (given, secret) = (pass, hash)
            }
            // Only the report is known to carry it always.
            let isRight = given.map { Self.isSame($0, wanted) } ?? (call != .report)
            guard isRight else { return .pilot(.unusable, secret: nil) }
        }
        return .pilot(name, secret: secret.flatMap { $0.isEmpty ? nil : $0 })
    }

    /// Takes as long for a right guess as for a wrong one.
    private static func isSame(_ one: String, _ other: String) -> Bool {
        let one = Array(one.utf8)
        let other = Array(other.utf8)
        guard one.count == other.count else { return false }
        return zip(one, other).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }

    private static let secrets: Set<String> = ["user", "pass", "hash", "auth", "serverpass"]
    private static let placed: [FSACARS4Call: Set<String>] = [
        .userQuery: ["ver", "lat", "lon", "eqpt"], .dispatch: ["orig", "dest", "rqst"],
        .position: [
            "fhash", "fnum", "lat2", "lon2", "msl", "gskts", "hdgtrue", "onground", "aircraft", "orig", "dest", "etime",
        ],
        .report: [
            "fhash", "fnum", "atcData", "aircraft", "orig", "dest", "lat1", "lon1", "lat3", "lon3", "datestamp",
            "timeout", "timeoff", "timeon", "timein", "blocktime", "airtime", "directNM", "actualNM", "fuelstart",
            "fuelstop", "blockfuel", "enroutefuel", "zfw", "landingFPM", "crashed", "pirep", "version", "verf",
            "dateshort",
        ],
    ]
    /// Fields of a report that are kept as sent.
    private static let kept: Set<String> = [
        "fsver", "atcModel", "lat2", "lon2", "fstimeout", "fstimeoff", "fstimeon", "fstimein", "taxifuel", "oew",
        "takeoffLBS", "landingLBS", "payload", "landingKTS", "landingG", "landingFR", "landingGear", "land_truehdg",
        "rollout", "landingHWC", "landingXWC", "landingflaps", "takeoffKTS", "takeoffFR", "takeoffHWC", "takeoffXWC",
        "takeoffflaps", "windstart", "windstop", "refuel", "nofuel", "pause", "slew", "stall", "overspeed", "speed10K",
        "simrate", "warpNM", "gmax", "gmin", "omaxtaxi", "dmaxtaxi", "wdavg", "wsavg", "hwavg", "timoday", "nightlog",
    ]

    var unrecognised: [String: String] {
        guard let call else { return [:] }
        let known = Self.secrets.union(Self.placed[call] ?? [])
        return form.unrecognised(beyond: call == .report ? known.union(Self.kept) : known)
    }

    func message() throws(DecodeError) -> FSACARS4Message {
        guard let call else {
            throw DecodeError(.unknownEndpoint, message: "There is no such action", status: 200)
        }
        guard !form.isTooLong else {
            throw DecodeError(.malformed, message: "The request has too many fields", status: 200)
        }
        switch call {
        case .userQuery: return .userQuery
        case .dispatch: return .dispatch
        case .position: return .position(position)
        case .report: return .report(report)
        }
    }

    private func number(_ name: String, _ range: ClosedRange<Double>) -> Double? {
        form.number(name).flatMap { range.contains($0) ? $0 : nil }
    }
    private func flag(_ name: String) -> Bool? {
        switch form.text(name)?.lowercased() {
        case "1", "true", "yes": true
        case "0", "false", "no": false
        default: nil
        }
    }
    /// A client that knows no position sends zeros.
    private func place(_ latitude: String, _ longitude: String) -> Position? {
        guard let place = LegacyPosition.read(latitude: form.text(latitude), longitude: form.text(longitude)),
            place.latitude != 0 || place.longitude != 0
        else { return nil }
        return place
    }

    private var position: FSACARS4Position {
        FSACARS4Position(
            flight: form.text("fhash"), number: form.text("fnum"), position: place("lat2", "lon2"),
            altitude: number("msl", -2000...100_000), groundSpeed: number("gskts", 0...2500),
            heading: number("hdgtrue", 0...360), onGround: flag("onground"), aircraft: form.text("aircraft"),
            origin: form.text("orig"), destination: form.text("dest"),
            elapsed: form.text("etime").map { LegacyText.cut($0, to: 32) })
    }

    private var report: FSACARS4Report {
        var others: [String: String] = [:]
        for name in Self.kept {
            if let text = form.text(name) { others[name] = LegacyText.cut(text, to: 200) }
        }
        let day = 0.0...253_402_300_799.0  // to the year 9999
        return FSACARS4Report(
            flight: form.text("fhash"), number: form.text("fnum"),
            atcData: form.text("atcData").map {
                $0.split(separator: "/", omittingEmptySubsequences: false).prefix(8).map { LegacyText.trimmed($0) }
            } ?? [],
            aircraft: form.text("aircraft"), origin: form.text("orig"), destination: form.text("dest"),
            start: place("lat1", "lon1"), stop: place("lat3", "lon3"),
            filedAt: number("datestamp", day).map { Timestamp(seconds: $0) }, out: form.text("timeout"),
            off: form.text("timeoff"), on: form.text("timeon"), inBlock: form.text("timein"),
            blockTime: number("blocktime", 0...72), airTime: number("airtime", 0...72),
            directDistance: number("directNM", 0...20_000), flownDistance: number("actualNM", 0...20_000),
            fuelStart: number("fuelstart", 0...1_000_000), fuelStop: number("fuelstop", 0...1_000_000),
            blockFuel: number("blockfuel", 0...1_000_000), enrouteFuel: number("enroutefuel", 0...1_000_000),
            zeroFuelWeight: number("zfw", 0...2_000_000), landingRate: number("landingFPM", -10_000...10_000),
            crashed: flag("crashed"), comment: form.text("pirep"), version: form.text("version"), others: others)
    }
}
