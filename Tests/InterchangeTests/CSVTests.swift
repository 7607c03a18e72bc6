import ByteCoding
import Testing

@testable import Interchange

@Suite struct CSVTests {
    private func rows(_ text: String, chunkBytes: Int = 1 << 18) throws -> [CSVRow] {
        try rows(Array(text.utf8), chunkBytes: chunkBytes)
    }

    private func rows(_ bytes: [UInt8], chunkBytes: Int = 1 << 18) throws -> [CSVRow] {
        var reader = CSVReader(ByteArraySource(bytes, chunkBytes: chunkBytes))
        var rows: [CSVRow] = []
        while let row = try reader.next() { rows.append(row) }
        return rows
    }

    private func texts(_ rows: [CSVRow]) -> [[String]] { rows.map { $0.cells.map(\.text) } }

    @Test(arguments: [1, 2, 3, 7, 1 << 18])
    func `rows read the same in chunks of any size`(_ chunkBytes: Int) throws {
        let text = "\u{FEFF}a,\"b,\"\"c\"\"\",\r\n\"line one\r\nline two\",é🙂,\"\"\n\nlast,,x"
        let rows = try rows(text, chunkBytes: chunkBytes)
        #expect(
            texts(rows) == [
                ["a", "b,\"c\"", ""], ["line one\nline two", "é🙂", ""], ["last", "", "x"],
            ])
        #expect(rows.allSatisfy { $0.problem == nil && $0.replaced.isEmpty })
        #expect(
            rows[1].cells.map(\.place) == [
                TextPlace(line: 2, column: 1), TextPlace(line: 3, column: 11),
                TextPlace(line: 3, column: 14),
            ])
        #expect(rows[2].place == TextPlace(line: 5, column: 1))
    }

    @Test(arguments: [
        ("a,b\n\"open,c\n", 2, 1, "the quote that opens here is not closed"),
        ("a\nb,\"c\"d\n", 2, 6, "text after the closing quote"),
        ("a,\"b\nc\" ,d\n", 2, 3, "text after the closing quote"),
    ])
    func `a bad row says where and why`(
        _ text: String, _ line: Int, _ column: Int, _ message: String
    ) throws {
        for chunkBytes in [1, 100] {
            let problem = try rows(text, chunkBytes: chunkBytes).compactMap(\.problem).first
            #expect(problem == TextProblem(TextPlace(line: line, column: column), message))
        }
    }

    @Test(arguments: [
        ([0x61, 0x2C, 0xFF, 0x0A], 1, 3), ([0x0A, 0xC3, 0xA9, 0xC3, 0x28], 2, 3),
        ([0x61, 0xED, 0xA0, 0x80], 1, 3), ([0xC0, 0xAF], 1, 1), ([0xF4, 0x90, 0x80, 0x80], 1, 2),
        ([0x61, 0x62, 0xE2, 0x82], 1, 4),
    ])
    func `bytes that are not UTF-8 are refused at their place`(
        _ bytes: [UInt8], _ line: Int, _ column: Int
    ) throws {
        let problem = try rows(bytes).compactMap(\.problem).first
        #expect(problem?.place == TextPlace(line: line, column: column))
    }

    @Test func `a bad row does not spoil the ones after it`() throws {
        let rows = try rows("a,b\n\"x\"y,z\nc,d\n")
        #expect(rows.map { $0.problem == nil } == [true, false, true])
        #expect(texts(rows)[2] == ["c", "d"])
    }

    @Test func `control characters are replaced and reported`() throws {
        let rows = try rows("a\u{0}b,\"c\rd\te\u{85}\"\nx\u{7F}\ry\n")
        #expect(texts(rows) == [["a\u{FFFD}b", "c\u{FFFD}d\te\u{FFFD}"], ["x\u{FFFD}\u{FFFD}y"]])
        #expect(
            rows.flatMap(\.replaced).map(\.place) == [
                TextPlace(line: 1, column: 2), TextPlace(line: 1, column: 7),
                TextPlace(line: 1, column: 11), TextPlace(line: 2, column: 2),
                TextPlace(line: 2, column: 3),
            ])
    }

    @Test func `another number of columns is found`() throws {
        let rows = try rows("a,b\n1\n1,2,3\n\"1\n2\",\n")
        #expect(rows[1].mismatch(2)?.place == TextPlace(line: 2, column: 2))
        #expect(rows[2].mismatch(2)?.place == TextPlace(line: 3, column: 5))
        #expect(rows[2].mismatch(2)?.message == "the row has 3 columns, the header 2")
        #expect(rows[3].mismatch(2) == nil)
    }

    @Test func `a row that is too long is refused`() throws {
        var reader = CSVReader(
            ByteArraySource(Array(repeating: 0x61, count: 1000)), rowBytesMax: 100)
        #expect(throws: TextProblem.self) { try reader.next() }
    }

    @Test func `cells are written as Asana quotes them`() {
        var writer = CSVWriter()
        var out = ByteWriter()
        for cell in ["Task ID", "Name"] { writer.cell(cell, into: &out) }
        writer.endRow(into: &out)
        for cell in ["12", "a,b"] { writer.cell(cell, into: &out) }
        writer.endRow(into: &out)
        for cell in ["", "=1+\"x\"\nnext"] { writer.cell(cell, into: &out) }
        writer.endRow(into: &out)
        #expect(
            String(decoding: out.bytes, as: UTF8.self)
                == "Task ID,Name\n\"12\",\"a,b\"\n\"\",\"=1+\"\"x\"\"\nnext\"\n")
    }

    @Test(arguments: [
        ("=1", "'=1"), ("+1", "'+1"), ("-1", "'-1"), ("@x", "'@x"), ("\tx", "'\tx"), ("a=1", "a=1"),
        (" \u{A0}=1", "' \u{A0}=1"), ("a\n=1\nb", "a\n'=1\nb"), ("", ""), ("\n-x", "\n'-x"),
    ])
    func `formulas are disarmed`(_ text: String, _ expected: String) {
        #expect(FormulaGuard.disarmed(text) == expected)
    }
}
