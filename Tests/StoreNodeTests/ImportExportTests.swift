import ByteCoding
import Interchange
import Testing
import WorkGraph
import WorkProtocol

/// Imports into the store's own graph and exports out of it: what `Interchange` reads and writes is
/// what `WorkGraph` takes and gives.
@Suite struct ImportExportTests {
    /// What an export asks of a workspace.
    private struct Lookup: ExportLookup {
        let cursor: ExportCursor
        func name(of gid: UInt64) -> Name? { cursor.name(of: gid) }
        func field(_ gid: UInt64) -> Field? { cursor.field(gid) }
    }

    /// A workspace, and its admin who imports.
    private final class Store {
        let shard = Shard()
        let ordinal: UInt32 = 7
        let ann = Principal(account: Gid(1), scopes: [.read, .write, .import])
        var time: Int64 = 1_700_000_000_000
        var accounts: [String: UInt64] = [:]

        init() throws {
            try admit(1, "Ann", "ann@holdfast.test", .admin, nil)
        }

        func admit(
            _ gid: UInt64, _ name: String, _ email: String, _ role: Role, _ external: External?
        )
            throws
        {
            var admit = AdmitMember()
            admit.account = gid
            admit.name = name
            admit.email = email
            admit.role = role
            admit.isActive = true
            admit.external = external
            var workspace = Workspace()
            workspace.ordinal = ordinal
            workspace.name = "Acme"
            workspace.isOrganization = true
            admit.workspace = workspace
            admit.gidKey = 0x5EED
            _ = try perform(.admitMember(admit), as: .node)
        }

        func perform(_ command: Command, as principal: Principal) throws -> [UInt8] {
            time += 1000
            return try shard.perform(
                command, in: ordinal, as: principal, request: nil, requestHash: 0, wallTime: time
            ).answer
        }

        func ensure(_ people: [Account]) throws -> [UInt64] {
            try people.map { account in
                try account.validate()
                let key = account.external?.gid ?? account.email
                if let known = accounts[key] { return known }
                let gid = UInt64(accounts.count + 10)
                accounts[key] = gid
                try admit(gid, account.name, account.email, .member, account.external)
                return gid
            }
        }

        func load(_ bytes: [UInt8]) throws -> (ImportReader, [ImportOutcome]) {
            var reader = ImportReader(
                ByteArraySource(bytes), options: ImportOptions(name: "file"))
            try reader.check()
            try reader.begin(people: ensure(reader.people))
            var outcomes: [ImportOutcome] = []
            while let batch = try reader.nextBatch() {
                var request = Import()
                request.items = batch.items
                let answer = try ImportAnswer(decoding: perform(.import(request), as: ann))
                outcomes += answer.outcomes
            }
            return (reader, outcomes)
        }

        func export(_ key: String, _ request: Export) throws -> [UInt8] {
            var get = GetProject()
            get.project = "external:" + key
            var writer = ByteWriter()
            try shard.answer(.getProject(get), in: ordinal, as: ann, into: &writer)
            var request = request
            request.project = try Project(decoding: writer.bytes).gid
            let graph = try #require(shard.workspace(ordinal))
            let cursor = try graph.export(request, as: ann)
            var export = ExportWriter(
                ExportOptions(request, host: "holdfast.test"), project: cursor.project,
                fields: cursor.fields, workspace: Workspace())
            export.begin()
            if request.ids == .external, request.format == .csv, let project = cursor.project,
                ExportOrder.isByRows(project)
            {
                try writeByRows(cursor, &export)
            } else {
                write(cursor, &export)
            }
            export.finish(position: cursor.position)
            return export.take()
        }

        private func write(_ cursor: ExportCursor, _ export: inout ExportWriter) {
            let lookup = Lookup(cursor: cursor)
            while let step = cursor.next() {
                switch step {
                case .begin(let task):
                    let stories = cursor.stories(of: task.gid)
                    let files = cursor.attachments(of: task.gid)
                    export.begin(
                        ExportedTask(task, stories: stories, attachments: files), lookup)
                case .end: export.end(lookup)
                }
            }
        }

        private func writeByRows(_ cursor: ExportCursor, _ export: inout ExportWriter) throws {
            var order = ExportOrder()
            while let step = cursor.next() {
                if case .begin(let task) = step { order.append(task.gid, external: task.external) }
            }
            for gid in order.sorted() {
                let task = try #require(cursor.task(gid))
                export.begin(ExportedTask(task), Lookup(cursor: cursor))
            }
        }
    }

    // What follows is skipped where the sample files are not.
    private static let hasFiles = SharedData.folder != nil
    private static let absence = Comment(rawValue: SharedData.absence)

    @Test(.enabled(if: hasFiles, absence), arguments: SharedData.all)
    func `a file goes in, changes nothing the second time, and comes out`(_ path: String) throws {
        let bytes = try SharedData.bytes(path)
        let store = try Store()
        let (reader, outcomes) = try store.load(bytes)
        #expect(outcomes.contains(.created))
        let digest = store.shard.workspace(store.ordinal)?.digest
        let (_, again) = try store.load(bytes)
        #expect(again.count == outcomes.count)
        #expect(again.allSatisfy { $0 == .unchanged })
        #expect(store.shard.workspace(store.ordinal)?.digest == digest)

        var request = Export()
        request.format = .csv
        request.ids = .external
        let csv = try store.export(reader.projectKey, request)
        if path == SharedData.scrambled { #expect(csv == bytes) }
        if path == SharedData.sample || path == SharedData.dashana {
            #expect(try cells(csv) == cells(bytes))
        }
        request.format = .json
        request.withStories = true
        let json = try store.export(reader.projectKey, request)
        let second = try Store()
        let (copy, _) = try second.load(json)
        // The sample has one id three times, which in JSON is one task.
        #expect(copy.summary.tasks == reader.summary.tasks - (path == SharedData.sample ? 2 : 0))
        #expect(copy.summary.comments == reader.summary.comments)
        #expect(copy.summary.stories == reader.summary.stories)
    }

    private func cells(_ bytes: [UInt8]) throws -> [[String]] {
        var reader = CSVReader(ByteArraySource(bytes))
        var rows: [[String]] = []
        while let row = try reader.next() { rows.append(row.cells.map(\.text)) }
        return rows
    }

    /// A value shows by a project that has its field, so whatever has values has to find one.
    @Test(arguments: [
        #""memberships": [{"project": {"gid": "7", "name": "P"}, "section": null}],"#,
        "",
    ])
    func `values of fields come out, of subtasks in no project and of tasks in none`(
        _ places: String
    ) throws {
        let field = { (text: String) in
            #""custom_fields": [{"gid": "9", "name": "F", "resource_subtype": "text","#
                + #" "text_value": "\#(text)"}]"#
        }
        let text =
            #"{"data": [{"gid": "1", "name": "top", \#(places) \#(field("one")), "subtasks": ["#
            + #"{"gid": "2", "name": "sub", \#(field("two"))}]}]}"#
        let store = try Store()
        let (reader, _) = try store.load(Array(text.utf8))
        var request = Export()
        request.format = .json
        request.ids = .external
        let json = String(decoding: try store.export(reader.projectKey, request), as: UTF8.self)
        for value in ["one", "two"] {
            #expect(json.contains(#""text_value": "\#(value)""#), "\(json)")
        }
        #expect(json.contains(#""position": null"#))
    }

    @Test func `a generated organization goes in`() throws {
        var generator = Generator(
            GeneratorOptions(tasks: 5000, seed: 1, today: try #require(CivilDate("2026-11-23"))))
        let store = try Store()
        generator.begin(people: try store.ensure(generator.accounts))
        var count = 0
        while let batch = generator.nextBatch() {
            var request = Import()
            request.items = batch.items
            let answer = try ImportAnswer(decoding: store.perform(.import(request), as: store.ann))
            count += answer.outcomes.count
        }
        #expect(count > 6000)
    }
}
