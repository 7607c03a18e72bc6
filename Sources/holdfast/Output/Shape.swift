/// The columns of one kind of object: how each is called and what stands in it. The keys are those
/// of the JSON and are never renamed.
struct Shape<Element> {
    struct Column {
        var key: String
        /// Shown in tables; nil for what only JSON and `--fields` show.
        var title: String?
        var isRight: Bool
        /// In a table never cut, whatever stands in it.
        var isWhole: Bool
        /// In a table left out where there is no room.
        var isSpare: Bool
        var cell: (Element) -> Cell

        init(
            _ key: String, _ title: String?, isRight: Bool = false, isWhole: Bool = false,
            isSpare: Bool = false,
            _ cell: @escaping (Element) -> Cell
        ) {
            self.key = key
            self.title = title
            self.isRight = isRight
            self.isWhole = isWhole
            self.isSpare = isSpare
            self.cell = cell
        }
    }

    var columns: [Column]

    init(_ columns: [Column]) { self.columns = columns }

    /// The columns to show: those asked for by key, else those with a title.
    func chosen(_ keys: [String], all: Bool) throws -> [Column] {
        guard !keys.isEmpty else { return all ? columns : columns.filter { $0.title != nil } }
        return try keys.map { key in
            guard let column = columns.first(where: { $0.key == key }) else {
                let known = columns.map(\.key).joined(separator: ", ")
                throw Complaint(.usage, "there is no field \(key)", help: "--fields of \(known)")
            }
            return column
        }
    }
}
