internal import ByteCoding

/// External ids for what a file names without giving it an id.
///
/// They begin with `~`, which tells the exporter that no other system knows them: it prints our own
/// gid instead. Names within are separated by `/` and escaped, so that different names cannot make
/// the same key; a key that would be longer than an external id may be ends in a hash.
package enum ForeignKey {
    /// The longest external id, in bytes.
    static let bytesMax = 1024

    static func project(_ name: String) -> String { key("project", [name]) }
    static func file(_ name: String) -> String { key("file", [name]) }
    static func section(_ name: String, of project: String) -> String {
        key("section", [project, name])
    }
    static func label(_ name: String) -> String { key("tag", [name]) }
    static func field(_ name: String, _ kind: String) -> String { key("field", [kind, name]) }
    static func person(_ name: String) -> String { key("person", [name]) }
    static func part(_ name: String, of owner: String) -> String { key("part", [owner, name]) }

    /// Whether this project's importer made up the key.
    package static func isMadeUp(_ key: String) -> Bool { key.utf8.first == 0x7E }

    private static func key(_ kind: String, _ names: [String]) -> String {
        let whole = ([kind] + names.map(escaped)).joined(separator: "/")
        guard whole.utf8.count < bytesMax else {
            let bytes = Array(whole.utf8)
            let hash = unsafe XXH3.hash128(bytes.span.bytes)
            return "~\(kind)/#\(String(hash.high, radix: 16))-\(String(hash.low, radix: 16))"
        }
        return "~" + whole
    }

    private static func escaped(_ name: String) -> String {
        guard name.utf8.contains(where: { $0 < 0x20 || $0 == 0x2F || $0 == 0x25 || $0 == 0x7F })
        else { return name }
        var text: [UInt8] = []
        for byte in name.utf8 {
            if byte < 0x20 || byte == 0x2F || byte == 0x25 || byte == 0x7F {
                text.append(0x25)
                text.append(contentsOf: String(byte >> 4, radix: 16, uppercase: true).utf8)
                text.append(contentsOf: String(byte & 0xF, radix: 16, uppercase: true).utf8)
            } else {
                text.append(byte)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
