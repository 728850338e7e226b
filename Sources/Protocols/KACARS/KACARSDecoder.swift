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
        let update = root["liveupdate"]
        for (name, property) in updateFields { message.update[keyPath: property] = text(update, name) }
        let report = root["pirep"]
        for (name, property) in reportFields { message.report[keyPath: property] = text(report, name) }
        message.unrecognised = unrecognised(root)
        return message
    }

    private static var updateFields: KeyValuePairs<String, WritableKeyPath<KACARSMessage.Update, String?>> {
        [
            "flightNumber": \.flightNumber, "registration": \.registration, "depICAO": \.depICAO,
            "arrICAO": \.arrICAO, "depTime": \.depTime, "route": \.route, "latitude": \.latitude,
            "longitude": \.longitude, "heading": \.heading, "altitude": \.altitude, "groundSpeed": \.groundSpeed,
            "status": \.status,
        ]
    }
    private static var reportFields: KeyValuePairs<String, WritableKeyPath<KACARSMessage.Report, String?>> {
        [
            "flightNumber": \.flightNumber, "depICAO": \.depICAO, "arrICAO": \.arrICAO,
            "registration": \.registration, "route": \.route, "pax": \.pax, "cargo": \.cargo,
            "fuelUsed": \.fuelUsed, "flightTime": \.flightTime, "flightType": \.flightType, "landing": \.landing,
            "comments": \.comments, "log": \.log,
        ]
    }

    /// Of several children of one name the first counts.
    private static func text(_ parent: XMLElement?, _ name: String) -> String? {
        guard let text = parent?.text(name).map({ LegacyText.trimmed($0) }), !text.isEmpty else { return nil }
        return text
    }

    /// At most 32, values cut to 256 characters, secrets never.
    private static func unrecognised(_ root: XMLElement) -> [String: String] {
        let known: [String: Set<String>] = [
            "switch": ["data"], "verify": ["pilotID", "password"], "liveupdate": Set(updateFields.map(\.key)),
            "pirep": Set(reportFields.map(\.key)),
        ]
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

    /// Cuts everything between the first and the last word `password`, or all behind the only one: in doubt too much.
    static func withoutPasswords(_ body: [UInt8]) -> [UInt8] {
        let word = Array("password".utf8)
        var first: Int?
        var last = 0
        for index in body.indices where body[index] | 0x20 == UInt8(ascii: "p") {
            guard zip(body[index...], word).allSatisfy({ $0 | 0x20 == $1 }), index + word.count <= body.count else {
                continue
            }
            first = first ?? index
            last = index
        }
        guard let first else { return body }
        let rest = first == last ? [] : body[last...]
        return body[..<(first + word.count)] + Redaction.mark + rest
    }
}
