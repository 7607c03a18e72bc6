import Testing
import WorkProtocol

@testable import holdfast

/// What `status` says to people.
@Suite struct StatusTests {
    /// What an archive says of itself, and what is printed.
    static let archives: [(state: String, archived: UInt64, words: String)] = [
        ("none", 0, "archive not looked at yet"),
        ("shipping", 0, "archive shipping, nothing in it yet"),
        ("shipping", 25, "archive shipping, to LSN 25"),
        ("waiting: no answer for 60 s", 0, "archive waiting: no answer for 60 s"),
        ("waiting: no answer for 60 s", 7, "archive waiting: no answer for 60 s, to LSN 7"),
    ]

    @Test(arguments: archives)
    func `an archive in which nothing is has no position`(
        _ state: String, _ archived: UInt64, _ words: String
    ) {
        var status = Status()
        #expect(PairStatus([status]).archive == "no archive")
        status.archive = "archive"
        status.archiveState = state
        status.archived = archived
        #expect(PairStatus([status]).archive == words)
    }

    @Test func `a snapshot is shown with its age, and its lack with words`() throws {
        var node = NodeStatus()
        var status = Status()
        status.nodes = [node]
        #expect(PairStatus([status]).noSnapshot == "; no snapshot yet")
        node.snapshot = 25
        node.snapshotAge = 180_000
        status.nodes = [node]
        #expect(PairStatus([status]).noSnapshot.isEmpty)
        let age = try #require(PairStatus.nodeShape.columns.first { $0.key == "snapshot_age" })
        #expect(age.title == "Snapshot")
        #expect(age.cell(node).plain == "3 min")
    }
}
