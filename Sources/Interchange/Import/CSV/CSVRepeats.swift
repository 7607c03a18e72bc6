internal import ByteCoding
internal import WorkProtocol

/// What columns repeat from row to row, taken apart once.
struct CSVRepeats {
    private var tagCells = ByteInterner()
    /// The tags of each cell that lists some, each once and clean.
    private(set) var tags: [[String]] = []
    private var personCells = ByteInterner()
    /// The number of each person, by cells; -1 for nobody.
    private(set) var people: [Int] = []
    private var key: [UInt8] = []

    /// The number of a cell of tags, which are added to the labels.
    mutating func tags(_ cell: RawSpan, _ labels: inout Interned) -> Int {
        let number = tagCells.number(cell)
        if number == tags.count { tags.append(CSVRepeats.tags(cell.text, &labels)) }
        return number
    }

    /// The tags that a cell lists, each once and spelled as among the labels.
    static func tags(_ cell: String, _ labels: inout Interned) -> [String] {
        var names: [String] = []
        for name in listed(cell).map({ labels.spelled(CleanText.line($0).text) })
        where !names.contains(name) {
            names.append(name)
        }
        return names
    }

    /// Whether a cell of tags that came before lists more than so many.
    func tags(_ cell: RawSpan, areMoreThan most: Int) -> Bool {
        guard cell.byteCount > most * 2 else { return false }
        return listed(cell.text).count > most
    }

    func tagText(_ number: Int) -> String { tagCells.text(number) }

    /// The number of the two cells that name an assignee, who is added to the people; nil if both
    /// are empty.
    mutating func person(
        _ name: RawSpan, _ email: RawSpan, _ people: inout PeopleTable
    ) -> Int? {
        guard name.byteCount > 0 || email.byteCount > 0 else { return nil }
        var key: [UInt8] = []
        swap(&key, &self.key)
        defer { swap(&key, &self.key) }
        key.removeAll(keepingCapacity: true)
        unsafe name.withUnsafeBytes { unsafe key.append(contentsOf: $0) }
        // No text in the file has it.
        key.append(0)
        unsafe email.withUnsafeBytes { unsafe key.append(contentsOf: $0) }
        let number = unsafe personCells.number(key.span.bytes)
        if number == self.people.count {
            self.people.append(people.find(name: name.text, email: email.text) ?? -1)
        }
        return number
    }

    /// Whether the export would print both cells as they are.
    func isKept(person number: Int, _ people: PeopleTable) -> Bool {
        // A file that changes while it is read may name others.
        guard people.accounts.indices.contains(self.people[number]) else { return false }
        let account = people.accounts[self.people[number]]
        return personCells.text(number).hasBytes(of: account.name + "\0" + account.email)
    }
}
