import XMLReader

/// Frame -> message: which requests are kACARS at all, and where their values stand.
enum KACARSDecoder {
    /// Body of the answer to what is no XML.
    static let notXML = "not xml"

    static func message(_ frame: RawFrame) throws(DecodeError) -> KACARSMessage {
        guard frame.method == "POST" else { throw DecodeError(.wrongMethod, message: "", status: 200) }
        // A client that was given the bare root keeps it.
        guard [[], ["kacars_free"]].contains(LegacyPath.segments(frame)) else { throw unknown }
        let root: XMLElement
        do throws(XMLReaderError) {
            root = try XMLReader.read(LegacyText.utf8(frame.body))
        } catch {
            throw DecodeError(.malformed, message: notXML, status: 200)
        }
        // An empty element counts as false in PHP, where the module asks whether it got a document.
        guard !root.isEmpty else { throw DecodeError(.malformed, message: notXML, status: 200) }
        guard let action = KACARSMessage.Action(rawValue: (root.text("switch", "data") ?? "").lowercased()) else {
            throw unknown
        }
        return message(action, root)
    }

    /// The module says nothing to what it does not know.
    private static var unknown: DecodeError { DecodeError(.unknownEndpoint, message: "", status: 200) }

    private static func message(_ action: KACARSMessage.Action, _ root: XMLElement) -> KACARSMessage {
        var message = KACARSMessage(action: action)
        message.pilotID = text(root["verify"], "pilotID")
        message.password = root.text("verify", "password").flatMap { $0.isEmpty ? nil : $0 }
        if let element = root["liveupdate"] { message.update = update(element) }
        if let element = root["pirep"] { message.report = report(element) }
        message.unrecognised = unrecognised(root)
        return message
    }

    private static func update(_ element: XMLElement) -> KACARSMessage.Update {
        var update = KACARSMessage.Update()
        update.flightNumber = text(element, "flightNumber")
        update.registration = text(element, "registration")
        update.depICAO = text(element, "depICAO")
        update.arrICAO = text(element, "arrICAO")
        update.depTime = text(element, "depTime")
        update.route = text(element, "route")
        update.latitude = text(element, "latitude")
        update.longitude = text(element, "longitude")
        update.heading = text(element, "heading")
        update.altitude = text(element, "altitude")
        update.groundSpeed = text(element, "groundSpeed")
        update.status = text(element, "status")
        return update
    }

    private static func report(_ element: XMLElement) -> KACARSMessage.Report {
        var report = KACARSMessage.Report()
        report.flightNumber = text(element, "flightNumber")
        report.depICAO = text(element, "depICAO")
        report.arrICAO = text(element, "arrICAO")
        report.registration = text(element, "registration")
        report.route = text(element, "route")
        report.pax = text(element, "pax")
        report.cargo = text(element, "cargo")
        report.fuelUsed = text(element, "fuelUsed")
        report.flightTime = text(element, "flightTime")
        report.flightType = text(element, "flightType")
        report.landing = text(element, "landing")
        report.comments = text(element, "comments")
        report.log = text(element, "log")
        return report
    }

    /// Elements that are read, by their parent.
    private static let known: [String: Set<String>] = [
        "switch": ["data"], "verify": ["pilotID", "password"],
        "liveupdate": [
            "flightNumber", "registration", "depICAO", "arrICAO", "depTime", "route", "latitude",
            "longitude", "heading", "altitude", "groundSpeed", "status",
        ],
        "pirep": [
            "flightNumber", "depICAO", "arrICAO", "registration", "route", "pax", "cargo",
            "fuelUsed", "flightTime", "flightType", "landing", "comments", "log",
        ],
    ]

    /// Of several children of one name the first counts.
    private static func text(_ parent: XMLElement?, _ name: String) -> String? {
        guard let text = parent?.childText(name).map({ LegacyText.trimmed($0) }), !text.isEmpty else { return nil }
        return text
    }

    /// At most 32, values cut to 256 characters, secrets never.
    private static func unrecognised(_ root: XMLElement) -> [String: String] {
        var result: [String: String] = [:]
        func add(_ name: String, _ text: String) {
            guard name.utf8.count <= 64, result.count < 32, result[name] == nil else { return }
            result[name] = Redaction.isSecret(name) ? "[redacted]" : LegacyText.cut(LegacyText.trimmed(text), to: 256)
        }
        for parent in root.children {
            guard let names = known[parent.name] else {
                add(parent.name, parent.text)
                continue
            }
            for child in parent.children where !names.contains(child.name) {
                add("\(parent.name)/\(child.name)", child.text)
            }
        }
        return result
    }
}
