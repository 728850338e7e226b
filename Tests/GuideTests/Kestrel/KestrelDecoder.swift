import Protocols

/// Frame -> message.
enum KestrelDecoder {
    static func message(_ frame: RawFrame) throws(DecodeError) -> KestrelMessage {
        guard let call = KestrelMessage.Call(rawValue: frame.path) else {
            throw DecodeError(.unknownEndpoint, message: "NO no such call", status: 404)
        }
        guard frame.method == "POST" else { throw DecodeError(.wrongMethod, message: "NO post it", status: 405) }
        var message = KestrelMessage(call: call)
        for line in LegacyText.decode(frame.body).split(whereSeparator: \.isNewline) {
            let pair = line.split(separator: " ", maxSplits: 1)
            guard let name = pair.first, pair.count == 2 else {
                throw DecodeError(.malformed, message: "NO a line is a name and a value", status: 400)
            }
            let value = LegacyText.trimmed(pair[1])
            switch name {
            case "PILOT": message.pilot = value
            case "WORD": message.word = value
            case "FLIGHT": message.flight = value
            case "FROM": message.from = value
            case "TO": message.to = value
            case "LAT": message.latitude = value
            case "LON": message.longitude = value
            case "ALT": message.altitude = value
            case "GS": message.speed = value
            case "MINUTES": message.minutes = value
            case "LANDING": message.landing = value
            default:
                if message.unrecognised.count < 32 {
                    message.unrecognised[String(name)] = LegacyText.cut(value, to: 256)
                }
            }
        }
        return message
    }
}
