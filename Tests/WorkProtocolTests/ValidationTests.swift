import ByteCoding
import Testing
import WorkProtocol

@Suite struct ValidationTests {
    private static func violation(of message: some Message) -> FieldViolation? {
        do {
            try message.validate()
            return nil
        } catch {
            return error
        }
    }

    private static func named(_ name: String) -> CreateWorkspace {
        var message = CreateWorkspace()
        message.name = name
        return message
    }

    @Test func `a limit is what is just allowed, in bytes`() {
        #expect(Self.violation(of: Self.named(String(repeating: "x", count: 1024))) == nil)
        let long = Self.violation(of: Self.named(String(repeating: "x", count: 1025)))
        #expect(long == FieldViolation(path: "name", problem: "1025 bytes, at most 1024"))
        // 513 characters, but 1,026 bytes.
        let wide = Self.violation(of: Self.named(String(repeating: "ä", count: 513)))
        #expect(wide?.problem == "1026 bytes, at most 1024")
    }

    @Test func `a line has no control character at all`() {
        for length in 0...20 {
            let text =
                String(repeating: "ä", count: length / 2)
                + String(repeating: "a", count: length)
            #expect(Self.violation(of: Self.named(text)) == nil)
        }
        let controls = Array(0..<0x20) + Array(0x7F...0x9F)
        for place in 0...17 {
            for control in controls.compactMap(UnicodeScalar.init) {
                var text = Array(repeating: Character("a"), count: 18)
                text[place] = Character(control)
                let found = Self.violation(of: Self.named(String(text)))
                #expect(found?.path == "name", "U+\(String(control.value, radix: 16)) at \(place)")
            }
        }
        let nul = Self.violation(of: Self.named("a\0b"))
        #expect(nul?.problem == "the control character U+0000")
    }

    @Test func `characters that look like controls in some byte are allowed`() {
        // Each has a byte from 0x80 to 0x9F, or is just outside the controls.
        for text in ["À", "ß", "\u{A0}", "\u{C0}", "日本語", "🎂", "~", " ", "€", "\u{2028}"] {
            #expect(Self.violation(of: Self.named(text)) == nil, "\(text)")
        }
    }

    @Test func `prose has tabs and lines, but nothing else`() {
        var task = CreateTask()
        task.notes = "first\tline\nsecond line, long enough for more than eight bytes\n"
        #expect(Self.violation(of: task) == nil)
        for control in ["\0", "\r", "\u{B}", "\u{1B}", "\u{7F}", "\u{85}"] {
            task.notes = "first\tline\nsecond" + control
            #expect(Self.violation(of: task)?.path == "notes")
        }
    }

    @Test func `a repeated field has a most`() {
        var message = CreateWorkspace()
        message.emailDomains = [String](repeating: "example.org", count: 100)
        #expect(Self.violation(of: message) == nil)
        message.emailDomains.append("example.org")
        #expect(
            Self.violation(of: message)
                == FieldViolation(path: "email_domains", problem: "101 values, at most 100"))
    }

    @Test func `a violation in a message within a message is named from the outermost`() {
        var task = CreateTask()
        task.external = External()
        task.external?.gid = "bell\u{7}"
        var good = BulkItem()
        good.kind = .delete(DeleteTask())
        var bad = BulkItem()
        bad.kind = .create(task)
        var bulk = Bulk()
        bulk.items = [good, good, bad]
        let found = Self.violation(of: bulk)
        #expect(found?.path == "items[2].create.external.gid")
        #expect("\(found.map(\.description) ?? "")".hasSuffix("the control character U+0007"))
        var domains = CreateWorkspace()
        domains.emailDomains = ["ok", "not\nok"]
        #expect(Self.violation(of: domains)?.path == "email_domains[1]")
    }
}
