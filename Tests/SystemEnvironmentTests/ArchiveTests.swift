import Environment
import Foundation
import SystemEnvironment
import Testing

@Suite struct ArchiveTests {
    let folder: TestFolder
    let archive: DirectoryArchive

    init() throws {
        folder = try TestFolder()
        archive = try DirectoryArchive(path: folder.path("archive"))
    }

    private func kind(_ body: () throws -> Void) -> DiskError.Kind? {
        do {
            try body()
            return nil
        } catch {
            return (error as? DiskError)?.kind
        }
    }

    @Test func `what is published is read and listed`() throws {
        try archive.publish("c1/h1/snap/12/manifest", [1, 2, 3])
        try archive.publish("c1/h1/snap/12/c-00001.lz4", [])
        try archive.publish("c1/h1/wal/1-9-1.wal.lz4", [UInt8](repeating: 7, count: 100_000))
        #expect(try archive.read("c1/h1/snap/12/manifest") == [1, 2, 3])
        #expect(try archive.read("c1/h1/wal/1-9-1.wal.lz4").count == 100_000)
        #expect(
            try archive.list("c1/h1/snap/") == [
                "c1/h1/snap/12/c-00001.lz4", "c1/h1/snap/12/manifest",
            ])
        #expect(try archive.list("c1/h1/snap/12/c-") == ["c1/h1/snap/12/c-00001.lz4"])
        #expect(try archive.list("").count == 3)
        #expect(try archive.list("c2/") == [])
    }

    @Test func `the same bytes again are fine, others are refused and change nothing`() throws {
        try archive.publish("a/b", [1, 2])
        try archive.publish("a/b", [1, 2])
        #expect(kind { try archive.publish("a/b", [1, 3]) } == .exists)
        #expect(kind { try archive.publish("a/b", []) } == .exists)
        #expect(try archive.read("a/b") == [1, 2])
        #expect(try parts() == [])
    }

    /// Around the pieces and the blocks in which files are written past the page cache.
    @Test(arguments: [0, 1, 4095, 4096, 4097, 1 << 20, 1 << 20 + 1, 3 << 20 - 1, 3 << 20 + 4096])
    func `a file of any size is published as it is`(size: Int) throws {
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 12) }
        try archive.publish("a/b", bytes)
        #expect(try archive.read("a/b") == bytes)
        try archive.publish("a/b", bytes)
        if size > 0 {
            var other = bytes
            other[size - 1] ^= 1
            #expect(kind { try archive.publish("a/b", other) } == .exists)
        }
        #expect(try parts() == [])
    }

    @Test func `what a crash left behind is seen by nobody`() throws {
        try archive.publish("a/b", [1])
        try folder.write("half", to: "archive/a/.c.part-12ab")
        #expect(try archive.list("") == ["a/b"])
        #expect(kind { _ = try archive.read("a/.c.part-12ab") } == .denied)
        try archive.publish("a/c", [2])
        #expect(try archive.list("a/") == ["a/b", "a/c"])
    }

    @Test func `a hint is replaced`() throws {
        try archive.replaceHint("c1/h1/LATEST", [1])
        try archive.replaceHint("c1/h1/LATEST", [2, 3])
        #expect(try archive.read("c1/h1/LATEST") == [2, 3])
        #expect(try parts() == [])
    }

    @Test func `what is removed is gone, and may be missing`() throws {
        try archive.publish("a/b", [1])
        try archive.remove("a/b")
        try archive.remove("a/b")
        try archive.remove("x/y")
        #expect(try archive.list("") == [])
        #expect(kind { _ = try archive.read("a/b") } == .missing)
    }

    @Test(arguments: [
        "", "/a", "a/", "a//b", "../a", "a/../b", "./a", "A", "a b", "ä", "a\0",
        String(repeating: "a", count: 201),
    ])
    func `a name that is none is refused`(_ name: String) {
        #expect(kind { try archive.publish(name, [1]) } == .denied)
        #expect(kind { _ = try archive.read(name) } == .denied)
        #expect(kind { try archive.remove(name) } == .denied)
        #expect(kind { try archive.replaceHint(name, [1]) } == .denied)
    }

    @Test func `of many that publish one name with other bytes one wins, whole`() async throws {
        let archive = archive
        let wins = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<8 {
                group.addTask {
                    (try? archive.publish("a/x", [UInt8](repeating: UInt8(number), count: 5_000)))
                        != nil
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(wins == 1)
        let bytes = try archive.read("a/x")
        #expect(bytes.count == 5_000 && bytes.allSatisfy { $0 == bytes[0] })
        #expect(try parts() == [])
    }

    private func parts() throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: folder.path("archive"))
            .filter { $0.contains(".part-") }
    }
}
