import ByteCoding
import Testing
import WorkProtocol

@testable import WorkGraph

/// No list is longer than a response may be, whatever somebody puts into the rows.
@Suite struct AnswerSizesTests {
    private static let large = String(repeating: "n", count: 65_536)

    /// All pages of a list, none of them too long for a client.
    private func count(
        _ world: World, _ query: ([UInt8]) -> Query, _ page: ([UInt8]) throws -> (Int, [UInt8])
    ) throws -> (rows: Int, pages: Int) {
        var rows = 0
        var pages = 0
        var cursor: [UInt8] = []
        repeat {
            let bytes = try world.bytes(query(cursor), as: world.ann)
            #expect(bytes.count < Limits.responseBytes)
            let (count, next) = try page(bytes)
            rows += count
            pages += 1
            cursor = next
        } while !cursor.isEmpty
        return (rows, pages)
    }

    @Test func `projects with long notes come on more pages`() throws {
        let world = try World()
        for number in 0..<80 {
            try world.change(
                .createProject(
                    .with {
                        $0.name = "Project \(number)"
                        $0.notes = Self.large
                    }), as: world.bob)
        }
        let (rows, pages) = try count(world) { cursor in
            .listProjects(
                .with {
                    $0.limit = 1000
                    $0.cursor = cursor
                })
        } _: { bytes in
            let page = try ProjectPage(decoding: bytes)
            return (page.projects.count, page.next)
        }
        #expect(rows == 80)
        #expect(pages > 4)
    }

    @Test func `tags with long notes come on more pages`() throws {
        let world = try World()
        for number in 0..<80 {
            try world.change(
                .createLabel(
                    .with {
                        $0.name = "Tag \(number)"
                        $0.notes = Self.large
                    }), as: world.bob)
        }
        let (rows, pages) = try count(world) { cursor in
            .listLabels(
                .with {
                    $0.limit = 1000
                    $0.cursor = cursor
                })
        } _: { bytes in
            let page = try LabelPage(decoding: bytes)
            return (page.labels.count, page.next)
        }
        #expect(rows == 80)
        #expect(pages > 4)
    }

    @Test func `all attachments are listed, what others keep with them only where it fits`() throws
    {
        let world = try World()
        let task = try world.task("t")
        for number in 0..<160 {
            try world.change(
                .addAttachment(
                    .with {
                        $0.task = task
                        $0.url = "https://example.com/\(number)"
                        $0.external = .with {
                            $0.gid = "\(number)"
                            $0.data = String(repeating: "d", count: 32_768)
                        }
                    }), as: world.ann)
        }
        let bytes = try world.bytes(.listAttachments(.with { $0.task = task }), as: world.ann)
        #expect(bytes.count < Limits.responseBytes)
        #expect(try AttachmentList(decoding: bytes).attachments.count == 160)
        #expect(try world.get(task).attachmentCount == 160)
    }
}
