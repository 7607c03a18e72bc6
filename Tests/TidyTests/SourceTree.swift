import Foundation

/// A Swift file of the project, as text.
struct SourceFile: Sendable, CustomStringConvertible {
    let path: String
    let target: String
    let lines: [Substring]

    var description: String { path }
    var isGenerated: Bool { path.contains("/Generated/") }

    /// The modules it imports.
    var imports: Set<String> {
        Set(
            lines.compactMap { line in
                let words = line.split(separator: " ")
                guard let keyword = words.firstIndex(of: "import"), keyword <= 2,
                    words.count > keyword + 1, !line.hasPrefix("//"), !line.hasPrefix(" ")
                else { return nil }
                let access: Set<Substring> = [
                    "internal", "package", "public", "private", "@testable",
                ]
                guard words[..<keyword].allSatisfy(access.contains) else { return nil }
                let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "var"]
                let name = words[kinds.contains(words[keyword + 1]) ? keyword + 2 : keyword + 1]
                return String(name.prefix { $0 != "." })
            })
    }
}

enum SourceTree {
    static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// The Swift files under a folder of the project; the target is the first folder in it.
    static func files(_ folder: String) throws -> [SourceFile] {
        let base = root.appending(path: folder)
        let paths = try FileManager.default.subpathsOfDirectory(atPath: base.path)
            .filter { $0.hasSuffix(".swift") && !$0.contains(".build") }
        return try paths.sorted().map { path in
            let text = try String(contentsOf: base.appending(path: path), encoding: .utf8)
            return SourceFile(
                path: "\(folder)/\(path)", target: String(path.prefix { $0 != "/" }),
                lines: text.split(separator: "\n", omittingEmptySubsequences: false))
        }
    }

    static func product() throws -> [SourceFile] { try files("Sources") + files("tools") }
    static func all() throws -> [SourceFile] {
        try product() + files("Tests") + files("Benchmarks")
    }

    /// The Markdown pages of the project.
    static func pages() throws -> [(path: String, text: String)] {
        let catalogue = "Sources/StoreNode/StoreNode.docc"
        let base = root.appending(path: catalogue)
        let names = try FileManager.default.subpathsOfDirectory(atPath: base.path)
            .filter { $0.hasSuffix(".md") }.sorted().map { "\(catalogue)/\($0)" }
        return try (["README.md"] + names).map { path in
            (path, try String(contentsOf: root.appending(path: path), encoding: .utf8))
        }
    }
}
