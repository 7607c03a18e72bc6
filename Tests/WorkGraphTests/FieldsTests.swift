import Testing
import WorkProtocol

@testable import WorkGraph

/// Custom fields and labels.
struct FieldsTests {
    private func field(
        _ world: World, _ kind: FieldKind = .enum, _ options: [String] = ["High", "Low"],
        as principal: Principal? = nil
    ) throws -> Changed {
        try world.change(
            .createField(
                .with {
                    $0.name = "Priority"
                    $0.kind = kind
                    $0.options = options.map { name in .with { $0.name = name } }
                }), as: principal ?? world.bob)
    }

    private func get(_ gid: UInt64, in world: World, as principal: Principal? = nil) throws -> Field
    {
        try world.ask(
            .getField(.with { $0.field = "\(gid)" }), as: principal ?? world.ann, Field.self)
    }

    @Test func `options keep their gids through renaming, ordering and disabling`() throws {
        let world = try World()
        let made = try field(world)
        #expect(made.gids.count == 2)
        let update = UpdateField.with {
            $0.field = made.gid
            $0.setOptions = true
            $0.options = [
                .with { $0.name = "New" },
                .with {
                    $0.gid = made.gids[1]
                    $0.name = "Lower"
                    $0.enabled = true
                },
            ]
        }
        try world.change(.updateField(update), as: world.bob)
        let options = try get(made.gid, in: world).options
        #expect(options.map(\.name) == ["New", "Lower", "High"])
        #expect(options.map(\.enabled) == [true, true, false])
        #expect(Array(options.map(\.gid)[1...]) == [made.gids[1], made.gids[0]])
    }

    @Test func `what cannot be is refused`() throws {
        let world = try World()
        func refusal(_ body: (inout CreateField) -> Void) -> Reason? {
            var create = CreateField()
            create.name = "Field"
            body(&create)
            return reason(world.refused(.createField(create), as: world.bob))
        }
        #expect(refusal { $0.name = "" } == .badField)
        #expect(refusal { $0.precision = 10 } == .badField)
        #expect(refusal { $0.format = .currency } == .badField)
        #expect(refusal { $0.options = [.with { $0.name = "x" }] } == .badField)
        #expect(
            refusal {
                $0.kind = .enum
                $0.options = [.with { $0.name = "x" }, .with { $0.name = "x" }]
            } == .badField)
        #expect(
            reason(world.refused(.createField(.with { $0.name = "x" }), as: world.gus))
                == .forbidden)
    }

    @Test func `its maker and admins change a field, others do not`() throws {
        let world = try World()
        let made = try field(world)
        let rename = Command.updateField(
            .with {
                $0.field = made.gid
                $0.name = "Urgency"
            })
        #expect(reason(world.refused(rename, as: world.cat)) == .forbidden)
        #expect(reason(world.refused(rename, as: world.gus)) == .notFound)
        try world.change(rename, as: world.ann)
        #expect(try get(made.gid, in: world).name == "Urgency")
        #expect(try get(made.gid, in: world).version == 2)
    }

    @Test func `a project has at most twenty fields, deleted ones not counted`() throws {
        let world = try World()
        let project = try world.project().gid
        var fields: [UInt64] = []
        func put(_ field: UInt64) -> Command {
            .setProjectField(
                .with {
                    $0.project = project
                    $0.field = field
                })
        }
        for _ in 0..<GraphLimits.fieldsPerProject + 1 {
            fields.append(try field(world, .text, []).gid)
        }
        for field in fields.dropLast() { try world.change(put(field), as: world.ann) }
        let last = fields[GraphLimits.fieldsPerProject]
        #expect(reason(world.refused(put(last), as: world.ann)) == .limitReached)
        try world.change(.deleteField(.with { $0.field = fields[0] }), as: world.bob)
        try world.change(put(last), as: world.ann)
        let shown = try world.ask(
            .getProject(.with { $0.project = "\(project)" }), as: world.ann, Project.self)
        #expect(shown.fields.map(\.field) == Array(fields.dropFirst()))
    }

    @Test func `a field has at most five hundred options, disabled ones among them`() throws {
        let world = try World()
        let names = (0..<GraphLimits.optionsPerField).map { "Option \($0)" }
        let made = try field(world, .multiEnum, names)
        var update = UpdateField.with {
            $0.field = made.gid
            $0.setOptions = true
            $0.options = [.with { $0.name = "One more" }]
        }
        #expect(reason(world.refused(.updateField(update), as: world.bob)) == .limitReached)
        update.options = [.with { $0.gid = 5 }]
        #expect(reason(world.refused(.updateField(update), as: world.bob)) == .badField)
    }

    @Test func `values of a deleted field and deleted labels are not shown`() throws {
        let world = try World()
        let project = try world.project().gid
        let made = try field(world, .text, [])
        try world.change(
            .setProjectField(
                .with {
                    $0.project = project
                    $0.field = made.gid
                }), as: world.ann)
        let label = try world.change(.createLabel(.with { $0.name = "red" }), as: world.bob).gid
        let task = try world.task("t", in: project) { task in
            task.labels = [label]
            task.fields = [
                .with {
                    $0.field = made.gid
                    $0.text = "value"
                }
            ]
        }
        #expect(try world.get(task).fields.map(\.text) == ["value"])
        try world.change(.deleteField(.with { $0.field = made.gid }), as: world.bob)
        try world.change(.deleteLabel(.with { $0.label = label }), as: world.bob)
        let shown = try world.get(task, names: true)
        #expect(shown.fields.isEmpty)
        #expect(shown.labels.isEmpty)
        #expect(!shown.names.contains { $0.gid == label || $0.gid == made.gid })
        #expect(world.graph.checkInvariants() == [])
    }

    @Test func `guests see the labels and fields of what they see`() throws {
        let world = try World()
        let label = try world.change(.createLabel(.with { $0.name = "red" }), as: world.bob).gid
        let made = try field(world)
        let query = Query.getLabel(.with { $0.label = "red" })
        #expect(try world.ask(query, as: world.cat, Label.self).gid == label)
        #expect(world.refusedQuery(query, as: world.gus) == .notFound)
        _ = try world.task("t") {
            $0.labels = [label]
            $0.assignee = world.gus.account.rawValue
        }
        #expect(try world.ask(query, as: world.gus, Label.self).gid == label)
        #expect(
            world.refusedQuery(.getField(.with { $0.field = "\(made.gid)" }), as: world.gus)
                == .notFound)
    }
}
