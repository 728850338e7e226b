import Domain
import Glibc
import Protocols
import XMLReader

/// What libFuzzer calls: one target for each adapter, by its id, and `json` and `xml`. The environment names the target, so
/// that all share one binary: scripts/fuzz.sh. Nothing here catches anything; a trap, a sanitizer's report or a broken
/// promise ends the process, and libFuzzer keeps the input.
enum FuzzTarget: Sendable {
    case adapter(any TrackerAdapter.Type)
    case json
    case xml

    static let chosen: FuzzTarget = {
        let name = getenv("FUZZ_TARGET").map { String(cString: $0) } ?? ""
        if let adapter = AdapterRegistry.adapter(name) { return .adapter(adapter) }
        switch name {
        case "json": return .json
        case "xml": return .xml
        default:
            let text = "FUZZ_TARGET is \"\(name)\": an adapter's id, json or xml\n"
            _ = write(STDERR_FILENO, text, text.utf8.count)
            exit(2)
        }
    }()

    /// The airline of the captured frames.
    private static let site: TrackerSite = {
        var site = TrackerSite()
        site.name = "Virtual Meridian"
        site.codes = ["VMS"]
        site.iata = "VM"
        site.root = "https://va.example/acars/demo/"
        return site
    }()
    private static let received = Timestamp(milliseconds: 1_795_262_400_000)
    private static let refusals: [Refusal] = [
        .credentialsWrong, .pilotUnknown, .sessionInvalid, .bookingUnknown, .flightUnknown, .flightDecided,
        .alreadyFiled, .adapterOff, .tooManyRequests(retryAfterSeconds: 3),
    ]

    func run(_ bytes: [UInt8]) {
        switch self {
        case .json: Self.json(bytes)
        case .xml: Self.xml(bytes)
        case .adapter(let type):
            // Frames as fixtures keep them: a request line, headers, an empty line, the body.
            guard let frame = RawFrame(captured: bytes, receivedAt: Self.received, site: Self.site) else { return }
            Self.frame(type.init(), frame)
        }
    }

    private static func promise(_ holds: Bool, _ what: StaticString) {
        precondition(holds, "\(what)")
    }

    private static func frame(_ adapter: any TrackerAdapter, _ frame: RawFrame) {
        let decoded = adapter.decode(frame)
        switch decoded.outcome {
        case .failure(let error):
            promise(adapter.encode(error, to: frame).status < 500, "a frame that is not understood is no fault of ours")
        case .success(.progress(_, let progress)):
            for position in progress.positions { check(position.sample) }
            _ = adapter.encode(.progress(count: progress.count, nil), to: frame)
        case .success(.preflight): _ = adapter.encode(.preflight, to: frame)
        case .success: break
        }
        for refusal in refusals { _ = adapter.encode(.refused(refusal), to: frame) }
        let kept = redacted(adapter.withoutSecrets(frame))
        // What is kept must be readable again: the quarantine shows it.
        _ = RawFrame(captured: kept, receivedAt: received, site: site)
    }

    private static func check(_ sample: PositionSample) {
        let position = sample.position
        promise((-90...90).contains(position.latitude), "latitude on the earth")
        promise((-180...180).contains(position.longitude), "longitude on the earth")
        promise(sample.heading.map { (0..<360).contains($0.rawValue) } ?? true, "heading on the compass")
        for value in [
            sample.altitudeMSL?.rawValue, sample.heightAGL?.rawValue, sample.groundSpeed?.rawValue,
            sample.indicatedAirspeed?.rawValue, sample.fuel?.rawValue, sample.verticalSpeed?.rawValue,
        ] {
            promise(value?.isFinite ?? true, "finite")
        }
    }

    private static func json(_ bytes: [UInt8]) {
        guard let value = try? JSON.decode(bytes) else { return }
        var writer = JSONWriter()
        writer.value(value)
        // What was read can be written and read again, and writes the same; it is deeper and longer at no place.
        guard let again = try? JSON.decode(writer.bytes) else { return promise(false, "written JSON is JSON") }
        var second = JSONWriter()
        second.value(again)
        promise(second.bytes == writer.bytes, "JSON read again writes the same")
    }

    private static func xml(_ bytes: [UInt8]) {
        guard let root = try? XMLReader.read(bytes) else { return }
        var elements = 0
        func count(_ element: XMLElement, _ depth: Int) {
            elements += 1
            promise(depth <= 32, "depth")
            for child in element.children { count(child, depth + 1) }
        }
        count(root, 1)
        promise(elements <= 2000, "number of elements")
    }
}

@_cdecl("LLVMFuzzerInitialize")
public func fuzzerInitialize(
    _ count: UnsafeMutablePointer<Int32>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>>>
) -> Int32 {
    _ = FuzzTarget.chosen
    return 0
}

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzerTestOneInput(_ bytes: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
    FuzzTarget.chosen.run(Array(UnsafeBufferPointer(start: bytes, count: size)))
    return 0
}
