import Foundation
import Testing

/// The client's commands against a pair of real nodes.
@Suite(.serialized, .withPair) struct CommandLineTests {
    @Test func `a task made without a project is one's own`() throws {
        let gid = try PairUnderTest.ask("task", "create", "Order the cake", "--due", "2026-11-27")
        #expect(UInt64(gid) != nil, "standard output has the gid and nothing else")
        let mine = try PairUnderTest.holdfast("my", "-o", "json").list()
        let task = try #require(mine.first { $0["gid"] as? String == gid })
        #expect(task["name"] as? String == "Order the cake")
        #expect(task["due_on"] as? String == "2026-11-27")
        #expect(task["bucket"] as? String == "new")
    }

    @Test func `what is piped is tab-separated with a line of names`() throws {
        try PairUnderTest.ask("task", "create", "One Two", "--notes", "a\nb")
        let rows = try PairUnderTest.ask("my", "--fields", "name,notes").split(separator: "\n")
        #expect(rows.first == "name\tnotes")
        #expect(rows.contains("One Two\ta\\nb"))
        #expect(
            try PairUnderTest.ask("my", "--fields", "gid", "--no-header").contains("gid") == false)
    }

    @Test func `a project holds sections, tasks, members and tags by their names`() throws {
        let project = try PairUnderTest.ask(
            "project", "create", "Names", "--section", "To do", "--section", "Doing")
        let task = try PairUnderTest.ask(
            "task", "create", "Draft", "--project", "Names", "--section", "doing")
        try PairUnderTest.ask("tag", "create", "urgent", "--tag-color", "dark_red")
        try PairUnderTest.ask("task", "tag", task, "urgent")
        try PairUnderTest.ask("user", "invite", "ana@example.com", "--name", "Ana Lee")
        try PairUnderTest.ask("task", "assign", task, "Ana Lee")
        try PairUnderTest.ask("comment", "add", task, "Mind the gap")
        let shown = try PairUnderTest.holdfast("task", "show", task, "-o", "json").json()
        let projects = try #require(shown["projects"] as? [[String: String]])
        #expect(projects == [["gid": project, "name": "Names"]])
        #expect((shown["sections"] as? [[String: String]])?.first?["name"] == "Doing")
        #expect((shown["tags"] as? [[String: String]])?.first?["name"] == "urgent")
        #expect((shown["assignee"] as? [String: String])?["name"] == "Ana Lee")
        let comments = try PairUnderTest.holdfast("comment", "list", task, "-o", "json").list()
        #expect(comments.map { $0["text"] as? String } == ["Mind the gap"])
    }

    @Test func `an older version is not written over`() throws {
        let task = try PairUnderTest.ask("task", "create", "Versioned")
        try PairUnderTest.ask("task", "update", task, "--name", "Second", "--if-version", "1")
        let run = try PairUnderTest.holdfast(
            "task", "update", task, "--name", "Third", "--if-version", "1")
        #expect(run.code == 75)
        #expect(run.errors.contains("version"))
        #expect(run.errors.contains("help: "))
    }

    @Test func `what is deleted can be restored`() throws {
        let task = try PairUnderTest.ask("task", "create", "Short-lived")
        let refused = try PairUnderTest.holdfast("task", "delete", task)
        #expect(refused.code == 64, "nobody is there to be asked")
        try PairUnderTest.ask("task", "delete", task, "--yes")
        #expect(try PairUnderTest.holdfast("task", "show", task).code == 66)
        #expect(try PairUnderTest.ask("trash", "list").contains("Short-lived"))
        try PairUnderTest.ask("trash", "restore", task)
        #expect(try PairUnderTest.holdfast("task", "show", task).code == 0)
    }

    @Test func `a dry run changes nothing`() throws {
        let run = try PairUnderTest.holdfast("task", "create", "Never made", "--dry-run")
        #expect(run.code == 0)
        #expect(run.output.isEmpty)
        #expect(run.errors.contains("Tasks/CreateTask"))
        #expect(try PairUnderTest.ask("my").contains("Never made") == false)
    }

    @Test func `a request ID makes asking twice harmless`() throws {
        let answer = try PairUnderTest.holdfast("task", "create", "Once", "-o", "json").json()
        let id = try #require(answer["request_id"] as? String)
        let again = try PairUnderTest.holdfast(
            "task", "create", "Once", "-o", "json", "--request-id", id)
        #expect(try again.json()["gid"] as? String == answer["gid"] as? String)
        let mine = try PairUnderTest.holdfast("my", "-o", "json").list()
        #expect(mine.count { $0["name"] as? String == "Once" } == 1)
    }

    @Test func `any method can be called in JSON`() throws {
        let identity = try PairUnderTest.holdfast("call", "Directory/WhoAmI").json()
        let account = try #require(identity["account"] as? [String: Any])
        #expect(account["isOperator"] as? Bool == true)
        #expect(try PairUnderTest.holdfast("call", "Tasks/Nothing").code == 64)
        #expect(try PairUnderTest.holdfast("call", "Tasks/CreateTask", #"{"nam": 1}"#).code == 65)
    }

    @Test func `status shows both nodes`() throws {
        let status = try PairUnderTest.holdfast("status", "-o", "json").json()
        let nodes = try #require(status["nodes"] as? [[String: Any]])
        #expect(nodes.map { $0["role"] as? String } == ["primary", "follower"])
        #expect(status["mode"] as? String == "paired")
        #expect(nodes.allSatisfy { $0["commit"] is Int && $0["lag"] is Int })
    }

    @Test func `a token with the scope to read cannot write`() throws {
        let pair = try #require(PairUnderTest.current)
        let file = "\(pair.folder)/reader.token"
        try PairUnderTest.ask("token", "create", "reader", "--scope", "read", "--output", file)
        let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions]
        #expect(mode as? Int == 0o600)
        #expect(try PairUnderTest.holdfast("my", "--token-file", file).code == 0)
        let run = try PairUnderTest.holdfast("task", "create", "No", "--token-file", file)
        #expect(run.code == 77)
        // Where the store stands is no reader's business.
        let export = try PairUnderTest.holdfast("export", "my", "--token-file", file)
        #expect(export.errors.hasSuffix(", complete\n"), "\(export.errors)")
        let operators = try PairUnderTest.holdfast("export", "my")
        #expect(operators.errors.contains(", complete, at LSN "), "\(operators.errors)")
    }

    @Test func `a dry run says what would be asked, in words that call takes`() throws {
        let run = try PairUnderTest.holdfast(
            "task", "create", "Not yet", "--due", "2026-11-27", "--dry-run")
        let words = try #require(run.errors.wholeMatch(of: /would ask (\S+) (.*)\n/))
        #expect(words.1 == "Tasks/CreateTask")
        #expect(words.2.contains(#""dueOn":"2026-11-27""#))
        #expect(!(try PairUnderTest.ask("my").contains("Not yet")))
        try PairUnderTest.ask("call", String(words.1), String(words.2))
        #expect(
            try PairUnderTest.ask("my", "--fields", "name,due_on").contains("Not yet\t2026-11-27"))
    }

    @Test func `a context finds the store over TLS`() throws {
        let pair = try #require(PairUnderTest.current)
        let home = ["HOLDFAST_HOME": "\(pair.folder)/home"]
        let address = pair.addresses.joined(separator: ",")
        let added = try ProgramRun.of(
            [
                "context", "add", "work", "--address", address, "--ca", "\(pair.data)/tls/ca.pem",
                "--token-file", "\(pair.data)/admin.token",
            ], environment: home)
        #expect(added.code == 0)
        let who = try ProgramRun.of(["whoami", "-o", "json"], environment: home)
        #expect(who.code == 0, "\(who.errors)")
        let explained = try ProgramRun.of(["config", "explain"], environment: home)
        #expect(explained.output.contains("context work"))
        #expect(!explained.output.contains("hft_"), "secrets are not shown")
    }

    @Test func `who may not come in is told why`() throws {
        let pair = try #require(PairUnderTest.current)
        let address = try #require(pair.addresses.first)
        let token = "\(pair.folder)/wrong.token"
        try Data("hft_wrong\n".utf8).write(to: URL(filePath: token))
        let authority = "\(pair.data)/tls/ca.pem"
        let good = "\(pair.data)/admin.token"
        func whoami(_ options: String...) throws -> ProgramRun {
            try ProgramRun.of(["whoami", "--address", address, "--timeout", "3"] + options)
        }
        let badToken = try whoami("--ca", authority, "--token-file", token)
        #expect(badToken.code == 77)
        #expect(badToken.errors.contains("help: holdfast login"))
        let badAuthority = try whoami(
            "--ca", "\(pair.data)/tls/node-ca.pem", "--token-file", good)
        #expect(badAuthority.code == 78)
        #expect(badAuthority.errors.contains("--ca"))
        #expect(try whoami("--token-file", good).code == 78)
        #expect(try whoami("--ca", authority, "--token-file", good).code == 0)
    }

    @Test func `a token is kept by login and used from then on`() throws {
        let pair = try #require(PairUnderTest.current)
        let home = ["HOLDFAST_HOME": "\(pair.folder)/login"]
        let address = pair.addresses.joined(separator: ",")
        let token = try String(contentsOfFile: "\(pair.data)/admin.token", encoding: .utf8)
        let login = ["login", "--address", address, "--ca", "\(pair.data)/tls/ca.pem"]
        #expect(try ProgramRun.of(login, input: "hft_no\n", environment: home).code == 77)
        #expect(try ProgramRun.of(["whoami"], environment: home).code == 78, "nothing was kept")
        let run = try ProgramRun.of(login, input: token, environment: home)
        #expect(run.code == 0, "\(run.errors)")
        let kept = try FileManager.default.attributesOfItem(
            atPath: "\(pair.folder)/login/default.token")
        #expect(kept[.posixPermissions] as? Int == 0o600)
        #expect(try ProgramRun.of(["whoami"], environment: home).code == 0)
    }

    @Test func `what is asked for by its gid and is not there is named`() throws {
        let run = try PairUnderTest.holdfast("task", "complete", "4300000001")
        #expect(run.code == 66)
        #expect(run.errors.contains("there is no task 4300000001, or not for you"))
        #expect(run.errors.contains("\nhelp: "))
        let comment = try PairUnderTest.holdfast("comment", "add", "4300000002", "Hi")
        #expect(comment.errors.contains("there is no task 4300000002"))
    }

    @Test func `an empty list says so to a person, and nothing to a program`() throws {
        let table = try PairUnderTest.holdfast("team", "list", "-o", "table")
        #expect(table.output.isEmpty)
        #expect(table.errors == "no teams\n")
        #expect(try PairUnderTest.ask("team", "list", "--no-header").isEmpty)
    }

    @Test func `a secret that cannot be written belongs to no token`() throws {
        let run = try PairUnderTest.holdfast(
            "token", "create", "homeless", "--output", "/nonexistent/token")
        #expect(run.code == 66)
        #expect(try PairUnderTest.ask("token", "list").contains("homeless") == false)
        let pair = try #require(PairUnderTest.current)
        let file = "\(pair.folder)/refused.token"
        let refused = try PairUnderTest.holdfast(
            "token", "create", "past", "--expires", "2020-01-01", "--output", file)
        #expect(refused.code == 65)
        #expect(!FileManager.default.fileExists(atPath: file))
    }

    @Test func `a place given by hand goes before the variables`() throws {
        let pair = try #require(PairUnderTest.current)
        let wrong = ["HOLDFAST_DATA": "/nonexistent", "HOLDFAST_TOKEN_FILE": "/nonexistent"]
        let folder = try ProgramRun.of(["whoami", "--data", pair.data], environment: wrong)
        #expect(folder.code == 0, "\(folder.errors)")
        let address = try #require(pair.addresses.first)
        let run = try ProgramRun.of(
            [
                "whoami", "--address", address, "--ca", "\(pair.data)/tls/ca.pem",
                "--token-file", "\(pair.data)/admin.token",
            ], environment: wrong)
        #expect(run.code == 0, "\(run.errors)")
        let home = ["HOLDFAST_HOME": "\(pair.folder)/places"]
        let added = try ProgramRun.of(
            ["context", "add", "work", "--data", pair.data], environment: home)
        #expect(added.code == 0)
        let named = try ProgramRun.of(
            ["whoami", "--context", "work"], environment: home.merging(wrong) { $1 })
        #expect(named.code == 0, "\(named.errors)")
        let explained = try ProgramRun.of(
            ["config", "explain", "--address", "a.example:1"],
            environment: home.merging(wrong) { $1 })
        #expect(!explained.output.contains("HOLDFAST_DATA"))
    }

    @Test func `whoever is asked has a time zone`() throws {
        let who = try PairUnderTest.holdfast("whoami", "-o", "json").json()
        #expect(who["time_zone"] as? String == "UTC")
    }

    @Test func `an export to a file has the columns that were asked for`() throws {
        let pair = try #require(PairUnderTest.current)
        try PairUnderTest.ask("project", "create", "With ids")
        try PairUnderTest.ask("task", "create", "Row", "--project", "With ids")
        let plain = try PairUnderTest.ask("export", "project", "With ids", "--format", "csv")
        let file = "\(pair.folder)/ids.csv"
        try PairUnderTest.ask("export", "project", "With ids", "--with-ids", "--output", file)
        let text = try String(contentsOfFile: file, encoding: .utf8)
        let columns = text.prefix { $0 != "\n" }.split(separator: ",").count
        #expect(columns > plain.prefix { $0 != "\n" }.split(separator: ",").count)
    }

    @Test func `an export is for its owner, unless others could read what it replaces`() throws {
        let pair = try #require(PairUnderTest.current)
        try PairUnderTest.ask("project", "create", "Private")
        let file = "\(pair.folder)/private.csv"
        func mode() throws -> Int? {
            try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
        }
        try PairUnderTest.ask("export", "project", "Private", "--output", file)
        #expect(try mode() == 0o600)
        for wanted in [0o640, 0o644] {
            try FileManager.default.setAttributes([.posixPermissions: wanted], ofItemAtPath: file)
            try PairUnderTest.ask("export", "project", "Private", "--output", file)
            #expect(try mode() == wanted)
        }
    }

    /// Runs a command at a terminal of so many columns.
    private func terminal(_ columns: Int, _ command: String) throws -> [String] {
        let pair = try #require(PairUnderTest.current)
        let shell = Process()
        shell.executableURL = URL(filePath: "/usr/bin/script")
        let line =
            "stty cols \(columns); '\(ProgramRun.folder)/holdfast' \(command) --data '\(pair.data)'"
        shell.arguments = ["-qec", line, "/dev/null"]
        shell.environment = [
            "PATH": "/usr/bin:/bin", "TZ": "UTC", "NO_COLOR": "1", "TERM": "xterm",
        ]
        let output = Pipe()
        shell.standardOutput = output
        shell.standardInput = FileHandle.nullDevice
        try shell.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        shell.waitUntilExit()
        return String(decoding: data, as: UTF8.self).split(separator: "\r\n").map(String.init)
    }

    @Test(
        .enabled(
            if: FileManager.default.fileExists(atPath: "/usr/bin/script"),
            "there is no script(1) on this machine"), arguments: [60, 80, 120])
    func `no table is wider than its terminal`(_ columns: Int) throws {
        let name = "Check the cookie banner on every page of the site before the relaunch"
        try PairUnderTest.ask("project", "create", "Narrow \(columns)")
        try PairUnderTest.ask(
            "task", "create", name, "--project", "Narrow \(columns)", "--due", "2026-11-27",
            "--assignee", "me")
        for command in ["task list --project 'Narrow \(columns)'", "status", "user list"] {
            let lines = try terminal(columns, command)
            #expect(!lines.isEmpty)
            for line in lines where !line.hasPrefix("paired, ") && !line.contains("workspace") {
                #expect(line.count <= columns, "\(command): \(line)")
            }
        }
    }
}
