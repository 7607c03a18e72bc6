internal import ArgumentParser
internal import StoreClient
internal import WorkProtocol

/// `holdfast my`: one's own tasks, in four buckets.
struct MyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "my",
        abstract: "List one's own tasks: new, today, upcoming, later.",
        discussion: """
            EXAMPLES
              holdfast my
              holdfast my today
              holdfast my move 7291846502 later
            """,
        subcommands: [List.self, Move.self], defaultSubcommand: List.self)

    struct List: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "List one's own tasks.",
            discussion: examples("my list today", "my list --all --fields gid,name,due_on"))
        @Argument(help: "new, today, upcoming or later; all of them if none is named.")
        var bucket: Choice<Bucket>?
        @Option(help: "Somebody else's, of which one sees what one may see anyway.")
        var user: String?
        @Flag(help: "Also what is done.") var all = false
        @OptionGroup var length: LengthOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            var request = ListMyTasks()
            request.bucket = bucket?.value ?? .none
            request.withCompleted = all
            request.withNames = true
            if let user { request.user = try await client.account(user) }
            let route = try await client.route()
            try await client.list(length.most, isMine: true) { cursor, size in
                request.cursor = cursor
                request.limit = size
                return try await client.ask(request, in: route)
            }
        }
    }

    struct Move: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Move one of one's own tasks to another bucket, or within it.",
            discussion: examples(
                "my move 7291846502 later", "my move 7291846502 today --before 7291846777"))
        @Argument(help: "The task.") var task: String
        @Argument(help: "new, today, upcoming or later.") var bucket: Choice<Bucket>?
        @Option(help: "Stand before this task.") var before: String?
        @Option(help: "Stand after this task.") var after: String?
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            var request = MoveMyTask()
            request.task = try await client.taskGid(task)
            request.bucket = bucket?.value ?? .none
            request.before = try await before.asyncMap { try await client.taskGid($0) } ?? 0
            request.after = try await after.asyncMap { try await client.taskGid($0) } ?? 0
            try await client.changed(request, in: request.task, change)
        }
    }
}
