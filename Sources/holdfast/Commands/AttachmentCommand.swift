internal import ArgumentParser
internal import StoreClient
internal import WorkProtocol

/// `holdfast attachment`: files that lie elsewhere, by reference.
struct AttachmentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attachment",
        abstract: "Attach files to tasks by reference.",
        discussion: """
            EXAMPLES
              holdfast attachment add 7291846502 https://a.example/plan.pdf --name Plan
              holdfast attachment list 7291846502
            """,
        subcommands: [Add.self, List.self, Delete.self])

    struct Add: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Attach a file to a task.",
            discussion: examples("attachment add 7291846502 https://a.example/plan.pdf"))
        @Argument(help: "The task.") var task: String
        @Argument(help: "Where the file lies.") var url: String
        @Option(help: "Its name; the end of the URL if none is given.") var name: String?
        @Option(help: "Whose the place is.") var host = Choice(AttachmentHost.external)
        @Option(help: "Its size in bytes.") var size: UInt64 = 0
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            var request = AddAttachment()
            request.task = try await client.taskGid(task)
            request.url = url
            request.name = name ?? url.split(separator: "/").last.map(String.init) ?? url
            request.host = host.value
            request.size = size
            try await client.change(request, in: request.task, change, done: request.name)
        }
    }

    struct List: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "List a task's attachments.",
            discussion: examples("attachment list 7291846502"))
        @Argument(help: "The task.") var task: String
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            var request = ListAttachments()
            request.task = try await client.taskGid(task)
            let found = try await client.ask(request, in: request.task, as: AttachmentList.self)
            let names = NameTable(found.names)
            try client.output.list(
                found.attachments, of: "attachments",
                as: Shape([
                    .init("gid", "Gid") { .gid($0.gid) },
                    .init("name", "Name") { .text($0.name) },
                    .init("url", "Where") { .text($0.url) },
                    .init("host", nil) { .word($0.host) },
                    .init("size", nil) { .count($0.size) },
                    .init("created_by", "Who") { names.cell($0.createdBy) },
                    .init("created_at", "When") { .moment($0.createdAt) },
                    .init("external", nil) { .text(orMissing: $0.external?.gid ?? "") },
                ]))
        }
    }

    struct Delete: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Detach a file.",
            discussion: examples("attachment delete 7291847000"))
        @Argument(help: "The attachment.") var attachment: String
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup var confirmation: ConfirmationOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            var request = DeleteAttachment()
            request.attachment = try client.plainGid(attachment, "attachment")
            if !change.dryRun { try client.confirm("Detach the file", confirmation) }
            try await client.change(request, in: request.attachment, change, done: "detached")
        }
    }
}
