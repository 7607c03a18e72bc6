internal import ArgumentParser
internal import ByteCoding
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

    /// Prints a list; of an empty one a person is told that there are no such `nouns`.
    func list<Element>(
        _ elements: [Element], of nouns: String, as shape: Shape<Element>
    ) throws {
        let columns = try shape.chosen(fields, all: isJSON)
        if isJSON { return json(elements, columns) }
        if isForPeople, elements.isEmpty { return tell("no \(nouns)") }
        let cells = elements.map { element in columns.map { $0.cell(element) } }
        let rows = cells.map { $0.map(text) }
        guard format == .table else { return separated(rows, columns.map(\.key)) }
        let table = Table(
            columns.enumerated().map { place, column in
                Table.Column(
                    title: column.title ?? column.key, isRight: column.isRight,
                    isWhole: column.isWhole || cells.allSatisfy { $0[place].isWhole },
                    isSpare: column.isSpare && fields.isEmpty)
            }, rows: rows, hasHeader: hasHeader, paint: dimmed)
        StandardStream.output.write(table.text(isTerminal ? StandardStream.output.columns : nil))
    }

    /// Prints one object: in a table a line a field.
    func show<Element>(_ element: Element, as shape: Shape<Element>) throws {
        guard format == .table || format == .json else {
            return try list([element], of: "", as: shape)
        }
        let columns = try shape.chosen(fields, all: true)
        if format == .json {
            var writer = JSONWriter(pretty: true)
            Output.object(element, columns, &writer)
            writer.endDocument()
            return StandardStream.output.write(writer.take())
        }
        let fields = columns.map { column in
            (column.title ?? Output.title(column.key), text(column.cell(element)))
        }
        StandardStream.output.write(Table.block(fields, dimmed))
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
        var out = ByteWriter(capacity: 4096)
        if format == .csv {
            var writer = CSVWriter()
            for row in (hasHeader ? [keys] : []) + rows {
                for cell in row { writer.cell(cell, into: &out) }
                writer.endRow(into: &out)
            }
        } else {
            for row in (hasHeader ? [keys] : []) + rows {
                out.append(utf8: row.map(Output.escaped).joined(separator: "\t"))
                out.append(0x0A)
            }
        }
        StandardStream.output.write(out.bytes)
    }

    /// A cell of TSV: what would end it is spelled out.
    private static func escaped(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 == 0x09 || $0 == 0x0A || $0 == 0x5C }) else {
            return text
        }
        return text.replacing("\\", with: "\\\\").replacing("\t", with: "\\t")
            .replacing("\n", with: "\\n")
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
