internal import ArgumentParser

/// Where the store is.
struct ConnectionOptions: ParsableArguments {
    @Option(help: "A node's folder on this machine: its socket, authority and admin token.")
    var data: String?
    @Option(help: "A context made by `holdfast context add`.")
    var context: String?
    @Option(help: "HOST:PORT of the nodes, with commas between, or the path of a socket.")
    var address: String?
    @Option(help: "The certificate of the store's authority.")
    var ca: String?
    @Option(help: "A file with the token; its owner's alone.")
    var tokenFile: String?
    @Option(help: "The workspace, by name or number; if there is only one, that.")
    var workspace: String?
    @Option(help: "Seconds an answer may take.")
    var timeout = 10.0
    @Option(help: "Refuse writes that fewer copies would hold.")
    var minReplicas: UInt8 = 0

    func validate() throws {
        guard timeout > 0, timeout <= 3600 else {
            throw ValidationError("--timeout must be between 0 and 3600 seconds.")
        }
    }
}

/// What answers look like.
struct OutputOptions: ParsableArguments {
    @Option(
        name: [.customShort("o"), .customLong("output-format")],
        help: "table (on a terminal), tsv (elsewhere), csv, json or jsonl.")
    var format: OutputFormat?
    @Option(help: "The fields to print, with commas between.")
    var fields: String?
    @Flag(help: "Without a line of column names.")
    var noHeader = false
    @Option(help: "auto, always or never.")
    var color: ColorChoice = .auto
}

/// How long a list may be.
struct LengthOptions: ParsableArguments {
    @Option(help: "At most so many; 0: all.") var limit: UInt = 0

    var most: Int { Int(clamping: limit) }
}

/// What every command that asks a store takes.
struct CommonOptions: ParsableArguments {
    @OptionGroup(title: "Where") var connection: ConnectionOptions
    @OptionGroup(title: "Output") var output: OutputOptions
}

/// What every command that changes something takes.
struct ChangeOptions: ParsableArguments {
    @Option(help: "Ask again for what was asked before with this ID: done at most once.")
    var requestID: String?
    @Flag(help: "Say what would be asked; change nothing.")
    var dryRun = false
}

/// For changes of one object.
struct VersionOptions: ParsableArguments {
    @Option(help: "Change nothing if it has another version than this.")
    var ifVersion: UInt32 = 0
}

/// For what cannot simply be undone.
struct ConfirmationOptions: ParsableArguments {
    @Flag(help: "Do not ask.")
    var yes = false
}

/// A value of one of the schema's enumerations, as people write it: `public_to_workspace`, with `_`
/// or
/// `-`.
struct Choice<Value: CaseIterable & Sendable>: ExpressibleByArgument {
    var value: Value

    init(_ value: Value) { self.value = value }

    init?(argument: String) {
        let wanted = argument.lowercased().replacing("-", with: "_")
        guard let value = Value.allCases.first(where: { word($0) == wanted }) else { return nil }
        self.value = value
    }

    static var allValueStrings: [String] {
        Value.allCases.map { word($0) }.filter { $0 != "none" }
    }
    var defaultValueDescription: String { word(value) }
}

/// A case's name as in the schema: `public_to_workspace`.
func word(_ value: some Any) -> String {
    let name = String(describing: value)
    var text = ""
    for character in name.hasPrefix("_") ? name.dropFirst() : name[...] {
        if character.isUppercase { text.append("_") }
        text += character.lowercased()
    }
    return text
}
