import ByteCoding
import Testing
import WorkProtocol

@testable import Interchange

@Suite struct GeneratorTests {
    private func options(_ tasks: Int, seed: UInt64 = 1) throws -> GeneratorOptions {
        GeneratorOptions(
            tasks: tasks, seed: seed, today: try #require(CivilDate("2026-11-23")))
    }

    private func organization(_ options: GeneratorOptions) throws -> MemoryGraph {
        var generator = Generator(options)
        var graph = MemoryGraph()
        generator.begin(people: graph.ensure(generator.accounts))
        while let batch = generator.nextBatch() { try graph.apply(batch.items) }
        return graph
    }

    @Test func `five thousand tasks make the organization of the tour`() throws {
        let options = try options(5000)
        let graph = try organization(options)
        #expect(graph.tasks.count == 5000)
        #expect(graph.projects.count == 12)
        #expect(options.peopleCount == 60)
        let sizes = graph.projects.values.map { project in
            (
                project.name,
                graph.tasks.values.count { $0.memberships.contains { $0.project == project.gid } }
            )
        }.sorted { $0.1 > $1.1 }
        #expect(sizes[0].0 == "Website relaunch")
        let relaunch = try #require(graph.projects.values.first { $0.name == "Website relaunch" })
        let rows = graph.export(relaunch, .test(.csv, ids: .own)) { _ in }.rows
        #expect((1150...1300).contains(rows))
        #expect(sizes[0].1 > sizes[11].1 * 4)
        let tasks = Array(graph.tasks.values)
        #expect(tasks.contains { $0.parent != 0 })
        #expect(tasks.contains { !$0.dependencies.isEmpty })
        #expect(tasks.contains { $0.memberships.count == 2 })
        #expect(tasks.contains { !$0.likes.isEmpty })
        #expect(Set(tasks.flatMap(\.fields).map(\.field)).count == 6)
        #expect(graph.stories.values.reduce(0) { $0 + $1.count } > 1000)
        #expect(graph.outcomes.allSatisfy { $0 != .unchanged })
    }

    @Test func `the largest project can have a larger share, and the others share the rest`() throws
    {
        var options = try options(10_000)
        func sizes(_ options: GeneratorOptions) -> [Int] {
            var sizes = ProjectSizes(options)
            var found: [Int] = []
            while let size = sizes.next() { found.append(size) }
            return found
        }
        let usual = sizes(options)
        options.largestShare = 0.5
        let larger = sizes(options)
        #expect(larger[0] == 5_000)
        #expect(larger.reduce(0, +) == 10_000 && larger.count == usual.count)
        let ratio = Double(larger[1]) / Double(usual[1])
        #expect(ratio > 0.5 && ratio < 0.8)
        options.largestShare = 0.01
        #expect(sizes(options) == usual)
    }

    @Test func `a task's texts are of realistic size`() throws {
        var generator = Generator(try options(5000))
        var texts = 0
        var notes: [Int] = []
        while let task = generator.nextTask() {
            var items: [ImportItem] = []
            task.append(to: &items)
            for case .task(let task) in items.compactMap(\.kind) {
                texts += task.name.utf8.count + task.notes.utf8.count
                notes.append(task.notes.utf8.count)
            }
        }
        let mean = texts / notes.count
        #expect((180...300).contains(mean), "mean \(mean)")
        #expect(notes.count { $0 == 0 } > notes.count / 3)
        #expect((notes.max() ?? 0) > 2000)
    }

    @Test func `the same seed makes the same organization, another seed another`() throws {
        let items = { (seed: UInt64) throws -> [[ImportItem]] in
            var generator = Generator(try options(700, seed: seed))
            generator.begin(people: (0..<60).map { UInt64($0 + 100) })
            var batches: [[ImportItem]] = []
            while let batch = generator.nextBatch() { batches.append(batch.items) }
            return batches
        }
        let first = try items(5)
        #expect(try items(5) == first)
        #expect(try items(6) != first)
    }

    @Test(arguments: [0, 1, 13, 12_345])
    func `any number of tasks is made exactly`(_ count: Int) throws {
        var generator = Generator(try options(count))
        generator.begin(people: (0..<generator.options.peopleCount).map { UInt64($0 + 1) })
        var tasks = 0
        while let batch = generator.nextBatch() {
            tasks += batch.kinds.count { $0 == .task }
        }
        #expect(tasks == count)
    }

    @Test func `people have different addresses`() throws {
        let people = Generator(try options(400_000)).accounts
        #expect(Set(people.map { $0.email.lowercased() }).count == people.count)
        #expect(people.allSatisfy { $0.email.utf8.allSatisfy { $0 < 0x80 } })
        for person in people { try person.validate() }
    }

    @Test func `the document can be imported`() throws {
        var json = GeneratedJSON(try options(2000), .document)
        var bytes: [UInt8] = []
        while let next = json.next() { bytes += next }
        var graph = MemoryGraph()
        let reader = try graph.load(bytes, ImportOptions(name: "file"))
        let project = try #require(graph.project(external: reader.projectKey))
        #expect(project.name == "Website relaunch")
        #expect(reader.warnings.isEmpty)
        let rows = graph.export(project, .test(.csv)) { _ in }.rows
        #expect(Int(rows) == reader.summary.tasks)
        #expect(reader.summary.comments > 100)
    }

    @Test func `the lines are one object each`() throws {
        var json = GeneratedJSON(try options(300), .lines)
        var bytes: [UInt8] = []
        while let next = json.next() { bytes += next }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        let types = try lines.map {
            try #require(JSONNode(parsing: String($0))).text("resource_type")
        }
        #expect(types.count { $0 == "task" } == 300)
        #expect(types.count { $0 == "user" } == 60)
        #expect(types.count { $0 == "project" } == 12)
    }
}
