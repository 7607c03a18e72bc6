internal import ArgumentParser
internal import StoreClient
internal import WorkProtocol

/// `holdfast field`: custom fields.
struct FieldCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "field",
        abstract: "Make and change custom fields.",
        discussion: """
            EXAMPLES
              holdfast field create Priority --kind enum --option Low --option High
              holdfast project add-field "Website relaunch" Priority
              holdfast task update 7291846502 --set Priority=High
            """,
        subcommands: [List.self, Show.self, Create.self, Update.self, Delete.self])

    private static var shape: Shape<Field> {
        Shape([
            .init("gid", "Gid") { .gid($0.gid) },
            .init("name", "Name") { .text($0.name) },
            .init("kind", "Kind") { .word($0.kind) },
            .init("options", "Options") { field in
                let enabled = field.options.filter(\.enabled)
                return enabled.isEmpty
                    ? .missing : .list(enabled.map { .reference($0.gid, $0.name) })
            },
            .init("precision", nil) { .count($0.precision) },
            .init("format", nil) { .word($0.format) },
            .init("currency", nil) { .text(orMissing: $0.currencyCode) },
            .init("description", nil) { .text(orMissing: $0.description) },
            .init("external", nil) { .text(orMissing: $0.external?.gid ?? "") },
            .init("version", nil) { .count($0.version) },
        ])
    }

    struct List: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "List custom fields.",
            discussion: examples("field list"))
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            let route = try await client.route()
            var request = ListFields()
            request.limit = 500
            let fields = try await client.all { cursor in
                request.cursor = cursor
                let page = try await client.ask(request, in: route, as: FieldPage.self)
                return (page.fields, page.next)
            }
            try client.output.list(fields, of: "fields", as: FieldCommand.shape)
        }
    }

    struct Show: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a custom field.",
            discussion: examples("field show Priority"))
        @Argument(help: "The field.") var field: String
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            try client.output.show(try await client.field(field), as: FieldCommand.shape)
        }
    }

    struct Create: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a custom field.",
            discussion: examples(
                "field create Priority --kind enum --option Low --option High",
                "field create Cost --kind number --precision 2 --currency EUR"))
        @Argument(help: "Its name.") var name: String
        @Option(help: "What its values are.") var kind = Choice(FieldKind.text)
        @Option(help: "An option of an enum or multi_enum; may be given several times.")
        var option: [String] = []
        @Option(help: "Digits after a number's point.") var precision: UInt32 = 0
        @Option(help: "How a number is shown.") var format: Choice<NumberFormat>?
        @Option(help: "The currency's code: EUR.") var currency = ""
        @Option(help: "What it means.") var description: String?
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            var request = CreateField()
            request.name = name
            request.kind = kind.value
            request.precision = precision
            request.format = format?.value ?? .none
            request.currencyCode = currency
            request.description = description ?? ""
            request.options = option.map { name in
                var option = FieldOption()
                option.name = name
                option.enabled = true
                return option
            }
            let route = try await client.route()
            try await client.change(request, in: route, change, done: name)
        }
    }

    struct Update: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Change a custom field.",
            discussion: examples("field update Priority --add-option Urgent --remove-option Low"))
        @Argument(help: "The field.") var field: String
        @Option(help: "A new name.") var name: String?
        @Option(help: "A new description.") var description: String?
        @Option(help: "Digits after a number's point.") var precision: UInt32?
        @Option(help: "An option to add; may be given several times.")
        var addOption: [String] = []
        @Option(help: "An option to take away; may be given several times.")
        var removeOption: [String] = []
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup(title: "Version") var version: VersionOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            let present = try await client.field(field)
            var request = UpdateField()
            request.field = present.gid
            request.name = name
            request.description = description
            request.precision = precision
            request.ifVersion = version.ifVersion
            if !addOption.isEmpty || !removeOption.isEmpty {
                request.setOptions = true
                request.options = present.options.filter { !removeOption.contains($0.name) }
                request.options += addOption.map { name in
                    var option = FieldOption()
                    option.name = name
                    option.enabled = true
                    return option
                }
            }
            try await client.change(request, in: present.gid, change, done: name ?? present.name)
        }
    }

    struct Delete: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delete a custom field and its values.",
            discussion: examples("field delete Priority"))
        @Argument(help: "The field.") var field: String
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup var confirmation: ConfirmationOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            let present = try await client.field(field)
            if !change.dryRun {
                try client.confirm("Delete field “\(present.name)”", confirmation)
            }
            var request = DeleteField()
            request.field = present.gid
            try await client.change(
                request, in: present.gid, change, done: present.name, ["deleted"])
        }
    }
}
