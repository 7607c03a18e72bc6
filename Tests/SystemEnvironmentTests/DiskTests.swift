import Environment
import Foundation
import SystemEnvironment
import Testing

private func kind(_ body: () throws -> Void) -> DiskError.Kind? {
    do {
        try body()
        return nil
    } catch {
        return (error as? DiskError)?.kind
    }
}

@Suite(.timeLimit(.minutes(3))) struct DiskTests {
    let folder: TestFolder
    let disk: SystemDisk
    let queue: any SerialQueue

    init() throws {
        folder = try TestFolder()
        disk = try SystemDisk(root: folder.path("node"))
        queue = SystemScheduler().makeQueue("test", .core)
    }

    @Test func `what is written is read, at any place`() throws {
        let file = try disk.open("a", .create)
        try file.write([1, 2, 3], at: 0)
        try file.write([9], at: 5)
        try file.flush()
        #expect(try file.size() == 6)
        #expect(try file.read(at: 0, count: 100) == [1, 2, 3, 0, 0, 9])
        #expect(try file.read(at: 2, count: 2) == [3, 0])
        #expect(try file.read(at: 6, count: 1) == [])
        #expect(try file.read(at: 1 << 40, count: 1 << 40) == [])
        try file.truncate(to: 2)
        #expect(try file.read(at: 0, count: 100) == [1, 2])
        file.close()
        #expect(try disk.open("a", .read).read(at: 0, count: 9) == [1, 2])
    }

    @Test(arguments: [(0, 3 << 20), (1, 4096), (4096, 8192), (5000, (1 << 20) + 5001), (7, 9)])
    func `a range is filled with zeroes, and nothing around it`(_ range: (Int, Int)) throws {
        let (start, end) = range
        let size = 4 << 20
        let file = try disk.open("a", .create)
        try file.write([UInt8](repeating: 7, count: size), at: 0)
        try file.fill(from: start, to: end)
        var expected = [UInt8](repeating: 7, count: size)
        expected.replaceSubrange(start..<end, with: [UInt8](repeating: 0, count: end - start))
        #expect(try file.read(at: 0, count: size) == expected)
    }

    @Test func `a new file is filled to its size, to the byte`() throws {
        let file = try disk.open("a", .create)
        try file.fill(from: 0, to: (2 << 20) + 4097)
        #expect(try file.size() == (2 << 20) + 4097)
        try file.fill(from: 10, to: 10)
        try file.fill(from: 10, to: 5)
        #expect(try file.size() == (2 << 20) + 4097)
    }

    @Test(.enabled(if: FileManager.default.isWritableFile(atPath: "/dev/shm"), "no /dev/shm here"))
    func `filling works where nothing goes past the page cache`() throws {
        let root = "/dev/shm/hf-\(UInt64.random(in: 0..<(1 << 40)))"
        defer { try? FileManager.default.removeItem(atPath: root) }
        let file = try SystemDisk(root: root).open("a", .create)
        try file.write([UInt8](repeating: 7, count: 10_000), at: 0)
        try file.fill(from: 1, to: 9_999)
        #expect(
            try file.read(at: 0, count: 10_000)
                == [7] + [UInt8](repeating: 0, count: 9_998) + [7])
    }

    /// Places around blocks and the end, and none that are both small and direct.
    private static let places = [0, 1, 4095, 4096, 100_000, (1 << 20) - 3, 1 << 20, (1 << 20) + 78]

    @Test(arguments: places, [0, 1, 65_535, 65_536, 100_001, 1 << 20, 1 << 30])
    func `what is read once is what is read`(offset: Int, count: Int) throws {
        let bytes = (0..<(1 << 20) + 77).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 12) }
        var disks = [disk]
        let memory = "/dev/shm/hf-\(UInt64.random(in: 0..<(1 << 40)))"
        defer { try? FileManager.default.removeItem(atPath: memory) }
        if FileManager.default.isWritableFile(atPath: "/dev/shm") {
            disks.append(try SystemDisk(root: memory))
        }
        for disk in disks {
            try disk.open("a", .create).write(bytes, at: 0)
            let file = try disk.open("a", .read)
            let found = try file.readOnce(at: offset, count: count)
            #expect(found == Array(bytes.dropFirst(offset).prefix(count)))
        }
    }

    @Test func `modes mean what they say`() throws {
        #expect(kind { _ = try disk.open("a", .read) } == .missing)
        #expect(kind { _ = try disk.open("a", .write) } == .missing)
        _ = try disk.open("a", .create)
        #expect(kind { _ = try disk.open("a", .create) } == .exists)
        let read = try disk.open("a", .read)
        #expect(kind { try read.write([1], at: 0) } == .ioError)
    }

    @Test func `a closed file is used no more`() throws {
        let file = try disk.open("a", .create)
        file.close()
        file.close()
        #expect(kind { _ = try file.size() } == .ioError)
        #expect(kind { try file.write([1], at: 0) } == .ioError)
    }

    @Test(arguments: ["/etc/passwd", "../x", "a/../../x", "a//b", "./a", "a/.", "a\0b", ""])
    func `no path leaves the directory`(_ path: String) throws {
        #expect(kind { _ = try disk.open(path, .create) } == .denied)
        #expect(kind { try disk.remove(path) } == .denied)
        #expect(kind { try disk.removeFolder(path) } == .denied)
        #expect(kind { try disk.rename("a", to: path) } == .denied)
    }

    @Test func `symbolic links are not followed, nor removed through`() throws {
        try FileManager.default.createDirectory(
            atPath: folder.path("outside"), withIntermediateDirectories: true)
        try folder.write("secret", to: "outside/file")
        try FileManager.default.createSymbolicLink(
            atPath: folder.path("node/link"), withDestinationPath: folder.path("outside"))
        try FileManager.default.createSymbolicLink(
            atPath: folder.path("node/name"), withDestinationPath: folder.path("outside/file"))
        #expect(kind { _ = try disk.open("name", .read) } == .denied)
        #expect(kind { _ = try disk.open("link/file", .read) } != nil)
        #expect(kind { _ = try disk.list("link") } != nil)
        try disk.createFolder("f")
        try disk.rename("link", to: "f/link")
        try disk.removeFolder("f")
        #expect(FileManager.default.fileExists(atPath: folder.path("outside/file")))
    }

    @Test func `folders are listed by bytes, and a missing one is empty`() throws {
        try disk.createFolder("x/y/z")
        try disk.createFolder("x/y/z")
        for name in ["b", "a", "ä", "B", "10", "9"] { _ = try disk.open("x/\(name)", .create) }
        #expect(try disk.list("x") == ["10", "9", "B", "a", "b", "y", "ä"])
        #expect(try disk.list("nowhere/at/all") == [])
        #expect(try disk.list("") == ["x"])
        #expect(try disk.exists("x/y/z"))
        #expect(try disk.exists("x/y/z/a") == false)
        #expect(try disk.exists("nowhere/a") == false)
        try disk.flushDirectory("x")
        try disk.flushDirectory("")
        #expect(kind { try disk.flushDirectory("nowhere") } == .missing)
        #expect(kind { try disk.createFolder("x/a") } != nil)
    }

    @Test func `a folder is removed with all that is in it`() throws {
        try disk.createFolder("x/y/z")
        for name in ["x/1", "x/y/2", "x/y/z/3"] { _ = try disk.open(name, .create) }
        try disk.removeFolder("x")
        try disk.removeFolder("x")
        #expect(try disk.list("") == [])
        #expect(kind { try disk.remove("x") } == .missing)
    }

    @Test func `renaming replaces a file`() throws {
        try disk.open("a", .create).write([1], at: 0)
        try disk.open("b", .create).write([2], at: 0)
        try disk.rename("a", to: "b")
        #expect(try disk.open("b", .read).read(at: 0, count: 1) == [1])
        #expect(try disk.exists("a") == false)
        #expect(kind { try disk.rename("a", to: "c") } == .missing)
    }

    @Test func `files and folders are for their owner only`() throws {
        _ = try disk.open("a", .create)
        try disk.createFolder("f")
        let attributes = FileManager.default.attributesOfItem
        #expect(try attributes(folder.path("node/a"))[.posixPermissions] as? Int == 0o600)
        #expect(try attributes(folder.path("node/f"))[.posixPermissions] as? Int == 0o700)
        #expect(try attributes(folder.path("node"))[.posixPermissions] as? Int == 0o700)
    }

    @Test func `a directory belongs to one at a time`() throws {
        try disk.lock()
        try disk.lock()
        let other = try SystemDisk(root: folder.path("node"))
        #expect(kind { try other.lock() } == .inUse)
    }

    @Test(.needs("/usr/bin/flock")) func `another process sees the lock`() throws {
        let arguments = ["--nonblock", folder.path("node/LOCK"), "true"]
        try disk.lock()
        let held = try exitCode(of: "/usr/bin/flock", arguments)
        withExtendedLifetime(disk) {}
        #expect(held == 1)
    }

    @Test func `free space is told`() throws {
        #expect(try disk.freeSpace() > 0)
    }

    @Test(.enabled(if: canMount, absence))
    func `a full disk says so, and goes on when there is room`() throws {
        let small = folder.path("small")
        try Self.mountSmall(at: small)
        defer { _ = try? exitCode(of: "/usr/bin/umount", [small]) }
        do {
            let disk = try SystemDisk(root: small)
            let file = try disk.open("a", .create)
            let chunk = [UInt8](repeating: 7, count: 100_000)
            try file.write(chunk, at: 0)
            #expect(
                kind { try file.write([UInt8](repeating: 1, count: 400_000), at: 0) } == .noSpace)
            try file.truncate(to: 0)
            try file.write(chunk, at: 0)
            #expect(try disk.freeSpace() < 256 << 10)
            file.close()
        }
    }

    /// Whether this machine lets small file systems be mounted: tried once.
    static let canMount: Bool = {
        guard let folder = try? TestFolder() else { return false }
        let small = folder.path("small")
        guard (try? mountSmall(at: small)) == 0 else { return false }
        return (try? exitCode(of: "/usr/bin/umount", [small])) == 0
    }()
    static let absence: Comment = "no small file system can be mounted here"

    /// Mounts 256 KiB. - Returns: mount's exit code; nil where there is no mount.
    @discardableResult
    private static func mountSmall(at path: String) throws -> Int32? {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        let options = ["-t", "tmpfs", "-o", "size=256k", "tmpfs", path]
        return try exitCode(of: "/usr/bin/mount", options)
    }

    // MARK: Appending

    /// Whole blocks go past the page cache, others do not, and some begin as the one and end as the
    /// other.
    @Test(arguments: [64, 4_096, 5_000])
    func `appends are written in order and told in order`(_ size: Int) async throws {
        let file = try disk.open("segment", .create)
        let end = 200 * size + 4_096
        try file.write([UInt8](repeating: 0, count: end), at: 0)
        try file.flush()
        let told = Watched<[Int]>([])
        let inside = Watched(0)
        let queue = queue
        // The last part leaves a gap in the file, which must not be joined over.
        let place: @Sendable (Int) -> Int = { $0 * size + ($0 >= 150 ? 4_096 : 0) }
        queue.run {
            for number in 0..<200 {
                let bytes = [UInt8](repeating: UInt8(number), count: size)
                file.append(bytes, at: place(number), on: queue) {
                    #expect($0 == nil)
                    told.change { $0.append(number) }
                }
            }
            inside.change { $0 = told.value.count }
        }
        let seen = await told.until { $0.count == 200 }
        #expect(seen == Array(0..<200))
        #expect(inside.value == 0)
        let bytes = try file.read(at: 0, count: end)
        for number in 0..<200 {
            let own = bytes[place(number)..<place(number) + size]
            #expect(own.allSatisfy { $0 == UInt8(number) })
        }
        #expect(bytes[150 * size..<150 * size + 4_096].allSatisfy { $0 == 0 })
        #expect(bytes.count == end)
    }

    @Test func `blocks larger than what is joined are written whole`() async throws {
        let file = try disk.open("segment", .create)
        let sizes = [3 << 20, 4_096, (2 << 20) + 4_096, 100]
        let told = Watched(0)
        var place = 0
        for (number, size) in sizes.enumerated() {
            let bytes = [UInt8](repeating: UInt8(number + 1), count: size)
            file.append(bytes, at: place, on: queue) {
                #expect($0 == nil)
                told.change { $0 += 1 }
            }
            place += size
        }
        _ = await told.until { $0 == sizes.count }
        let bytes = try file.read(at: 0, count: place)
        let expected = sizes.enumerated().flatMap { number, size in
            [UInt8](repeating: UInt8(number + 1), count: size)
        }
        #expect(bytes == expected)
    }

    @Test func `a file closed with appends under way still gets them`() async throws {
        let file = try disk.open("segment", .create)
        let told = Watched<[DiskError?]>([])
        for number in 0..<50 {
            file.append([UInt8(number)], at: number, on: queue) { error in
                told.change { $0.append(error) }
            }
        }
        file.close()
        let seen = await told.until { $0.count == 50 }
        #expect(seen.allSatisfy { $0 == nil })
        #expect(
            try disk.open("segment", .read).read(at: 0, count: 99) == (0..<50).map { UInt8($0) })
    }

    @Test func `a file opened for reading takes no append`() async throws {
        _ = try disk.open("segment", .create)
        let told = Watched<[DiskError?]>([])
        let file = try disk.open("segment", .read)
        file.append([1], at: 0, on: queue) { error in told.change { $0.append(error) } }
        #expect(await told.until { !$0.isEmpty }[0]?.kind == .ioError)
        #expect(try file.size() == 0)
    }

    @Test(.enabled(if: canMount, absence))
    func `after a failed append a file takes no more writes`() async throws {
        let small = folder.path("small")
        try Self.mountSmall(at: small)
        defer { _ = try? exitCode(of: "/usr/bin/umount", [small]) }
        let told = Watched<[DiskError?]>([])
        let file = try SystemDisk(root: small).open("segment", .create)
        try file.write([UInt8](repeating: 0, count: 4_096), at: 0)
        // The second finds no room, and the third, which would, must not be written after it.
        for (index, (place, count)) in [(0, 10), (10, 400_000), (0, 1)].enumerated() {
            file.append([UInt8](repeating: 5, count: count), at: place, on: queue) { error in
                told.change { $0.append(error) }
            }
            // Alone, or the first two would be one write.
            _ = await told.until { $0.count > index }
        }
        let seen = told.value
        #expect(seen[0] == nil)
        #expect(seen[1]?.kind == .noSpace)
        #expect(seen[2]?.reason.contains("no more writes") == true)
        #expect(kind { try file.write([1], at: 0) } == .noSpace)
        #expect(kind { try file.flush() } == .noSpace)
        #expect(try file.read(at: 0, count: 1) == [5])
        file.close()
    }

    @Test func `appends of several files and queues are each told once`() async throws {
        let other = SystemScheduler().makeQueue("other", .background)
        let told = Watched<[String]>([])
        let files = try (0..<4).map { try disk.open("f\($0)", .create) }
        for round in 0..<50 {
            for (index, file) in files.enumerated() {
                let queue = index % 2 == 0 ? queue : other
                file.append([UInt8(round)], at: round, on: queue) { _ in
                    told.change { $0.append("\(index) \(round)") }
                }
            }
        }
        let seen = await told.until { $0.count == 200 }
        for index in 0..<4 {
            #expect(seen.filter { $0.hasPrefix("\(index) ") } == (0..<50).map { "\(index) \($0)" })
        }
    }
}
