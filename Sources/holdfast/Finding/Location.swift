internal import SystemEnvironment

/// Where the store is and what to say to it: each value with the place it came from.
///
/// A flag goes before `HOLDFAST_*`, that before the context, that before
/// `/etc/holdfast/holdfast.toml`. A folder or an address is all of the place: once one is given,
/// what comes later can give no other, nor, to a folder, another authority or token than its own.
struct Location {
    struct Setting {
        var value: String
        var source: String
        fileprivate var layer: Layer
    }

    enum Key: String, CaseIterable {
        case data, address, ca
        case tokenFile = "token_file"
        case workspace
    }

    /// Where values are looked for, the first first.
    fileprivate enum Layer: Int, Comparable {
        case flag, variable, context, system

        static func < (one: Layer, other: Layer) -> Bool { one.rawValue < other.rawValue }
    }

    private(set) var settings: [Key: Setting] = [:]
    /// The context that was used; empty for none.
    private(set) var context = ""

    static let systemFile = "/etc/holdfast/holdfast.toml"

    init(_ options: ConnectionOptions) throws {
        let flags = [
            Key.data: options.data, .address: options.address, .ca: options.ca,
            .tokenFile: options.tokenFile, .workspace: options.workspace,
        ]
        offer(.flag, flags.compactMapValues(\.self)) {
            "--\($0.rawValue.replacing("_", with: "-"))"
        }
        // Named by hand, a context is as good as its values typed as flags.
        if let name = options.context { try use(context: name, .flag) }
        offerVariables()
        let named = Variables["HOLDFAST_CONTEXT"] ?? ""
        if context.isEmpty, !isPlaced {
            let name = named.isEmpty ? try Contexts.load().current : named
            if !name.isEmpty { try use(context: name, .context) }
        }
        if context.isEmpty, !isPlaced { try useSystemFile() }
    }

    private var isPlaced: Bool { settings[.data] != nil || settings[.address] != nil }

    private mutating func offerVariables() {
        var values: [Key: String] = [:]
        for key in Key.allCases { values[key] = Variables[Location.variable(key)] }
        offer(.variable, values, Location.variable)
    }

    private static func variable(_ key: Key) -> String { "HOLDFAST_" + key.rawValue.uppercased() }

    private mutating func use(context name: String, _ layer: Layer) throws {
        guard let found = try Contexts.load().all.first(where: { $0.name == name }) else {
            throw Complaint(
                .configuration, "there is no context \(name)", at: Contexts.path,
                help: "holdfast context list")
        }
        context = name
        offer(layer, found.values) { _ in "context \(name)" }
    }

    private mutating func useSystemFile() throws {
        guard FileText.exists(Location.systemFile) else { return }
        let text = String(decoding: try FileText.read(Location.systemFile), as: UTF8.self)
        let file: ConfigurationFile
        do { file = try ConfigurationFile(text) } catch {
            throw Complaint(.configuration, error.description, at: Location.systemFile)
        }
        var values: [Key: String] = [:]
        for key in Key.allCases {
            if case .text(let value)? = file.settings[key.rawValue]?.value { values[key] = value }
        }
        offer(.system, values) { _ in Location.systemFile }
    }

    /// Takes what is not known yet.
    private mutating func offer(
        _ layer: Layer, _ values: [Key: String], _ source: (Key) -> String
    ) {
        var known = Set(settings.keys)
        if isPlaced { known.formUnion([.data, .address]) }
        if self[.data] != nil { known.formUnion([.ca, .tokenFile]) }
        for (key, value) in values where !value.isEmpty && !known.contains(key) {
            settings[key] = Setting(value: value, source: source(key), layer: layer)
        }
    }

    subscript(_ key: Key) -> String? { settings[key]?.value }

    // MARK: - What follows from it

    /// The addresses of the store's nodes. A folder beside an address gives its authority and its
    /// token, not its socket.
    var addresses: [String] {
        get throws {
            if let address = self[.address] {
                return address.split { $0 == "," || $0 == " " }.map(String.init)
            }
            guard let data = self[.data] else { throw Location.unknown }
            try Location.requireNode(data)
            return [Program.absolute("\(data)/holdfast.sock")]
        }
    }

    /// The authority's certificate; nil if none was given.
    var authority: [UInt8]? {
        get throws {
            if let path = self[.ca] { return try FileText.read(path) }
            guard let data = self[.data] else { return nil }
            try Location.requireNode(data)
            return try FileText.read("\(data)/tls/ca.pem")
        }
    }

    /// Where the secret is that says who is asking; nil if there is none.
    var tokenSource: String? {
        let isTyped = settings[.tokenFile].map { $0.layer <= .variable } ?? false
        if isTyped || settings[.data]?.layer == .flag { return tokenFile }
        return Variables["HOLDFAST_TOKEN"] == nil ? tokenFile : "HOLDFAST_TOKEN"
    }

    private var tokenFile: String? { self[.tokenFile] ?? self[.data].map { "\($0)/admin.token" } }

    /// The secret that says who is asking.
    var token: String {
        get throws {
            guard let source = tokenSource else {
                throw Complaint(
                    .configuration, "there is no token for \(self[.address] ?? "the store")",
                    help: "holdfast login, or --token-file FILE")
            }
            if source == "HOLDFAST_TOKEN", let token = Variables[source] { return token }
            let bytes = try FileText.read(source, limit: 1 << 16)
            return String(decoding: bytes.filter { $0 > 0x20 }, as: UTF8.self)
        }
    }

    /// Says of a folder that is no node's what it is, not which file in it is missing.
    private static func requireNode(_ folder: String) throws {
        guard FileText.exists(folder) else {
            throw Complaint(
                .notFound, "there is no such folder", at: folder,
                help: "holdfastd init --data DIR makes a node's folder")
        }
        // Who may not look into it is told so by the file itself.
        guard FileText.exists("\(folder)/."), !FileText.exists("\(folder)/node.meta") else {
            return
        }
        throw Complaint(
            .notFound, "this is not the folder of a node", at: folder,
            help: "holdfastd init --data DIR makes a node's folder")
    }

    static let unknown = Complaint(
        .configuration, "where is the store?",
        help: "--data DIR on its machine, or holdfast context add NAME --address HOST:PORT "
            + "--ca FILE --token-file FILE; holdfast demo starts one to try")
}
