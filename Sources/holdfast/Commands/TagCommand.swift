internal import ArgumentParser
internal import StoreClient
internal import WorkProtocol

/// `holdfast tag`.
struct TagCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tag",
        abstract: "Make and change tags.",
        discussion: """
            EXAMPLES
              holdfast tag list
              holdfast tag create urgent --tag-color dark_red
            """,
        subcommands: [List.self, Create.self, Update.self, Delete.self])

    struct List: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "List tags.",
            discussion: examples("tag list"))
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            let route = try await client.route()
            var request = ListLabels()
            request.limit = 500
            let tags = try await client.all { cursor in
                request.cursor = cursor
                let page = try await client.ask(request, in: route, as: LabelPage.self)
                return (page.labels, page.next)
            }
            try client.output.list(
                tags, of: "tags",
                as: Shape([
                    .init("gid", "Gid") { .gid($0.gid) },
                    .init("name", "Name") { .text($0.name) },
                    .init("color", "Colour") {
                        .word($0.color)
                    },
                    .init("notes", nil) { .text(orMissing: $0.notes) },
                    .init("external", nil) { .text(orMissing: $0.external?.gid ?? "") },
                    .init("version", nil) { .count($0.version) },
                ]))
        }
    }

    struct Create: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a tag.",
            discussion: examples("tag create urgent --tag-color dark_red"))
        @Argument(help: "Its name.") var name: String
        @Option(help: "Its colour.") var tagColor: Choice<Color>?
        @Option(help: "More about it.") var notes: String?
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            var request = CreateLabel()
            request.name = name
            request.color = tagColor?.value ?? .none
            request.notes = notes ?? ""
            let route = try await client.route()
            try await client.change(request, in: route, change, done: name)
        }
    }

    struct Update: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Change a tag.",
            discussion: examples("tag update urgent --name now --tag-color light_pink"))
        @Argument(help: "The tag.") var tag: String
        @Option(help: "A new name.") var name: String?
        @Option(help: "A new colour.") var tagColor: Choice<Color>?
        @Option(help: "New notes.") var notes: String?
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            let present = try await client.tag(tag)
            var request = UpdateLabel()
            request.label = present.gid
            request.name = name
            request.color = tagColor?.value
            request.notes = notes
            try await client.change(request, in: present.gid, change, done: name ?? present.name)
        }
    }

    struct Delete: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delete a tag; tasks lose it.",
            discussion: examples("tag delete urgent"))
        @Argument(help: "The tag.") var tag: String
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup var confirmation: ConfirmationOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            let present = try await client.tag(tag)
            if !change.dryRun { try client.confirm("Delete tag “\(present.name)”", confirmation) }
            var request = DeleteLabel()
            request.label = present.gid
            try await client.change(
                request, in: present.gid, change, done: present.name, ["deleted"])
        }
    }
}
