import Foundation

/// Bytes from a fixture file: entries of a name, lines of words, and lines of hexadecimal.
struct FramingFixture: Sendable, CustomStringConvertible {
    var name: String
    var notes: String = ""
    var bytes: [UInt8] = []

    var description: String { name }

    /// The entries of a file beside this one; each begins with `keyword`.
    static func all(_ file: String, _ keyword: String) -> [FramingFixture] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
        let url = folder.appending(path: "FramingFixtures/\(file)")
        guard let text = try? String(contentsOf: url, encoding: .utf8) else {
            fatalError("the fixture \(file) cannot be read")
        }
        var entries: [FramingFixture] = []
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            if line.hasPrefix(keyword + " ") {
                entries.append(FramingFixture(name: String(line.dropFirst(keyword.count + 1))))
            } else if line.hasPrefix("  from ") {
                entries[entries.count - 1].notes = line.trimmingCharacters(in: .whitespaces)
            } else {
                let hex = line.split(separator: ";", omittingEmptySubsequences: false)[0]
                for word in hex.split(separator: " ") {
                    guard let byte = UInt8(word, radix: 16) else { fatalError("\(line)") }
                    entries[entries.count - 1].bytes.append(byte)
                }
            }
        }
        return entries
    }

    static func named(_ name: String, in entries: [FramingFixture]) -> [UInt8] {
        entries.first { $0.name == name }?.bytes ?? []
    }
}
