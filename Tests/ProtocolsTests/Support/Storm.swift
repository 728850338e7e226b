import Domain
import Foundation
import Protocols
import Testing

/// Sends many frames through a codec, and holds it to what goes for all of them: reliability A1.
enum Storm {
    static let seed: UInt64 = 20_261_121
    /// What goes for every adapter (`StormTests`), and what its own grammar adds.
    static let rounds = 10_000
    static let ownRounds = 2000

    struct Outcome {
        var requests = 0
        var errors = 0
    }

    /// - Parameters:
    ///   - statuses: What refusals may answer.
    ///   - check: What else a refusal must be.
    ///   - frame: Makes a frame.
    static func run(
        _ type: any TrackerAdapter.Type, seed: UInt64 = Storm.seed, rounds: Int = Storm.ownRounds,
        statuses: ClosedRange<Int> = 200...499, check: (EncodedReply) -> Bool = { _ in true },
        frame: (inout SeededGenerator) -> RawFrame
    ) -> Outcome {
        let adapter = type.init()
        var random = SeededGenerator(seed: seed)
        var outcome = Outcome()
        var slowest = 0.0
        for round in 0..<rounds {
            let frame = frame(&random)
            var decoded = DecodedFrame(credential: .none, outcome: .success(.probe))
            var replies: [EncodedReply] = []
            // A codec that is slow is slow every time; a pause of the machine is not.
            var taken = 1.0
            for _ in 0..<3 where taken > 0.05 {
                let start = processorSeconds
                decoded = adapter.decode(frame)
                replies = [adapter.encode(.refused(.pilotUnknown), to: frame)]
                if case .failure(let error) = decoded.outcome { replies.append(adapter.encode(error, to: frame)) }
                taken = min(taken, processorSeconds - start)
            }
            slowest = max(slowest, taken)
            #expect(
                replies.allSatisfy { statuses.contains($0.status) && check($0) },
                "\(type.id), seed \(seed), round \(round): \(replies.map(\.status))")
            switch decoded.outcome {
            case .success(let request):
                outcome.requests += 1
                // What changes anything always asks for a proof of who asks.
                #expect(
                    !(request.hasEffect && decoded.credential == .none), "\(type.id), seed \(seed), round \(round)")
            case .failure: outcome.errors += 1
            }
            for report in decoded.progress?.positions ?? [] {
                #expect(report.sample.isSane, "\(type.id), seed \(seed), round \(round)")
            }
            if round % 10 == 0 { _ = redacted(adapter.withoutSecrets(frame)) }
        }
        #expect(slowest < 0.05, "\(type.id), seed \(seed): \(slowest) s of processor time for one frame")
        return outcome
    }

    /// Of this thread: a busy machine does not count.
    private static var processorSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    // MARK: Frames

    /// Texts that no field expects.
    static let values = [
        "", "0", "-0", "-1", "91", "181", "361", "1e308", "1e400", "-1e400", "1e-400", "99999999999999999999", "NaN",
        "-Infinity", "1,5", "1.2.3", "1.234,5", "null", "true", "[]", "{}", "[[[[[[]]]]]]", "\"\\u0000\"",
        "\"\\ud800\"",
        "%", "%%", "%0", "%00", "%FF%FE", "%F0%9F%98%80", "+", "++1", "|", "||||||||||||||||||||", "~~~~~~~~~~~~~~~~~~",
        "&#0;", "&#xD800;", "&amp;", "&x;", "<![CDATA[*]]>", "]]>", "<!DOCTYPE a>", "<a><b/></a>", "</a>", "é😀",
        "\u{202E}'; DROP TABLE--", "N91 99.9 W999 0.0", "99:99:99", "32.13.2026 25:61", "-9223372036854775808", "0x10",
        "' OR 1=1 --", "<script>", "\r\n", "Message:", "/POS N", "[", "FL1e9", "VMSVMSVMS", "../../etc/passwd",
    ]

    /// A captured frame with one to four changes: values between the marks of its own grammar exchanged, fields dropped
    /// or doubled, bytes changed, cut, repeated.
    static func mutated(_ frame: RawFrame, _ random: inout SeededGenerator) -> RawFrame {
        var path = Array(frame.path.utf8)
        var query = Array(frame.query.utf8)
        var body = frame.body
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            switch Int.random(in: 0...9, using: &random) {
            case 0: change(&path, &random)
            case 1, 2: change(&query, &random)
            case _ where body.isEmpty: change(&query, &random)
            default: change(&body, &random)
            }
        }
        return frame.with(
            path: String(decoding: path, as: UTF8.self), query: String(decoding: query, as: UTF8.self),
            body: Array(body.prefix(1 << 16)))
    }

    private static func change(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
        let value = Array((values.randomElement(using: &random) ?? "").utf8)
        let marks = bytes.indices.filter { "&=:,{}[]<>|~/\"\n;".utf8.contains(bytes[$0]) }
        let place = Int.random(in: 0...bytes.count, using: &random)
        // What stands between two marks: a value, a name, an element.
        var field = place..<place
        if let start = marks.randomElement(using: &random) {
            field = (start + 1)..<(marks.first { $0 > start } ?? bytes.count)
        }
        switch Int.random(in: 0...11, using: &random) {
        case 0 where !bytes.isEmpty: bytes[min(place, bytes.count - 1)] = .random(in: 0...255, using: &random)
        case 1: bytes.removeSubrange(place...)
        case 2: bytes += bytes
        case 3:
            bytes.insert(contentsOf: repeatElement(.random(in: 0...255, using: &random), count: 2000), at: place)
        case 4: bytes.removeSubrange(field)
        case 5: bytes.insert(contentsOf: Array(bytes[field]), at: field.upperBound)
        case 6: bytes.insert(contentsOf: value, at: place)
        default: bytes.replaceSubrange(field, with: value)
        }
    }

    /// A frame of random bytes; half the time at an address that a captured frame went to.
    static func noise(like frame: RawFrame, _ random: inout SeededGenerator) -> RawFrame {
        func bytes(upTo count: Int) -> [UInt8] {
            (0..<Int.random(in: 0...count, using: &random)).map { _ in .random(in: 0...255, using: &random) }
        }
        let methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "BREW", frame.method, frame.method]
        let types = [nil, frame.contentType, "application/json", "text/xml", "multipart/form-data; boundary=x", ";;;"]
        let knowsPath = Bool.random(using: &random)
        var noise = RawFrame(
            method: methods.randomElement(using: &random) ?? "GET",
            path: knowsPath ? frame.path : String(decoding: bytes(upTo: 60), as: UTF8.self),
            query: String(decoding: bytes(upTo: 100), as: UTF8.self),
            contentType: types.randomElement(using: &random) ?? nil,
            authorization: Bool.random(using: &random) ? String(decoding: bytes(upTo: 40), as: UTF8.self) : nil,
            body: bytes(upTo: 600), receivedAt: frame.receivedAt)
        noise.site = frame.site
        return noise
    }
}

extension TrackerRequest {
    /// Whether it changes anything that is kept of a flight, a bid or a report.
    var hasEffect: Bool {
        switch self {
        case .book, .changeBookedAircraft, .cancelBooking, .charter, .startFlight, .begin, .progress, .comment,
            .cancelFlight, .file:
            true
        default: false
        }
    }
}

extension PositionSample {
    /// On the earth, on the compass, finite.
    var isSane: Bool {
        let values = [
            altitudeMSL?.rawValue, heightAGL?.rawValue, groundSpeed?.rawValue, indicatedAirspeed?.rawValue,
            trueAirspeed?.rawValue, verticalSpeed?.rawValue, fuel?.rawValue, windSpeed?.rawValue, outsideTemperature,
        ]
        return (-90...90).contains(position.latitude) && (-180...180).contains(position.longitude)
            && heading.map { (0..<360).contains($0.rawValue) } ?? true && values.allSatisfy { $0?.isFinite ?? true }
    }
}
