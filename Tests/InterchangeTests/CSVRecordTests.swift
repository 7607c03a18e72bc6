import ByteCoding
import Foundation
import Testing
import WorkProtocol

@testable import Interchange

/// Rows read by words are those read byte by byte, and tasks made of bytes those made of values.
@Suite struct CSVRecordTests {
    /// That of the environment variable HOLDFAST_SEED, to repeat a run; or a fresh one.
    static let seed =
        ProcessInfo.processInfo.environment["HOLDFAST_SEED"].flatMap { UInt64($0) }
        ?? .random(in: 0 ... .max)

    /// What either way of reading comes to.
    private func rows(
        _ bytes: [UInt8], _ chunkBytes: Int, byRecord: Bool
    ) -> (rows: [CSVRow], texts: [[String]], problem: TextProblem?) {
        var reader = CSVReader(
            ByteArraySource(bytes, chunkBytes: chunkBytes), rowBytesMax: 400)
        var rows: [CSVRow] = []
        var texts: [[String]] = []
        do {
            if byRecord {
                while try reader.nextRecord() {
                    texts.append((0..<reader.record.count).map { reader.text($0) })
                    rows.append(try reader.located())
                }
            } else {
                while let row = try reader.next() {
                    texts.append(row.cells.map(\.text))
                    rows.append(row)
                }
            }
        } catch {
            return (rows, texts, error)
        }
        return (rows, texts, nil)
    }

    @Test func `rows read by words are those read byte by byte`() {
        let seed = Self.seed
        print("seed \(seed)")
        var random = RandomNumbers(seed)
        let parts: [[UInt8]] = [
            [0x2C], [0x22], [0x22, 0x22], [0x0A], [0x0D, 0x0A], [0x0D], [0x09], [0x01], [0x7F],
            Array("plain words, and more".utf8), Array("longer than a word".utf8),
            Array("größer €10 🎂".utf8), [0xC2, 0x85], [0xC2, 0xA0], [0xC3], [0xFF],
            [0xEF, 0xBB, 0xBF], Array("\"quoted, \"\"twice\"\"\nand on\"".utf8), Array("a".utf8),
        ]
        for round in 0..<3000 {
            // Most files are nearly clean, or nothing would be read by words.
            let isDirty = round % 4 == 0
            var bytes: [UInt8] = round % 7 == 0 ? CSVWriter.byteOrderMark : []
            for _ in 0..<Int.random(in: 0...40, using: &random) {
                let part =
                    isDirty
                    ? parts.randomElement(using: &random)
                    : [parts[0], parts[3], parts[4], parts[9], parts[11], parts[17], parts[18]]
                        .randomElement(using: &random)
                bytes += part ?? []
            }
            let chunk = [1, 3, 7, 64, 5000].randomElement(using: &random) ?? 1
            let slow = rows(bytes, chunk, byRecord: false)
            let fast = rows(bytes, chunk, byRecord: true)
            #expect(fast.rows == slow.rows, "seed \(seed), round \(round): \(bytes)")
            #expect(fast.texts == slow.texts, "seed \(seed), round \(round): \(bytes)")
            #expect(fast.problem == slow.problem, "seed \(seed), round \(round): \(bytes)")
        }
    }

    @Test func `tasks made of bytes are those made of values`() throws {
        let seed = Self.seed
        print("seed \(seed)")
        var random = RandomNumbers(seed)
        let header =
            "Task ID,Created At,Completed At,Last Modified,Name,Section/Column,Assignee,"
            + "Assignee Email,Start Date,Due Date,Tags,Notes,Projects,Parent task,"
            + "Blocked By (Dependencies),Blocking (Dependencies),Choice,Number,Text\n"
        let choices: [[String]] = [
            ["1", "2", "3", "4", "5", "6", "7"], ["2026-01-02", "1970-01-01", "", "2026-1-2"],
            ["", "", "2026-02-03"], ["2026-01-02", "2026-03-01", ""],
            ["Call", "Write", "Two\nlines", "Äpfel", ""], ["", "Doing", " Done"],
            ["", "Ann", "Bob"], ["", "ann@example.com", "nobody"], ["", "2026-01-05"],
            ["", "2026-02-05", "2026-02-05T10:00:00Z"], ["", "a", "a,b", "b, a", "a,a"],
            ["", "Some notes, \"quoted\"\nand more"], ["", "P", "P,Q", "P, Q"],
            ["", "", "Call", "Elsewhere"], ["", "", "", "Write"], ["", "", "", "Call,Write"],
            ["", "x", "y"], ["", "1", "2.50", "07"], ["", "free", "words"],
        ]
        for round in 0..<300 {
            var text = header
            for _ in 0..<Int.random(in: 1...12, using: &random) {
                let cells = choices.map { $0.randomElement(using: &random) ?? "" }
                text +=
                    cells.map { "\"\($0.replacing("\"", with: "\"\""))\"" }
                    .joined(separator: ",") + "\n"
            }
            var file = CSVFile(
                ByteArraySource(Array(text.utf8), chunkBytes: 64), ImportOptions(name: "f"))
            var ledger = ImportLedger()
            do { try file.survey(&ledger) } catch { continue }
            ledger.isOpen = false
            try file.restart()
            var slow: [ImportItem] = []
            while let items = try file.next(&ledger) { slow += items }
            try file.restart()
            var batches = ImportBatches()
            while try file.give(&ledger, into: &batches) {}
            var fast: [ImportItem] = []
            while let batch = batches.next() ?? batches.rest() { fast += batch.items }
            #expect(fast == slow, "seed \(seed), round \(round): \(text)")
        }
    }
}
