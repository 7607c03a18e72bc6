import Testing
import WorkProtocol

@testable import Interchange

/// What a check passes, the store takes: batches and rows within its limits.
@Suite struct ImportLimitTests {
    private static let header =
        "Task ID,Created At,Completed At,Last Modified,Name,Section/Column,Assignee,Assignee Email,"
        + "Start Date,Due Date,Tags,Notes,Projects,Parent task,Blocked By (Dependencies),"
        + "Blocking (Dependencies)\n"

    /// A row with the cells that matter here.
    private func row(
        _ id: String, _ name: String, created: String = "2024-01-01", tags: String = "",
        notes: String = "", projects: String = "P", parent: String = "", blockedBy: String = ""
    ) -> String {
        "\(id),\(created),,2024-01-02,\(name),A,,,,,\"\(tags)\",\(notes),\"\(projects)\","
            + "\(parent),\(blockedBy),\n"
    }

    private func reader(_ rows: [String], keepsGoing: Bool = false) -> ImportReader {
        let text = Self.header + rows.joined()
        return ImportReader(
            ByteArraySource(Array(text.utf8)),
            options: ImportOptions(name: "file", keepsGoing: keepsGoing))
    }

    private func batches(_ reader: inout ImportReader) throws -> [ImportBatch] {
        try reader.check()
        try reader.begin(people: reader.people.indices.map { UInt64($0 + 1) })
        var batches: [ImportBatch] = []
        while let batch = try reader.nextBatch() { batches.append(batch) }
        return batches
    }

    @Test func `a batch of dependencies makes the store write no more than one of tasks`() throws {
        let notes = String(repeating: "n", count: 65_536)
        // Some rows are plain, and some are not: the last has no predecessor.
        let rows = (0..<40).map { index in
            row("\(index)", "Task \(index)", notes: notes, blockedBy: "Task \(index + 1)")
        }
        var reader = reader(rows)
        let batches = try batches(&reader)
        let dependencies = batches.map { $0.kinds.count { $0 == .dependencies } }
        #expect(dependencies.reduce(0, +) == 39)
        // Each writes a task anew, and the log takes 2 MiB at once.
        #expect(dependencies.max() ?? 0 <= 16)
        for batch in batches {
            let notes = batch.items.reduce(0) { sum, item in
                switch item.kind {
                case .task(let task): sum + task.notes.utf8.count
                case .dependencies: sum + 65_536
                default: sum
                }
            }
            #expect(notes <= ImportBatches.bytesMax)
        }
    }
}
