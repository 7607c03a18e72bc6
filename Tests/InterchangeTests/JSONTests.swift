import Testing

@testable import Interchange

@Suite struct JSONTests {
    private func node(_ text: String, chunkBytes: Int = 1 << 18) throws -> JSONNode {
        var notices: [TextProblem] = []
        var reader = JSONReader(ByteArraySource(Array(text.utf8), chunkBytes: chunkBytes))
        let node = try #require(try reader.node(notices: &notices))
        #expect(try reader.next() == nil)
        return node
    }

    private func compact(_ node: JSONNode, pretty: Bool = false) -> String {
        var writer = JSONWriter(pretty: pretty)
        writer.node(node)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    @Test(arguments: [1, 2, 3, 5, 1 << 18])
    func `a document reads and prints the same in chunks of any size`(_ chunkBytes: Int) throws {
        let text = #"{"a":[1,-0.5e+3,"é🙂\n\"\\",true,false,null,{},[]],"b":{"c":""}}"#
        #expect(compact(try node(text, chunkBytes: chunkBytes)) == text)
    }

    @Test func `escapes are understood`() throws {
        let node = try node(#"["\u00e9\ud83d\ude42\/\b\f\r\t\u0000"]"#)
        #expect(node.elements.first?.string == "é🙂/\u{8}\u{C}\r\t\0")
        #expect(compact(node) == #"["é🙂/\u0008\u000c\r\t\u0000"]"#)
    }

    @Test func `lone surrogates are replaced and reported`() throws {
        var reader = JSONReader(
            ByteArraySource(Array(#"["\ud83d", "\ude42x", "\ud83d\ud83d\ude42"]"#.utf8)))
        var notices: [TextProblem] = []
        let node = try reader.node(notices: &notices)
        #expect(node?.elements.compactMap(\.string) == ["\u{FFFD}", "\u{FFFD}x", "\u{FFFD}🙂"])
        #expect(reader.notices.map(\.place.column) == [3, 13, 24])
    }

    @Test func `names twice in one object are reported`() throws {
        var reader = JSONReader(ByteArraySource(Array("{\"a\":1,\n \"a\":2}".utf8)))
        var notices: [TextProblem] = []
        let node = try reader.node(notices: &notices)
        #expect(node?["a"]?.integer == 2)
        #expect(notices.map(\.place) == [TextPlace(line: 2, column: 2)])
    }

    @Test(arguments: [
        ("", 1, 1), ("[", 1, 2), ("[1,]", 1, 4), ("[1 2]", 1, 4), ("{\"a\" 1}", 1, 6),
        ("{a:1}", 1, 2), ("{\"a\":1,}", 1, 8), ("[01]", 1, 2), ("[1.]", 1, 4), ("[+1]", 1, 2),
        ("[nul]", 1, 5), ("\n[\"a\nb\"]", 2, 4), ("[\"abc", 1, 2), ("[\"\\x\"]", 1, 3),
        ("[\"\\u12g4\"]", 1, 3), ("[1]x", 1, 4), ("[}", 1, 2), ("{\"a\":}", 1, 6),
        ("[\"é\",x]", 1, 6),
        ("[1e]", 1, 4), ("[-]", 1, 3), ("[tru", 1, 5), ("{\"a\":1]", 1, 7), ("[1.2.3]", 1, 2),
    ])
    func `what is no JSON is refused at its place`(
        _ text: String, _ line: Int, _ column: Int
    ) throws {
        for chunkBytes in [1, 100] {
            #expect {
                var reader = JSONReader(ByteArraySource(Array(text.utf8), chunkBytes: chunkBytes))
                while try reader.next() != nil {}
            } throws: { error in
                let problem = error as? TextProblem
                return problem?.place == TextPlace(line: line, column: column)
            }
        }
    }

    @Test func `bytes that are not UTF-8 are refused`() {
        var reader = JSONReader(ByteArraySource([0x22, 0x61, 0xFF, 0x22]))
        #expect(throws: TextProblem.self) { try reader.next() }
    }

    @Test func `nesting is limited`() throws {
        let deep = String(repeating: "[", count: JSONReader.depthMax)
        _ = try node(deep + String(repeating: "]", count: JSONReader.depthMax))
        #expect(throws: TextProblem.self) { try node(deep + "[") }
    }

    @Test func `a pretty document is indented by two spaces`() throws {
        let node = try node(#"{"data":[{"a":1,"b":[]}],"c":{}}"#)
        #expect(
            compact(node, pretty: true) == """
                {
                  "data": [
                    {
                      "a": 1,
                      "b": []
                    }
                  ],
                  "c": {}
                }
                """)
    }

    @Test func `every truncation of a document is refused`() throws {
        let text = Array(#"{"data": [{"name": "é\n", "n": -1.5e3, "t": [true, null]}]}"#.utf8)
        for count in 0..<text.count {
            #expect(throws: TextProblem.self) {
                var reader = JSONReader(ByteArraySource(Array(text[..<count])))
                while try reader.next() != nil {}
            }
        }
    }
}
