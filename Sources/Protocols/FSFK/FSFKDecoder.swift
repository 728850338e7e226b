import XMLReader

/// Reads a frame's fields and the report's XML. Texts of refusals: docs/protocols/fsfk.md.
struct FSFKDecoder {
    let frame: RawFrame
    let form: LegacyForm

    static func refusal(_ code: DecodeError.Code, _ field: String?, _ text: String) -> DecodeError {
        DecodeError(code, field: field, message: text, status: 200)
    }

    func message() throws(DecodeError) -> FSFKMessage {
        guard let endpoint = FSFKEndpoint(frame) else { throw Self.refusal(.unknownEndpoint, nil, "") }
        guard frame.method == "GET" || frame.method == "POST" else { throw Self.refusal(.wrongMethod, nil, "") }
        switch endpoint {
        case .file: return .file
        case .live: return try live()
        case .report: return .report(try FSFKReportDecoder(frame: frame, form: form).report())
        }
    }

    private func live() throws(DecodeError) -> FSFKMessage {
        guard !form.isTooLong else { throw Self.refusal(.malformed, nil, "0|Invalid Data") }
        guard form.text("DATA1") != nil else { throw Self.refusal(.missingField, "DATA1", "0|Invalid Data") }
        guard let command = form.text("DATA2") else { throw Self.refusal(.missingField, "DATA2", "0|Invalid Data") }
        let flight = form.text("DATA3") ?? ""
        switch FSFKCommand(command) {
        case .test: return .test(user: flight)
        case .begin:
            let fields = split("DATA3")
            guard fields.count >= FSFKMessage.Begin.least else {
                throw Self.refusal(.missingField, "DATA3", "0|Invalid login data")
            }
            return .begin(.init(fields: fields))
        case .message: return .message(flight: flight, text: form["DATA4"] ?? "")
        case .pause: return .pause(flight: flight, state: form.text("DATA4"))
        case .plan: return .plan(flight: flight, .init(fields: split("DATA4")))
        case .end: return .end(flight: flight)
        case nil: throw Self.refusal(.unknownEndpoint, "DATA2", "0|Wrong Function")
        }
    }

    private func split(_ name: String) -> [String] {
        guard let text = form[name] else { return [] }
        return text.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
    }

    /// Whether a flight id can be one that the gateway gave.
    static func isCode(_ flight: String) -> Bool {
        (10...15).contains(flight.utf8.count) && flight.utf8.allSatisfy(isDigit)
    }
}
