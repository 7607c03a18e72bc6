import Testing
import WorkProtocol

@testable import Interchange

/// Files that are wrong: each says where and why, nothing is made of it, and nothing traps.
@Suite struct BadInputTests {
    private static let header =
        "Task ID,Created At,Completed At,Last Modified,Name,Section/Column,Assignee,Assignee Email,"
        + "Start Date,Due Date,Tags,Notes,Projects,Parent task,Blocked By (Dependencies),"
        + "Blocking (Dependencies),Points"

    private static let csv =
        header
        + "\n1,2024-01-02,,2024-01-03,\"One, two\",A,Ann,ann@x.org,,2024-02-01,\"t,u\",é,P,,,"
        + "\"Three\",3\n"
        + "2,2024-01-02,,2024-01-03,Sub,,,,,,,,,\"One, two\",,,\n"
        + "3,2024-01-02,2024-01-05,2024-01-03,Three,B,,,,,,\"a\nb\",P,,\"One, two\",,4\n"

    private static let json = """
        {"data": [
        {"gid": "1", "name": "One", "projects": [{"gid": "9", "name": "P"}], "completed": true,
         "completed_at": "2024-01-01T00:00:00.000Z", "due_on": "2024-02-01",
         "subtasks": [{"gid": "2", "name": "Sub", "followers": [{"gid": "7", "name": "Ann"}]}]},
        {"gid": "3", "name": "Three", "projects": [{"gid": "9", "name": "P"}]}
        ]}
        """

    private static let github = """
        {"repo": "a/b", "labels": [{"name": "bug"}], "issues": [
        {"id": "I1", "title": "t", "author": "ann", "assignees": ["bob"], "labels": ["bug"],
         "body": "x\\r\\ny", "createdAt": "2024-01-01T00:00:00Z", "closedAt": null,
         "comments": [{"author": "cy", "body": "c", "createdAt": "2024-01-02T00:00:00Z"}]}],
        "pulls": [{"id": "P1", "title": "p", "author": "ann", "createdAt": "2024-01-01T00:00:00Z",
         "reviews": [{"id": "R1", "author": "bob", "body": "ok", "comments": [{"body": "why"}]}]}]}
        """

    private static let bitbucket = """
        {"comments": [{"id": 5, "issue": 1, "content": "c", "user": "ann"},
        {"id": 6, "issue": 1, "content": null, "user": "bob"}],
        "logs": [{"issue": 1, "comment": 6, "field": "status", "changed_from": "new",
         "changed_to": "resolved", "user": "bob", "created_on": "2024-01-03T00:00:00+00:00"}],
        "attachments": [{"issue": 1, "path": "attachments/a", "filename": "a.txt", "user": "ann"}],
        "issues": [{"id": 1, "title": "t", "content": "x", "status": "resolved", "kind": "bug",
         "reporter": "ann", "watchers": ["cy"], "created_on": "2024-01-01T00:00:00+00:00"}]}
        """

    private func failure(_ text: String, _ options: ImportOptions = ImportOptions(name: "file"))
        -> ImportFailure?
    {
        var reader = ImportReader(ByteArraySource(Array(text.utf8)), options: options)
        do throws(ImportFailure) {
            try reader.check()
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [
        ("", 1, 1, "the file is empty"),
        ("a,b\n1,2\n", 1, 1, "no header"),
        (csv + "4,2024-13-01,,,Bad,,,,,,,,P,,,,\n", 6, 3, "is no date"),
        (csv + "4,,,,Bad,,,,,tomorrow,,,P,,,,\n", 6, 14, "is no date"),
        (csv + "4,,,,Bad,,,,,,,,P\n", 6, 18, "13 columns, the header 17"),
        (csv + "4,,,,Bad,,,,,,,,P,,,,,\n", 6, 23, "18 columns, the header 17"),
        (csv + ",,,,Bad,,,,,,,,P,,,,\n", 6, 1, "no Task ID"),
        (csv + "4,,,,\"Bad,,\n,,,,,,P,,,,\n", 6, 6, "not closed"),
        ("Task ID,Name,Name\n1,a,b\n", 1, 14, "is there twice"),
        ("Task ID,Notes\n1,a\n", 1, 1, "no column \"Name\""),
        ("{\"data\": [{\"name\": \"x\"}]}", 1, 11, "expected an object with a gid"),
        ("{\"data\": [{\"gid\": \"1\", \"due_on\": \"x\"}]}", 1, 34, "due_on is no date"),
        (
            "{\"data\": [\n{\"gid\": \"1\", \"created_at\": 5}]}", 2, 28,
            "created_at is no timestamp"
        ),
        ("{\"data\": [{\"gid\": \"1\"},]}", 1, 24, "expected a value"),
        ("{\"data\": [], \"export\": {\"complete\": false}}", 1, 24, "did not finish"),
        ("{\"errors\": []}", 1, 1, "no known kind"),
        ("[1]", 1, 1, "expected an object"),
        ("{\"data\": [{\"gid\": \"1\"}]} {", 1, 26, "after the end"),
        ("{\"repo\": \"a\", \"issues\": [{\"title\": \"x\"}]}", 1, 26, "\"id\""),
        ("{\"logs\": [{\"field\": \"x\"}]}", 1, 11, "number of an issue"),
    ])
    func `a bad file says where and why`(
        _ text: String, _ line: Int, _ column: Int, _ message: String
    ) throws {
        let found = try #require(self.failure(text))
        let problem = try #require(found.problems.first)
        #expect(problem.place == TextPlace(line: line, column: column), "\(problem)")
        #expect(problem.message.contains(message), "\(problem)")
        #expect(problem.kind == .malformed)
    }

    @Test func `the good files of this suite import`() throws {
        for text in [Self.csv, Self.json, Self.github, Self.bitbucket] {
            var graph = MemoryGraph()
            let reader = try graph.load(
                Array(text.utf8), ImportOptions(name: "file"), chunkBytes: 1)
            let project = try #require(graph.project(external: reader.projectKey))
            #expect(!graph.export(project, .test(.csv)).isEmpty)
            #expect(!graph.export(project, .test(.json, ids: .own)).isEmpty)
        }
    }

    @Test(arguments: [csv, json, github, bitbucket])
    func `every truncation is an error or a smaller file`(_ text: String) throws {
        let bytes = Array(text.utf8)
        for count in 0..<bytes.count {
            var graph = MemoryGraph()
            do {
                let reader = try graph.load(
                    Array(bytes[..<count]), ImportOptions(name: "file"), chunkBytes: 64)
                #expect(reader.summary.tasks <= 3)
                #expect(text.hasPrefix(BadInputTests.header), "a cut JSON is never whole")
            } catch let failure as ImportFailure {
                #expect(!failure.problems.isEmpty)
            }
        }
    }

    @Test func `every byte changed is an error or another file`() throws {
        for text in [Self.csv, Self.json, Self.github, Self.bitbucket] {
            let bytes = Array(text.utf8)
            for index in bytes.indices {
                let values: [UInt8] = [0, 0x2C, 0x0A, 0x80, 0xFF, 0x5C]
                for value in [0x22, values[index % values.count]] {
                    var changed = bytes
                    changed[index] = value
                    var reader = ImportReader(
                        ByteArraySource(changed), options: ImportOptions(name: "file"))
                    do throws(ImportFailure) { try reader.check() } catch {
                        #expect(!error.problems.isEmpty)
                    }
                }
            }
        }
    }

    @Test func `good rows can be imported although there are bad ones`() throws {
        let text = Self.csv + "4,,,,Bad,,,,,tomorrow,,,P,,,,\n5,,,,Child,,,,,,,,,Bad,,,\n"
        #expect(failure(text)?.count == 1)
        var graph = MemoryGraph()
        let reader = try graph.load(
            Array(text.utf8), ImportOptions(name: "file", keepsGoing: true))
        #expect(reader.summary.tasks == 4)
        #expect(reader.summary.skipped == 1)
        #expect(reader.problems.map(\.place) == [TextPlace(line: 6, column: 14)])
        #expect(graph.task(external: "5")?.parent == 0)
    }

    @Test func `a source that cannot be read is no bad text`() throws {
        final class BrokenSource: ByteSource {
            func read() throws(TextProblem) -> [UInt8] {
                throw TextProblem(.start, "input/output error", kind: .unreadable)
            }
            func rewind() throws(TextProblem) {}
        }
        var reader = ImportReader(BrokenSource(), options: ImportOptions(name: "file"))
        #expect { try reader.check() } throws: { ($0 as? ImportFailure)?.isUnreadable == true }
    }
}

/// What the store would refuse, and so does not get.
@Suite struct ForeignValueTests {
    @Test(arguments: [
        (
            "<body>One <strong>two</strong> &amp; <a href=\"https://x.org/?a=b\">three</a></body>",
            true
        ),
        ("plain", true), ("<body>", false), ("<b onclick=\"x()\">x</b>", false),
        ("<a href=\"javascript:x\">y</a>", false), ("<a data-asana-gid=\"12\">@Ann</a>", false),
        ("<body><em></body></em>", false), ("a & b", false), ("<script></script>", false),
        ("a < b", false), ("<>", false), ("</body>", false), ("&#1;", false),
    ])
    func `only plain formatting is taken over`(_ html: String, _ expected: Bool) {
        #expect(PlainHTML.accepts(html) == expected)
    }

    @Test(arguments: [
        ("https://x.org/a", true), ("HTTP://x.org", true), ("attachments/a", false),
        ("javascript:alert(1)", false), ("data:text/html,x", false), ("https://x\u{7}", false),
        ("", false),
    ])
    func `only addresses of the web are taken over`(_ address: String, _ expected: Bool) {
        #expect(WebAddress.accepted(address) == (expected ? address : ""))
    }

    @Test func `people are found by what the file gives`() throws {
        var people = PeopleTable()
        #expect(people.find(name: "Ann", email: "Ann@x.org") == 0)
        #expect(people.find(name: "", email: "ann@X.org") == 0)
        #expect(people.find(name: "Ann", email: "") == 1)
        #expect(people.find(name: "Bob", email: "no address") == 2)
        #expect(people.find(name: "", email: "no address either") == 3)
        #expect(people.find(name: "", email: "") == nil)
        #expect(people.find(external: "17", name: "Cy", email: "cy@x.org") == 4)
        #expect(people.find(external: "17", name: "") == 4)
        #expect(people.accounts.map(\.name) == ["Ann", "Ann", "Bob", "no address either", "Cy"])
        #expect(people.accounts.map(\.email) == ["Ann@x.org", "", "", "", "cy@x.org"])
        for account in people.accounts {
            try account.validate()
            #expect(!account.email.isEmpty || account.external?.gid.isEmpty == false)
        }
    }

    @Test func `keys made of names are different for different names`() {
        let keys = [
            ForeignKey.section("a/b", of: "c"), ForeignKey.section("b", of: "c/a"),
            ForeignKey.section("b", of: "c%2Fa"),
            ForeignKey.section(String(repeating: "x", count: 2000), of: "c"),
            ForeignKey.section(String(repeating: "x", count: 2001), of: "c"),
            ForeignKey.label("line\nbreak"),
        ]
        #expect(Set(keys).count == keys.count)
        #expect(keys.allSatisfy { $0.utf8.count <= 1024 && ForeignKey.isMadeUp($0) })
        #expect(keys.allSatisfy { CleanText.line($0).changes.isEmpty })
    }
}
