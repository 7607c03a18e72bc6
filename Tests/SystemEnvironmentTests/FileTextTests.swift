import Environment
import Foundation
import SystemEnvironment
import Testing

@Suite struct FileTextTests {
    let folder: TestFolder

    init() throws { folder = try TestFolder() }

    private func mode(_ name: String) throws -> Int? {
        let found = try FileManager.default.attributesOfItem(atPath: folder.path(name))
        return found[.posixPermissions] as? Int
    }

    @Test func `a secret is its owner's alone, also where a file was there before`() throws {
        try FileText.write(folder.path("new"), [1])
        #expect(try mode("new") == 0o600)
        #expect(throws: DiskError.self) { try FileText.write(folder.path("new"), [2]) }
        try folder.write("readable", to: "old")
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o644], ofItemAtPath: folder.path("old"))
        try FileText.write(folder.path("old"), [3], replacing: true)
        #expect(try mode("old") == 0o600)
        #expect(try FileText.read(folder.path("old")) == [3])
    }
}
