internal import ArgumentParser
internal import Interchange

/// How answers are printed.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case table, tsv, csv, json, jsonl
}

/// When colours are used.
enum ColorChoice: String, ExpressibleByArgument, CaseIterable {
    case auto, always, never
}

/// Where a command's words go, and in what shape: data to standard output, the rest to standard
/// error. In the demo both are read by the same person, so everything goes to standard output.
struct Output {
    var format: OutputFormat
    var fields: [String]
    var hasHeader: Bool
    var isColored: Bool
    /// Whether a person reads standard output.
    var isTerminal: Bool
    /// Whether this is a line of the demo.
    var isDemo: Bool
    var time: LocalTime

    init(_ options: OutputOptions, isDemo: Bool, time: LocalTime) {
        isTerminal = StandardStream.output.isTerminal
        self.isDemo = isDemo
        format = options.format ?? (isTerminal || isDemo ? .table : .tsv)
        fields = options.fields?.split(separator: ",").map(String.init) ?? []
        hasHeader = !options.noHeader
        isColored = Output.isColored(options.color, StandardStream.output)
        self.time = time
    }

    /// The person's wish, then the variables, then whether it is a terminal.
    static func isColored(_ choice: ColorChoice, _ stream: StandardStream) -> Bool {
        switch choice {
        case .always: return true
        case .never: return false
        case .auto:
            if Variables["NO_COLOR"] != nil { return false }
            if let force = Variables["CLICOLOR_FORCE"], force != "0" { return true }
            return stream.isTerminal && Variables["TERM"] != "dumb"
        }
    }

    /// Whether a person reads it, not a program.
    var isForPeople: Bool { format == .table }

    // MARK: - Data

    /// Prints a list.
    func list<Element>(_ elements: [Element], as shape: Shape<Element>) throws {
        let columns = try shape.chosen(fields, all: isJSON)
        if isJSON { return json(elements, columns) }
        var rows = elements.map { element in columns.map { text($0.cell(element)) } }
        if format == .table {
            table(&rows, columns)
        } else {
            separated(rows, columns.map(\.key))
        }
    }

    /// Prints one object: in a table a line a field.
    func show<Element>(_ element: Element, as shape: Shape<Element>) throws {
        guard format == .table || format == .json else { return try list([element], as: shape) }
        let columns = try shape.chosen(fields, all: true)
        if format == .json {
            var writer = JSONWriter(pretty: true)
            Output.object(element, columns, &writer)
            writer.endDocument()
            return StandardStream.output.write(writer.take())
        }
        let titles = columns.map { $0.title ?? Output.title($0.key) }
        let width = titles.map(TextWidth.of).max() ?? 0
        var lines = ""
        for (column, title) in zip(columns, titles) {
            let value = text(column.cell(element))
            guard !value.isEmpty else { continue }
            let title = TextWidth.padded(title, width)
            let blanks = "\n" + String(repeating: " ", count: width + 2)
            lines += dimmed(title) + "  " + value.replacing("\n", with: blanks) + "\n"
        }
        StandardStream.output.write(lines)
    }

    /// `created_by` as people read it.
    private static func title(_ key: String) -> String {
        let words = key.replacing("_", with: " ")
        return words.prefix(1).uppercased() + words.dropFirst()
    }

    private var isJSON: Bool { format == .json || format == .jsonl }

    private func text(_ cell: Cell) -> String {
        format == .table ? cell.shown(time) : cell.plain
    }

    private func json<Element>(_ elements: [Element], _ columns: [Shape<Element>.Column]) {
        if format == .jsonl {
            for element in elements {
                var writer = JSONWriter()
                Output.object(element, columns, &writer)
                writer.endDocument()
                StandardStream.output.write(writer.take())
            }
            return
        }
        var writer = JSONWriter(pretty: true)
        writer.beginArray()
        for element in elements { Output.object(element, columns, &writer) }
        writer.endArray()
        writer.endDocument()
        StandardStream.output.write(writer.take())
    }

    private static func object<Element>(
        _ element: Element, _ columns: [Shape<Element>.Column], _ writer: inout JSONWriter
    ) {
        writer.beginObject()
        for column in columns {
            writer.key(column.key)
            column.cell(element).write(to: &writer)
        }
        writer.endObject()
    }

    private func separated(_ rows: [[String]], _ keys: [String]) {
        var bytes: [UInt8] = []
        if format == .csv {
            var writer = CSVWriter()
            for row in (hasHeader ? [keys] : []) + rows {
                for cell in row { writer.cell(cell, into: &bytes) }
                writer.endRow(into: &bytes)
            }
        } else {
            for row in (hasHeader ? [keys] : []) + rows {
                bytes += Array(row.map(Output.escaped).joined(separator: "\t").utf8) + [0x0A]
            }
        }
        StandardStream.output.write(bytes)
    }

    /// A cell of TSV: what would end it is spelled out.
    private static func escaped(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 == 0x09 || $0 == 0x0A || $0 == 0x5C }) else {
            return text
        }
        return text.replacing("\\", with: "\\\\").replacing("\t", with: "\\t")
            .replacing("\n", with: "\\n")
    }

    // MARK: - Tables

    private func table<Element>(_ rows: inout [[String]], _ columns: [Shape<Element>.Column]) {
        let titles = columns.map { $0.title ?? $0.key }
        for row in rows.indices {
            for column in rows[row].indices {
                rows[row][column] = rows[row][column].replacing("\n", with: " ")
            }
        }
        // An empty column says nothing, but for the first.
        let kept = columns.indices.filter { column in
            column == 0 || rows.contains { !$0[column].isEmpty }
        }
        let widths = fitting(
            kept.map { column in
                let cells = rows.map { TextWidth.of($0[column]) }
                return max(cells.max() ?? 0, hasHeader ? TextWidth.of(titles[column]) : 0)
            })
        func line(_ cells: [String]) -> String {
            let parts = kept.enumerated().map { place, column in
                TextWidth.padded(
                    TextWidth.fitted(cells[column], widths[place]), widths[place],
                    isRight: columns[column].isRight)
            }
            let text = parts.joined(separator: "  ")
            return text.reversed().drop { $0 == " " }.reversed().map(String.init).joined()
        }
        var text = ""
        if hasHeader, !rows.isEmpty { text += dimmed(line(titles)) + "\n" }
        for row in rows { text += line(row) + "\n" }
        StandardStream.output.write(text)
    }

    /// On a terminal that is too narrow the widest columns give way.
    private func fitting(_ widths: [Int]) -> [Int] {
        guard isTerminal else { return widths }
        var widths = widths
        var excess = widths.reduce(0, +) + 2 * (widths.count - 1) - StandardStream.output.columns
        while excess > 0, let widest = widths.indices.max(by: { widths[$0] < widths[$1] }),
            widths[widest] > 24
        {
            widths[widest] -= 1
            excess -= 1
        }
        return widths
    }

    // MARK: - Words

    /// Says something to the person: not data.
    func tell(_ text: String) {
        (isDemo ? StandardStream.output : .error).write(text + "\n")
    }

    func dimmed(_ text: String) -> String { painted(text, "2") }
    func painted(_ text: String, _ code: String) -> String {
        isColored ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }

    var tick: String { painted("✓", "32") }
    var cross: String { painted("✗", "31") }
}
