internal import ArgumentParser
internal import StoreClient
internal import WorkProtocol

/// `holdfast comment`: what people say about a task.
struct CommentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "comment",
        abstract: "Write and read comments.",
        discussion: """
            EXAMPLES
              holdfast comment add 7291846502 "The baker wants to know by Tuesday."
              holdfast comment list 7291846502
            """,
        subcommands: [Add.self, List.self, Edit.self, Delete.self])

    struct Add: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Comment on a task; - reads the text from standard input.",
            discussion: examples(
                "comment add 7291846502 \"The baker wants to know.\"",
                "comment add 7291846502 - < notes.txt"))
        @Argument(help: "The task.") var task: String
        @Argument(help: "What to say.") var text: String
        @Flag(help: "Pin it to the top.") var pin = false
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            var request = AddComment()
            request.task = try await client.taskGid(task)
            request.text =
                text == "-" ? String(decoding: StandardStream.readAll(), as: UTF8.self) : text
            request.isPinned = pin
            try await client.change(request, in: request.task, change, done: "commented")
        }
    }

    struct List: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "List a task's comments.",
            discussion: examples("comment list 7291846502"))
        @Argument(help: "The task.") var task: String
        @OptionGroup var length: LengthOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            try await client.stories(of: task, commentsOnly: true, length.most)
        }
    }

    struct Edit: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Change a comment of one's own.",
            discussion: examples("comment edit 7291846999 \"The baker knows.\" --pin true"))
        @Argument(help: "The comment.") var comment: String
        @Argument(help: "What it is to say.") var text: String?
        @Option(help: "true or false.") var pin: Bool?
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            var request = UpdateComment()
            request.story = try client.plainGid(comment, "comment")
            request.text = text
            request.isPinned = pin
            try await client.change(request, in: request.story, change, done: "changed")
        }
    }

    struct Delete: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delete a comment.",
            discussion: examples("comment delete 7291846999 --yes"))
        @Argument(help: "The comment.") var comment: String
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup var confirmation: ConfirmationOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            var request = DeleteComment()
            request.story = try client.plainGid(comment, "comment")
            if !change.dryRun { try client.confirm("Delete the comment", confirmation) }
            try await client.change(request, in: request.story, change, done: "deleted")
        }
    }
}

extension Client {
    /// Prints the stories of a task, oldest first.
    func stories(of task: String, commentsOnly: Bool, _ limit: Int) async throws {
        _ = try await identity()
        var request = ListStories()
        request.task = try await taskGid(task)
        request.commentsOnly = commentsOnly
        request.withNames = true
        request.limit = 500
        let gid = request.task
        var names = NameTable([])
        let stories = try await all(limit: limit) { cursor in
            request.cursor = cursor
            let page = try await self.ask(request, in: gid, as: StoryPage.self)
            names.add(page.names)
            return (page.stories, page.next)
        }
        try output.list(
            stories, of: commentsOnly ? "comments" : "stories",
            as: CommentCommand.shape(names, commentsOnly))
    }
}

extension CommentCommand {
    static func shape(_ names: NameTable, _ commentsOnly: Bool) -> Shape<Story> {
        Shape([
            .init("gid", "Gid") { .gid($0.gid) },
            .init("created_at", "When") { .moment($0.createdAt) },
            .init("created_by", "Who") { names.cell($0.createdBy) },
            .init("kind", commentsOnly ? nil : "What") { .word($0.kind) },
            .init("text", commentsOnly ? "Comment" : "Text") { story in
                if !story.text.isEmpty { return .text(story.text) }
                let change = [story.oldValue, story.newValue].filter { !$0.isEmpty }
                return .text(orMissing: change.joined(separator: " → "))
            },
            .init("likes", nil) { names.cells($0.likes) },
            .init("pinned", nil) { .flag($0.isPinned) },
            .init("edited_at", nil) { .moment(orMissing: $0.editedAt) },
            .init("old", nil) { .text(orMissing: $0.oldValue) },
            .init("new", nil) { .text(orMissing: $0.newValue) },
            .init("external", nil) { .text(orMissing: $0.external?.gid ?? "") },
        ])
    }
}
