import Testing

@testable import holdfast

/// Tables on terminals of any width, without a terminal.
@Suite struct TableTests {
    private func table(_ rows: [[String]]) -> Table {
        Table(
            [
                Table.Column(title: "Gid", isRight: false, isWhole: true, isSpare: false),
                Table.Column(title: "Name", isRight: false, isWhole: false, isSpare: false),
                Table.Column(title: "Project", isRight: false, isWhole: false, isSpare: true),
                Table.Column(title: "Tasks", isRight: true, isWhole: true, isSpare: false),
            ], rows: rows, hasHeader: true, paint: { $0 })
    }

    private static let rows = [
        ["7291846502", "Order the cake for the twentieth birthday", "Office move", "1,203"],
        ["4", "", "Office move", "7"],
    ]

    @Test func `with room everything is shown, columns aligned`() {
        #expect(
            table(Self.rows).text(nil) == """
                Gid         Name                                       Project      Tasks
                7291846502  Order the cake for the twentieth birthday  Office move  1,203
                4                                                      Office move      7

                """)
    }

    @Test func `a spare column goes before anything is cut, and numbers are never cut`() {
        #expect(
            table(Self.rows).text(60) == """
                Gid         Name                                       Tasks
                7291846502  Order the cake for the twentieth birthday  1,203
                4                                                          7

                """)
        #expect(
            table(Self.rows).text(40) == """
                Gid         Name                   Tasks
                7291846502  Order the cake for t…  1,203
                4                                      7

                """)
    }

    @Test func `where not even cut cells fit, a row is a block of lines`() {
        #expect(
            table(Self.rows).text(24) == """
                Gid      7291846502
                Name     Order the cake for the twentieth birthday
                Project  Office move
                Tasks    1,203

                Gid      4
                Project  Office move
                Tasks    7

                """)
    }

    @Test func `a column without a value is left out, but for the first`() {
        #expect(table([["", "", "", ""]]).text(nil) == "Gid\n\n")
        #expect(table([["1", "", "", "2"]]).text(nil) == "Gid  Tasks\n1        2\n")
    }

    @Test(arguments: [
        ("cake", 4), ("日本語", 6), ("🎂", 2), ("❤️", 2), ("👩‍👩‍👧‍👦", 2), ("e\u{301}", 1), ("a\u{200B}b", 2),
        ("é", 1),
    ])
    func `a text is as wide as a terminal shows it`(_ text: String, _ columns: Int) {
        #expect(TextWidth.of(text) == columns)
    }

    @Test func `what is cut ends in an ellipsis within its columns`() {
        #expect(TextWidth.fitted("日本語のタスク", 7) == "日本語…")
        #expect(TextWidth.fitted("日本語のタスク", 6) == "日本…")
        #expect(TextWidth.fitted("cake", 4) == "cake")
    }
}
