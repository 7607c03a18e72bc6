internal import SystemEnvironment

/// The stores a person uses, by names of their own: `contexts.toml` in `$HOLDFAST_HOME`.
struct Contexts {
    struct Context {
        var name: String
        var values: [Location.Key: String] = [:]
    }

    var current = ""
    var all: [Context] = []

    /// The user's folder for Holdfast.
    static var folder: String {
        if let home = Variables["HOLDFAST_HOME"] { return home }
        let configuration = Variables["XDG_CONFIG_HOME"] ?? "\(Variables["HOME"] ?? ".")/.config"
        return "\(configuration)/holdfast"
    }

    static var path: String { "\(folder)/contexts.toml" }

    /// The contexts there are; none if there is no file.
    static func load() throws -> Contexts {
        var contexts = Contexts()
        guard FileText.exists(path) else { return contexts }
        let text = String(decoding: try FileText.read(path), as: UTF8.self)
        let file: ConfigurationFile
        do { file = try ConfigurationFile(text) } catch {
            throw Complaint(.configuration, error.description, at: path)
        }
        let keys = file.settings.sorted { $0.value.line < $1.value.line }
        for (key, setting) in keys {
            guard case .text(let value) = setting.value else { continue }
            if key == "current" {
                contexts.current = value
                continue
            }
            let known = Location.Key.allCases.first { key.hasSuffix("_\($0.rawValue)") }
            guard let known else {
                throw Complaint(
                    .configuration, "line \(setting.line): \(key) is not a setting", at: path)
            }
            contexts.set(known, String(key.dropLast(known.rawValue.count + 1)), value)
        }
        return contexts
    }

    mutating func set(_ key: Location.Key, _ name: String, _ value: String?) {
        if !all.contains(where: { $0.name == name }) { all.append(Context(name: name)) }
        for index in all.indices where all[index].name == name { all[index].values[key] = value }
    }

    /// Whether `name` may be one: part of a setting's name.
    static func isName(_ name: String) -> Bool {
        !name.isEmpty && name != "current"
            && name.utf8.allSatisfy {
                (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F
            }
    }

    func save() throws {
        var lines = ["# The stores this person uses; made by `holdfast context`."]
        lines.append("current = \(ConfigurationFile.quoted(current))")
        for context in all {
            for key in Location.Key.allCases {
                guard let value = context.values[key] else { continue }
                lines.append(
                    "\(context.name)_\(key.rawValue) = \(ConfigurationFile.quoted(value))")
            }
        }
        try FileText.createFolder(Contexts.folder)
        let text = lines.joined(separator: "\n") + "\n"
        try FileText.write(Contexts.path, Array(text.utf8), replacing: true)
    }
}
