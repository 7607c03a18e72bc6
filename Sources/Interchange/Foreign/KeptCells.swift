/// What an import keeps of a CSV row that cannot be told from the task it became: in
/// `External.data`, as compact JSON.
///
/// `{"cells": {"Parent task": "text", "Name": ["text", "made of it"]}, "row": 12}`
///
/// A cell is kept only if the export would print another text for the task as it was imported. That
/// text is kept with it (not if it is empty), so that the export can tell whether the task has been
/// changed since: it prints the kept cell only where it would otherwise print what it would have
/// printed then. `row` is the row's number where the order of rows cannot be told from sections.
struct KeptCells: Hashable, Sendable {
    struct Cell: Hashable, Sendable {
        var text: String
        /// What the export makes of the task as it was imported.
        var made: String
    }

    private(set) var cells: [(column: String, cell: Cell)] = []
    var row: Int64?

    init() {}

    /// The kept cells in `data`; none if it holds anything else.
    init(data: String) {
        guard data.utf8.first == 0x7B, let node = JSONNode(parsing: data) else { return }
        row = node["row"]?.integer
        for member in node["cells"]?.members ?? [] {
            let parts = member.value.elements.compactMap(\.string)
            if let text = member.value.string {
                cells.append((member.name, Cell(text: text, made: "")))
            } else if parts.count == 2 {
                cells.append((member.name, Cell(text: parts[0], made: parts[1])))
            }
        }
    }

    /// Keeps `text` for a column if the export would make something else of the task, or always.
    mutating func keep(_ column: String, _ text: String, made: String, always: Bool = false) {
        if always || !text.hasBytes(of: made) {
            cells.append((column, Cell(text: text, made: made)))
        }
    }

    /// What the export prints in a column where it would print `made`.
    func text(_ column: String, made: String) -> String {
        guard let kept = cells.first(where: { $0.column == column })?.cell else { return made }
        return kept.made.hasBytes(of: made) || KeptCells.isSameList(kept.made, made)
            ? kept.text : made
    }

    /// As `External.data`; empty if there is nothing to keep. What would be longer than `limit`
    /// loses its longest cells, whose names are returned.
    func data(limit: Int = 32_768) -> (text: String, lost: [String]) {
        var kept = self
        var lost: [String] = []
        while true {
            let text = kept.encoded()
            if text.utf8.count <= limit { return (text, lost) }
            let sizes = kept.cells.map { $0.cell.text.utf8.count + $0.cell.made.utf8.count }
            guard let longest = sizes.indices.max(by: { sizes[$0] < sizes[$1] }) else {
                return ("", lost)
            }
            lost.append(kept.cells.remove(at: longest).column)
        }
    }

    private func encoded() -> String {
        if cells.isEmpty && row == nil { return "" }
        var writer = JSONWriter()
        writer.beginObject()
        if !cells.isEmpty {
            writer.key("cells")
            writer.beginObject()
            for (column, cell) in cells {
                writer.key(column)
                if cell.made.isEmpty {
                    writer.string(cell.text)
                } else {
                    writer.beginArray()
                    writer.string(cell.text)
                    writer.string(cell.made)
                    writer.endArray()
                }
            }
            writer.endObject()
        }
        if let row { writer.number("row", row) }
        writer.endObject()
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// Whether both are lists of the same things in whatever order.
    private static func isSameList(_ left: String, _ right: String) -> Bool {
        guard left.utf8.count == right.utf8.count, left.utf8.contains(0x2C) else { return false }
        return left.split(separator: ",").sorted() == right.split(separator: ",").sorted()
    }

    static func == (left: KeptCells, right: KeptCells) -> Bool { left.encoded() == right.encoded() }
    func hash(into hasher: inout Hasher) { hasher.combine(encoded()) }
}

extension String {
    /// Whether both are the same to the byte, not only to the eye: an export prints a cell as it
    /// was.
    func hasBytes(of other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}

extension JSONNode {
    /// The value that `text` spells; nil if it is no JSON.
    package init?(parsing text: String) {
        var reader = JSONReader(ByteArraySource(Array(text.utf8)))
        var notices: [TextProblem] = []
        do {
            guard let node = try reader.node(notices: &notices), try reader.next() == nil else {
                return nil
            }
            self = node
        } catch {
            return nil
        }
    }
}
