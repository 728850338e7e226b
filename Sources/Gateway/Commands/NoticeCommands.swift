import Application
import ArgumentParser
import Domain
import Protocols

/// `albatross tenant notice`.
struct NoticeCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "notice", abstract: "Notices to an airline's pilots; trackers show them as news.",
        subcommands: [Add.self, List.self, Remove.self])

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Post a notice.")
        @Argument(help: "The tenant.") var slug: String
        @Option(help: "Its title.") var title: String
        @Option(help: "Its text.") var text: String
        @Option(help: "Who posts it.") var by = "Staff"
        @OptionGroup var store: StoreOptions

        func validate() throws {
            guard (1...200).contains(title.count), text.utf8.count <= 10_000, by.count <= 100 else {
                throw ValidationError("a title has 1 to 200 characters, a text up to 10000 bytes")
            }
        }

        func run() async throws {
            try await store.withParts { parts in
                let (id, _) = try await parts.tenant(slug: slug)
                let notice = try await parts.administration.postNotice(id, title: title, body: text, postedBy: by)
                store.output.show(
                    .make(["id": .text(notice.id), "number": .number(notice.number)]), "Notice \(notice.id) posted")
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show the notices, newest first.")
        @Argument(help: "The tenant.") var slug: String
        @OptionGroup var store: StoreOptions

        func run() async throws {
            try await store.withParts { parts in
                let (_, tenant) = try await parts.tenant(slug: slug)
                store.output.show(
                    .array(
                        tenant.notices.map {
                            .make([
                                "id": .text($0.id), "number": .number($0.number), "title": .string($0.title),
                                "text": .string($0.body), "by": .string($0.postedBy),
                                "at": .string($0.postedAt.iso8601),
                            ])
                        }),
                    TextTable.render(
                        ["ID", "POSTED", "BY", "TITLE"],
                        tenant.notices.map { ["\($0.id)", $0.postedAt.iso8601, $0.postedBy, $0.title] }))
            }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Take a notice away.")
        @Argument(help: "The tenant.") var slug: String
        @Argument(help: "The notice's id.") var id: String
        @OptionGroup var store: StoreOptions

        func run() async throws {
            guard let notice = NoticeID(id) else {
                throw Refused("\"\(id)\" is no notice id: see albatross tenant notice list")
            }
            try await store.withParts { parts in
                let (tenant, _) = try await parts.tenant(slug: slug)
                try await parts.administration.withdrawNotice(tenant, notice)
                store.output.show(.make(["id": .text(notice), "removed": .bool(true)]), "Notice \(notice) removed")
            }
        }
    }
}
