import ArgumentParser
import Domain
import Foundation
import Protocols

/// What trackers sent, as it is kept for people who study a client.
struct FrameCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "frames",
        abstract: "Requests of trackers that were kept: samples of each client, and those that were not understood.",
        subcommands: [List.self, Show.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Kept requests, newest first.")
        @Option(help: "The airline's slug.") var tenant: String
        @Flag(help: "Samples of what was understood, one for each client version and call.") var samples = false
        @Option(help: "Only this adapter's.") var adapter: String?
        @Option(help: "How many at most.") var limit = 100
        @OptionGroup var store: StoreOptions

        func run() async throws {
            try await store.withParts { parts in
                let (id, _) = try await parts.tenant(slug: tenant)
                var frames: [QuarantinedFrame] = []
                let filter = FrameFilter(samples: samples, adapter: adapter)
                while frames.count < limit {
                    let page = try await parts.store.quarantined(
                        id, filter, past: frames.last?.id, limit: min(200, limit - frames.count))
                    if page.isEmpty { break }
                    frames += page
                }
                let lines = frames.map { frame in
                    "\(frame.receivedAt.iso8601)  \(frame.adapter)  \(frame.id)  \(frame.code): \(frame.detail)"
                }
                store.output.show(
                    .array(
                        frames.map { frame in
                            .make([
                                "id": .string(frame.id), "adapter": .string(frame.adapter), "code": .string(frame.code),
                                "detail": .string(frame.detail), "method": .string(frame.method),
                                "path": .string(frame.path), "size": .number(frame.bytes.count),
                                "received_at": .string(frame.receivedAt.iso8601),
                            ])
                        }),
                    lines.isEmpty ? "nothing is kept" : lines.joined(separator: "\n"))
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print a kept request as it came, secrets cut out, for `albatross decode --adapter NAME -`.")
        @Argument(help: "The request's id, as `frames list` gives it.") var id: String
        @Option(help: "The airline's slug.") var tenant: String
        @OptionGroup var store: StoreOptions

        func run() async throws {
            try await store.withParts { parts in
                let (tenantID, _) = try await parts.tenant(slug: tenant)
                guard let frame = try await parts.store.quarantined(tenantID, id: id) else {
                    throw Refused(
                        "\(tenant) keeps no request \"\(id)\": see `albatross frames list --tenant \(tenant)`")
                }
                FileHandle.standardOutput.write(Data(frame.bytes))
            }
        }
    }
}
