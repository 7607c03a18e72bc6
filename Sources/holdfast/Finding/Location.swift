internal import SystemEnvironment

/// Where the store is and what to say to it: each value with the place it came from.
///
/// A flag goes before `HOLDFAST_*`, that before the context, that before
/// `/etc/holdfast/holdfast.toml`.
struct Location {
    struct Setting {
        var value: String
        var source: String
    }

    enum Key: String, CaseIterable {
        case data, address, ca
        case tokenFile = "token_file"
        case workspace
    }

    private(set) var settings: [Key: Setting] = [:]
    /// The context that was used; empty for none.
    private(set) var context = ""

    static let systemFile = "/etc/holdfast/holdfast.toml"

    init(_ options: ConnectionOptions) throws {
        flags(options)
        for key in Key.allCases {
            let name = "HOLDFAST_" + key.rawValue.uppercased()
            if let value = Variables[name] { offer(key, value, name) }
        }
        // A folder or an address given by hand is all of the place: the context is another one.
        let isGiven = settings[.data] != nil || settings[.address] != nil
        let contexts = try Contexts.load()
        let name = options.context ?? Variables["HOLDFAST_CONTEXT"] ?? contexts.current
        if options.context != nil || !isGiven, !name.isEmpty {
            guard let context = contexts.all.first(where: { $0.name == name }) else {
                throw Complaint(
                    .configuration, "there is no context \(name)", at: Contexts.path,
                    help: "holdfast context list")
            }
            self.context = name
            for key in Key.allCases {
                if let value = context.values[key] { offer(key, value, "context \(name)") }
            }
        }
        try system()
    }

    private mutating func flags(_ options: ConnectionOptions) {
        if let data = options.data { offer(.data, data, "--data") }
        if let address = options.address { offer(.address, address, "--address") }
        if let ca = options.ca { offer(.ca, ca, "--ca") }
        if let file = options.tokenFile { offer(.tokenFile, file, "--token-file") }
        if let workspace = options.workspace { offer(.workspace, workspace, "--workspace") }
    }

    private mutating func system() throws {
        guard context.isEmpty, FileText.exists(Location.systemFile) else { return }
        let text = String(decoding: try FileText.read(Location.systemFile), as: UTF8.self)
        let file = try ConfigurationFile(text)
        guard settings[.data] == nil, settings[.address] == nil else { return }
        for key in Key.allCases {
            if case .text(let value)? = file.settings[key.rawValue]?.value {
                offer(key, value, Location.systemFile)
            }
        }
    }

    private mutating func offer(_ key: Key, _ value: String, _ source: String) {
        if settings[key] == nil, !value.isEmpty {
            settings[key] = Setting(value: value, source: source)
        }
    }

    subscript(_ key: Key) -> String? { settings[key]?.value }

    // MARK: - What follows from it

    /// The addresses of the store's nodes.
    var addresses: [String] {
        get throws {
            if let data = self[.data] { return [Program.absolute("\(data)/holdfast.sock")] }
            guard let address = self[.address] else { throw Location.unknown }
            return address.split { $0 == "," || $0 == " " }.map(String.init)
        }
    }

    /// The authority's certificate; nil if none was given.
    var authority: [UInt8]? {
        get throws {
            if let path = self[.ca] { return try FileText.read(path) }
            guard let data = self[.data] else { return nil }
            return try FileText.read("\(data)/tls/ca.pem")
        }
    }

    /// The secret that says who is asking.
    var token: String {
        get throws {
            let path: String
            if let file = self[.tokenFile] {
                path = file
            } else if let data = self[.data] {
                path = "\(data)/admin.token"
            } else if let token = Variables["HOLDFAST_TOKEN"] {
                return token
            } else {
                throw Complaint(
                    .configuration, "there is no token for \(self[.address] ?? "the store")",
                    help: "holdfast login, or --token-file FILE")
            }
            let bytes = try FileText.read(path, limit: 1 << 16)
            return String(decoding: bytes.filter { $0 > 0x20 }, as: UTF8.self)
        }
    }

    static let unknown = Complaint(
        .configuration, "where is the store?",
        help: "--data DIR on its machine, or holdfast context add NAME --address HOST:PORT "
            + "--ca FILE --token-file FILE; holdfast demo starts one to try")
}
