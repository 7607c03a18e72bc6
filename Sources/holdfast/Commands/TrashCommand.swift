internal import ArgumentParser
internal import StoreClient
internal import WorkProtocol

/// `holdfast trash`: what was deleted in the last 30 days.
struct TrashCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trash",
        abstract: "List and restore what was deleted.",
        discussion: """
            EXAMPLES
              holdfast trash list
              holdfast trash restore 7291846502
            """,
        subcommands: [List.self, Restore.self])

    struct List: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "List what one may restore.",
            discussion: examples("trash list"))
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            let route = try await client.route()
            var request = ListTrash()
            request.limit = 500
            let entries = try await client.all { cursor in
                request.cursor = cursor
                let page = try await client.ask(request, in: route, as: TrashPage.self)
                return (page.entries, page.next)
            }
            try client.output.list(
                entries, of: "objects in the trash",
                as: Shape([
                    .init("gid", "Gid") { .gid($0.gid) },
                    .init("kind", "Kind") { .word($0.kind) },
                    .init("name", "Name") { .text($0.name) },
                    .init("deleted_at", "Deleted") { .moment($0.deletedAt) },
                ]))
        }
    }

    struct Restore: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put something back where it was.",
            discussion: examples("trash restore 7291846502"))
        @Argument(help: "The task, project or team.") var gid: String
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            var request = WorkProtocol.Restore()
            request.gid = try client.plainGid(gid, "task or project")
            try await client.change(request, in: request.gid, change, done: "restored")
        }
    }
}
