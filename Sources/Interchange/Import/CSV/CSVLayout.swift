internal import ByteCoding
internal import WorkProtocol

/// Where a file has the standard columns, for who asks in every row; -1 for those it has not.
struct CSVLayout {
    let count: Int
    let taskID, createdAt, completedAt, lastModified, name, section, assignee, assigneeEmail: Int
    let startDate, dueDate, tags, notes, projects, parent, blockedBy, blocking: Int
    let parentID, blockedByIDs, blockingIDs: Int

    init(_ columns: CSVColumns) {
        func place(_ column: StandardColumn) -> Int { columns.standard[column] ?? -1 }
        count = columns.count
        (taskID, name, notes) = (place(.taskID), place(.name), place(.notes))
        (createdAt, completedAt) = (place(.createdAt), place(.completedAt))
        (lastModified, startDate) = (place(.lastModified), place(.startDate))
        (dueDate, section) = (place(.dueDate), place(.section))
        (assignee, assigneeEmail) = (place(.assignee), place(.assigneeEmail))
        (tags, projects, parent) = (place(.tags), place(.projects), place(.parent))
        (blockedBy, blocking) = (place(.blockedBy), place(.blocking))
        (parentID, blockedByIDs) = (place(.parentID), place(.blockedByIDs))
        blockingIDs = place(.blockingIDs)
    }

    /// Whether a record names dependencies, or its parent by id.
    func hasRelations(_ record: CSVReader) -> Bool {
        !record.isEmpty(blockedBy) || !record.isEmpty(blocking) || !record.isEmpty(parentID)
            || !record.isEmpty(blockedByIDs) || !record.isEmpty(blockingIDs)
    }
}

extension CSVReader {
    /// The text of a column in the record; empty for one that the file has not.
    @_lifetime(borrow self)
    func column(_ place: Int) -> RawSpan {
        if place < 0 { return RawSpan() }
        return unsafe _overrideLifetime(cell(place), borrowing: self)
    }

    func isEmpty(_ place: Int) -> Bool { place < 0 || record.byteCount(place) == 0 }

    /// Whether nothing in the record is wrong for certain: what `CSVColumns.problem` would find. If
    /// not, that has to be asked.
    func isPlain(_ layout: CSVLayout, _ columns: CSVColumns) -> Bool {
        guard record.row == nil, record.count == layout.count else { return false }
        let id = column(layout.taskID)
        guard id.byteCount > 0, id.isLine(atMost: 1024) else { return false }
        for place in [
            layout.createdAt, layout.completedAt, layout.lastModified, layout.startDate,
            layout.dueDate,
        ] where !isEmpty(place) && column(place).day == nil {
            return false
        }
        return columns.fields.allSatisfy { $0.kind == nil }
    }
}

extension RawSpan {
    /// Whether it is one line of at most so many bytes, as the store wants names; what is read of a
    /// CSV file has no other control characters than tab and line feed.
    func isLine(atMost bytes: Int) -> Bool {
        byteCount <= bytes && !contains(0x0A) && !contains(0x09)
    }

    /// The day it spells as `YYYY-MM-DD`; nil for anything else.
    var day: Int32? {
        guard byteCount == 10, byte(4) == 0x2D, byte(7) == 0x2D,
            let year = digits(0, 4), let month = digits(5, 2), let day = digits(8, 2)
        else { return nil }
        return CivilDate(year: year, month: month, day: day)?.days
    }

    private func digits(_ start: Int, _ count: Int) -> Int? {
        var number = 0
        for place in start..<(start &+ count) {
            let digit = byte(place) &- 0x30
            guard digit <= 9 else { return nil }
            number = number &* 10 &+ Int(digit)
        }
        return number
    }
}
