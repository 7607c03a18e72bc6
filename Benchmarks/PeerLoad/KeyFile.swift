import Glibc

/// What a store calls the objects it was prepared with, kept in a file from `prepare` to `run`.
///
/// Little-endian 64-bit numbers: a mark, the four counts, then the tasks', sections', projects' and
/// people's own numbers.
struct KeyFile {
    private static let mark: UInt64 = 0x3159_454B_4441_4F4C  // "LOADKEY1"

    var tasks: [UInt64]
    var sections: [UInt64]
    var projects: [UInt64]
    var people: [UInt64]

    /// Room for `tasks` tasks and what they need; numbered from 1 until the store has said more.
    init(tasks: Int) {
        let projects = max(1, tasks / (Workload.tasksPerSection * Workload.sectionsPerProject))
        self.tasks = (0..<UInt64(tasks)).map { $0 + 1 }
        sections = (0..<UInt64(projects * Workload.sectionsPerProject)).map { $0 + 1 }
        self.projects = (0..<UInt64(projects)).map { $0 + 1 }
        people = (0..<UInt64(max(10, tasks / Workload.tasksPerPerson))).map { $0 + 1 }
    }

    init(path: String) throws {
        let bytes = try readFile(path)
        let words = bytes.withUnsafeBytes { raw in
            (0..<raw.count / 8).map { index in
                UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
            }
        }
        guard words.count >= 5, words[0] == Self.mark,
            words.count == 5 + Int(words[1] + words[2] + words[3] + words[4])
        else { throw Complaint("\(path) is no file of keys") }
        var rest = words[5...]
        func take(_ count: UInt64) -> [UInt64] {
            defer { rest = rest.dropFirst(Int(count)) }
            return Array(rest.prefix(Int(count)))
        }
        tasks = take(words[1])
        sections = take(words[2])
        projects = take(words[3])
        people = take(words[4])
    }

    func write(to path: String) throws {
        let lists = [tasks, sections, projects, people]
        let words = [Self.mark] + lists.map { UInt64($0.count) } + lists.joined()
        guard let file = fopen(path, "w") else { throw Complaint("cannot write \(path)") }
        defer { fclose(file) }
        let written = words.map(\.littleEndian).withUnsafeBytes {
            fwrite($0.baseAddress, 1, $0.count, file)
        }
        guard written == words.count * 8 else { throw Complaint("cannot write \(path)") }
    }
}

/// What went wrong, in words for people.
struct Complaint: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}

/// All bytes of a file.
func readFile(_ path: String) throws -> [UInt8] {
    guard let file = fopen(path, "r") else { throw Complaint("cannot read \(path)") }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while true {
        let count = fread(&chunk, 1, chunk.count, file)
        guard count > 0 else { return bytes }
        bytes += chunk[..<count]
    }
}
