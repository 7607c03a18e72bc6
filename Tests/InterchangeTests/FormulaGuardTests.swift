import Testing
import WorkProtocol

@testable import Interchange

/// What a spreadsheet would take for a formula is disarmed wherever it stands.
@Suite struct FormulaGuardTests {
    private struct Nameless: ExportLookup {
        func name(of gid: UInt64) -> Name? { nil }
        func field(_ gid: UInt64) -> Field? { nil }
    }

    @Test(arguments: [
        ("\r\n=1", "'\r\n'=1"), ("a\r\n=1", "a\r\n'=1"), ("a\r=1", "a\r'=1"), ("\r=1", "'\r'=1"),
        ("\u{FF1D}1", "'\u{FF1D}1"), ("\u{FF0B}1", "'\u{FF0B}1"), ("\u{FF0D}1", "'\u{FF0D}1"),
        ("\u{FF20}x", "'\u{FF20}x"), ("\u{3000}=1", "'\u{3000}=1"), ("\u{FEFF}=1", "'\u{FEFF}=1"),
        ("a\u{2028}=1", "a\u{2028}'=1"), ("=\u{301}1", "'=\u{301}1"), ("  ", "  "), ("a\n", "a\n"),
    ])
    func `formulas are disarmed scalar by scalar`(_ text: String, _ expected: String) {
        let disarmed = FormulaGuard.disarmed(text)
        #expect(Array(disarmed.utf8) == Array(expected.utf8))
    }

    @Test(arguments: [("=1+1", "'=1+1"), ("-2+3", "'-2+3"), ("-2.50", "-2.50")])
    func `what was kept of a number's column needs to be one`(_ kept: String, _ expected: String) {
        var field = Field()
        field.gid = 9
        field.name = "F"
        field.kind = .number
        var task = WorkTask()
        task.gid = 1
        var external = External()
        external.data = #"{"cells": {"F": "\#(kept)"}}"#
        task.external = external
        var options = ExportOptions.test(.csv, ids: .external)
        options.guardsFormulas = true
        var writer = ExportWriter(
            options, project: nil, fields: [field], workspace: Workspace())
        writer.begin()
        writer.begin(ExportedTask(task), Nameless())
        let text = String(decoding: writer.take(), as: UTF8.self)
        #expect(text.hasSuffix(",\(expected)\n"), "\(text)")
    }
}
