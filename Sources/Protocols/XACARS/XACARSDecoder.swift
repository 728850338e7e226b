/// Reads a frame's fields. Texts of refusals are those of the servers named in docs/protocols/xacars.md.
struct XACARSDecoder {
    let frame: RawFrame
    let form: LegacyForm

    /// Of `BEGINFLIGHT`: everything up to the distance.
    static let leastFields = 17
    /// `DATA3` of the calls that carry one is a code of this many digits.
    static let codeLength = 10...15

    static func refusal(_ code: DecodeError.Code, _ field: String?, _ text: String) -> DecodeError {
        DecodeError(code, field: field, message: text, status: 200)
    }

    func message() throws(DecodeError) -> XACARSMessage {
        guard let endpoint = XACARSEndpoint(frame) else { throw Self.refusal(.unknownEndpoint, nil, "") }
        guard frame.method == "GET" || frame.method == "POST" else { throw Self.refusal(.wrongMethod, nil, "") }
        guard !form.isTooLong else { throw Self.refusal(.malformed, nil, "0|Invalid Data1") }
        guard let client = form.text("DATA1") else { throw Self.refusal(.missingField, "DATA1", "0|Invalid Data1") }
        guard let what = form.text("DATA2") else { throw Self.refusal(.missingField, "DATA2", "0|Invalid Data2") }
        guard Self.isKnown(client) else {
            let text = endpoint == .report ? "0|ERROR: Unknown XAcars version!" : "0|Invalid XAcars Version"
            throw Self.refusal(.invalidField, "DATA1", text)
        }
        switch endpoint {
        case .live: return try live(what)
        case .info: return .info(.init(what: what, pilot: form.text("DATA4"), password: form.text("DATA5")))
        case .report: return .report(.init(fields: split("DATA2", at: "~")))
        }
    }

    /// Either name with any version.
    private static func isKnown(_ client: String) -> Bool {
        let parts = client.split(separator: "|", maxSplits: 1)
        guard parts.count == 2 else { return false }
        return ["XACARS", "XACARS_MSFS"].contains(LegacyText.trimmed(parts[0]).uppercased())
    }

    private func split(_ name: String, at separator: Character) -> [String] {
        (form[name] ?? "").split(separator: separator, omittingEmptySubsequences: false).map(String.init)
    }

    private func live(_ command: String) throws(DecodeError) -> XACARSMessage {
        switch XACARSCommand(command) {
        case .test: return .test(user: form.text("DATA3") ?? "")
        case .begin:
            let fields = split("DATA3", at: "|")
            guard fields.count >= Self.leastFields else {
                // Fields that hold nothing are counted too, a missing DATA3 is no field.
                let count = form["DATA3"] == nil ? 0 : fields.count
                throw Self.refusal(.missingField, "DATA3", "0|Invalid login data (\(count))")
            }
            return .begin(.init(fields: fields))
        case .message: return .message(flight: form.text("DATA3") ?? "", text: form["DATA4"] ?? "")
        case .pause: return .pause(flight: form.text("DATA3") ?? "", state: form.text("DATA4"))
        case .end: return .end(flight: form.text("DATA3") ?? "")
        case nil: throw Self.refusal(.unknownEndpoint, "DATA2", "0|Wrong Function")
        }
    }

    /// Whether a flight id can be one that the gateway gave.
    static func isCode(_ flight: String) -> Bool {
        codeLength.contains(flight.utf8.count) && flight.utf8.allSatisfy(isDigit)
    }
}
