import Glibc

/// The processes of one part of a store, found by the first of them: what they have used so far.
struct ProcessGroup {
    var name: String
    var root: Int32

    /// What a group has used.
    struct Usage {
        var processorSeconds = 0.0
        var writtenBytes: UInt64 = 0
    }

    /// Its processes as of now: the first and all that descend from it. Reads all of `/proc`, which
    /// takes 5 to 50 ms.
    var members: [Int32] { Self.family(of: root) }

    /// What so many of its processes have used. Reads two files of each.
    static func usage(_ members: [Int32]) -> Usage {
        var usage = Usage()
        for process in members {
            guard let fields = statistics(process) else { continue }
            usage.processorSeconds +=
                (Double(fields[11]) + Double(fields[12])) / Double(sysconf(Int32(_SC_CLK_TCK)))
            usage.writtenBytes += writtenBytes(process)
        }
        return usage
    }

    /// This program's own.
    static var own: ProcessGroup { ProcessGroup(name: "load", root: getpid()) }

    private static func family(of root: Int32) -> [Int32] {
        var parents: [Int32: Int32] = [:]
        guard let folder = opendir("/proc") else { return [root] }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard let process = Int32(name), let fields = statistics(process) else { continue }
            parents[process] = Int32(fields[1])
        }
        return parents.keys.filter { process in
            var ancestor = process
            while ancestor > 1, ancestor != root { ancestor = parents[ancestor] ?? 0 }
            return ancestor == root
        }
    }

    /// The numbers of `/proc/PID/stat` behind the name, the state as 0: 1 the parent, 11 and 12
    /// ticks of the processor.
    private static func statistics(_ process: Int32) -> [Int64]? {
        guard let bytes = try? readFile("/proc/\(process)/stat"),
            let close = bytes.lastIndex(of: 0x29)
        else { return nil }
        let fields = String(decoding: bytes[(close + 1)...], as: UTF8.self).split(separator: " ")
            .map { Int64($0) ?? 0 }
        return fields.count > 12 ? fields : nil
    }

    private static func writtenBytes(_ process: Int32) -> UInt64 {
        guard let bytes = try? readFile("/proc/\(process)/io") else { return 0 }
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        where line.hasPrefix("write_bytes: ") {
            return UInt64(line.dropFirst(13)) ?? 0
        }
        return 0
    }
}
