import Domain
import Protocols

/// Kestrel, a tracker that nobody flies with: lines of a name and a value, posted to `hello`, `here` and `done`.
struct KestrelAdapter: TrackerAdapter {
    static let id = AdapterID("kestrel")
    static let title = "Kestrel"
    static let capabilities = AdapterCapabilities([.altitudeMSL: .measured, .groundSpeed: .measured])
    static func bodyLimit(method: String, path: String) -> Int { 16_384 }

    static let calls = KestrelMessage.Call.allCases.map(\.rawValue)
    static func call(of frame: RawFrame) -> String? { KestrelMessage.Call(rawValue: frame.path)?.rawValue }

    func decode(_ frame: RawFrame) -> DecodedFrame {
        do throws(DecodeError) {
            let message = try KestrelDecoder.message(frame)
            let translator = KestrelTranslator(frame: frame)
            do throws(DecodeError) {
                return DecodedFrame(
                    credential: translator.credential(message), outcome: .success(try translator.request(message)),
                    unrecognised: message.unrecognised)
            } catch {
                return DecodedFrame(credential: translator.credential(message), outcome: .failure(error))
            }
        } catch {
            return DecodedFrame(credential: .none, outcome: .failure(error))
        }
    }

    func encode(_ reply: TrackerReply, to frame: RawFrame) -> EncodedReply { KestrelEncoder.encode(reply) }
    func encode(_ error: DecodeError, to frame: RawFrame) -> EncodedReply { KestrelEncoder.encode(error) }
}
