import Testing
import WorkProtocol

@testable import WorkGraph

/// Labels, custom fields, collaborators, openness and bulk changes of tasks.
@Suite struct TasksValuesTests {
    private func field(
        _ world: World, _ kind: FieldKind, in project: UInt64, options: [String] = [],
        precision: UInt32 = 0
    ) throws -> Field {
        let gid = try world.change(
            .createField(
                .with {
                    $0.name = "Field"
                    $0.kind = kind
                    $0.precision = precision
                    $0.options = options.map { name in
                        .with {
                            $0.name = name
                            $0.enabled = true
                        }
                    }
                }), as: world.ann
        ).gid
        try world.change(
            .setProjectField(
                .with {
                    $0.project = project
                    $0.field = gid
                }), as: world.ann)
        return try world.ask(.getField(.with { $0.field = "\(gid)" }), as: world.ann)
    }

    private func set(
        _ task: UInt64, _ field: UInt64, _ body: (inout FieldValue) -> Void = { _ in }
    ) -> Command {
        var value = FieldValue()
        value.field = field
        body(&value)
        return .updateTask(
            .with {
                $0.task = task
                $0.fields = [value]
            })
    }

    @Test func `values fit the field's kind, and each change is told`() throws {
        let world = try World()
        let (project, _) = try world.project()
        let task = try world.task("t", in: project)
        let number = try field(world, .number, in: project, precision: 1)
        let choice = try field(world, .enum, in: project, options: ["Low", "High"])
        try world.change(
            set(task, number.gid) {
                $0.number = .with {
                    $0.mantissa = 1250
                    $0.scale = 3
                }
            }, as: world.ann)
        try world.change(
            set(task, choice.gid) { $0.options = [choice.options[1].gid] }, as: world.ann)
        let seen = try world.get(task, names: true)
        #expect(seen.fields.map(\.field) == [number.gid, choice.gid])
        #expect(seen.fields[0].number?.text == "1.3")
        #expect(seen.names.contains { $0.gid == choice.options[1].gid && $0.name == "High" })
        try world.change(set(task, choice.gid), as: world.ann)
        let stories = try world.stories(task)
        #expect(stories.map(\.kind) == [.fieldChanged, .fieldChanged, .fieldChanged])
        #expect(stories.map(\.newValue) == ["1.3", "High", ""])
        #expect(stories[2].oldValue == "High" && stories[2].field == choice.gid)
        #expect(try world.get(task).fields.count == 1)
    }

    @Test func `values of another kind, of no such option or person, are refused`() throws {
        let world = try World()
        let (project, _) = try world.project()
        let task = try world.task("t", in: project)
        let text = try field(world, .text, in: project)
        let choice = try field(world, .enum, in: project, options: ["Low", "High"])
        let people = try field(world, .people, in: project)
        let options = choice.options.map(\.gid)
        #expect(
            reason(world.refused(set(task, text.gid) { $0.date = 1 }, as: world.ann)) == .badField)
        #expect(
            reason(world.refused(set(task, choice.gid) { $0.options = options }, as: world.ann))
                == .badField)
        #expect(
            reason(world.refused(set(task, choice.gid) { $0.options = [task] }, as: world.ann))
                == .badField)
        #expect(
            reason(world.refused(set(task, people.gid) { $0.people = [98] }, as: world.ann))
                == .notFound)
    }

    @Test func `a field belongs to the projects that have it`() throws {
        let world = try World()
        let (project, _) = try world.project()
        let (closed, _) = try world.project("closed", privacy: .private)
        let field = try field(world, .text, in: closed)
        let task = try world.task("t", in: project)
        let change = set(task, field.gid) { $0.text = "secret" }
        #expect(reason(world.refused(change, as: world.ann)) == .notFound)
        try world.change(
            .addToProject(
                .with {
                    $0.task = task
                    $0.placement = .with { $0.project = closed }
                }), as: world.ann)
        try world.change(change, as: world.ann)
        #expect(try world.get(task).fields.count == 1)
        #expect(try world.get(task, as: world.bob).fields.isEmpty)
        #expect(try !world.stories(task, as: world.bob).contains { $0.kind == .fieldChanged })
        #expect(reason(world.refused(change, as: world.bob)) == .notFound)
    }

    @Test func `labels are put on and taken off, each told`() throws {
        let world = try World()
        let label = try world.change(.createLabel(.with { $0.name = "urgent" }), as: world.ann).gid
        let task = try world.task("t")
        let put = Command.changeLabels(
            .with {
                $0.task = task
                $0.add = [label, label]
            })
        try world.change(put, as: world.ann)
        #expect(try world.change(put, as: world.ann).unchanged)
        #expect(try world.get(task).labels == [label])
        #expect(try world.names { $0.label = label } == ["t"])
        #expect(try world.names(as: world.bob) { $0.label = label }.isEmpty)
        try world.change(
            .changeLabels(
                .with {
                    $0.task = task
                    $0.remove = [label]
                }), as: world.ann)
        #expect(try world.names { $0.label = label }.isEmpty)
        #expect(try world.stories(task).map(\.kind) == [.labelAdded, .labelRemoved])
    }

    @Test func `a private task opens to collaborators, and to all when made public`() throws {
        let world = try World()
        let task = try world.task("t")
        try world.change(
            .changeCollaborators(
                .with {
                    $0.task = task
                    $0.add = [2]
                }), as: world.ann)
        #expect(try world.get(task, as: world.bob).name == "t")
        let query = Query.getTask(.with { $0.task = task })
        #expect(reason(world.refusedQuery(query, as: world.cat)) == .notFound)
        let open = Command.setTaskPublic(
            .with {
                $0.task = task
                $0.isPublic = true
            })
        try world.change(open, as: world.ann)
        #expect(try world.get(task, as: world.cat).isPublic)
        #expect(reason(world.refusedQuery(query, as: world.gus)) == .notFound)
    }

    @Test func `strangers and the inactive are not assigned anything`() throws {
        let world = try World()
        let dan = try world.person("Dan")
        try world.change(
            .updateMembership(
                .with {
                    $0.account = dan.account.rawValue
                    $0.isActive = false
                }), as: world.ann)
        func assign(_ account: UInt64) -> Command {
            .createTask(
                .with {
                    $0.name = "t"
                    $0.assignee = account
                })
        }
        #expect(reason(world.refused(assign(98), as: world.ann)) == .notFound)
        #expect(reason(world.refused(assign(dan.account.rawValue), as: world.ann)) == .badField)
        // A guest does not know Bob, and is not told that he is here.
        #expect(world.refused(assign(2), as: world.gus) == world.refused(assign(98), as: world.gus))
    }

    // MARK: - Bulk

    private func bulk(_ atomic: Bool, _ kinds: [BulkItem.Kind]) -> Command {
        .bulk(
            .with {
                $0.atomic = atomic
                $0.items = kinds.map { kind in .with { $0.kind = kind } }
            })
    }

    @Test func `bulk changes see what those before them did, in one record`() throws {
        let world = try World()
        let task = try world.task("t")
        let records = world.records.count
        let performed = try world.perform(
            bulk(
                true,
                [
                    .create(
                        .with {
                            $0.name = "sub"; $0.parent = task
                        }),
                    .update(
                        .with {
                            $0.task = task; $0.name = "u"; $0.ifVersion = 1
                        }),
                    .update(
                        .with {
                            $0.task = task; $0.notes = "n"; $0.ifVersion = 2
                        }),
                    .comment(
                        .with {
                            $0.task = task; $0.text = "done"
                        }),
                ]), as: world.ann)
        let answer = try BulkAnswer(decoding: performed.answer)
        #expect(answer.results.map(\.reason) == [0, 0, 0, 0])
        #expect(answer.results[2].changed?.version == 3)
        #expect(world.records.count == records + 1)
        #expect(try world.get(task).subtaskCount == 1)
        #expect(try world.replayed().digest == world.graph.digest)
    }

    @Test func `one refusal undoes an atomic bulk, and only itself otherwise`() throws {
        let world = try World()
        let task = try world.task("t")
        let kinds: [BulkItem.Kind] = [
            .update(
                .with {
                    $0.task = task; $0.name = "u"
                }),
            .update(
                .with {
                    $0.task = 12345; $0.name = "v"
                }),
            .create(
                .with {
                    $0.name = "w"; $0.assignee = 98
                }),
            .create(
                .with {
                    $0.name = "x"; $0.parent = task
                }),
        ]
        let rejection = world.refused(bulk(true, kinds), as: world.ann)
        #expect(rejection?.reason == .notFound && rejection?.message.hasPrefix("items[1]") == true)
        let performed = try world.perform(bulk(false, kinds), as: world.ann)
        let answer = try BulkAnswer(decoding: performed.answer)
        #expect(answer.results.map(\.reason) == [0, 404, 404, 0])
        #expect(try world.get(task).name == "u")
        #expect(try world.names { $0.parent = task } == ["x"])
        #expect(world.graph.checkInvariants() == [])
        #expect(try world.replayed().digest == world.graph.digest)
    }

    @Test func `changes too large for one record are refused whole`() throws {
        let world = try World()
        let notes = String(repeating: "n", count: 60_000)
        let kinds: [BulkItem.Kind] = (0..<40).map { _ in .create(.with { $0.notes = notes }) }
        #expect(reason(world.refused(bulk(false, kinds), as: world.ann)) == .tooLarge)
        #expect(world.graph.checkInvariants() == [])
    }

    /// A thousand changes of a row of 200 KB would else be remembered as 400 MB.
    @Test func `changing a large row over and over in one request ends`() throws {
        let world = try World()
        let task = try world.task("t") { $0.notes = String(repeating: "n", count: 65_536) }
        try world.update(task) {
            $0.htmlNotes = "<body>" + String(repeating: "<b>n</b>", count: 16_000) + "</body>"
        }
        func bulk(_ count: Int) -> Command {
            let items = (0..<count).map { number in
                BulkItem.with { item in
                    item.kind = .update(
                        .with {
                            $0.task = task
                            $0.name = "\(number)"
                        })
                }
            }
            return .bulk(.with { $0.items = items })
        }
        try world.perform(bulk(100), as: world.ann)
        #expect(reason(world.refused(bulk(1000), as: world.ann)) == .tooLarge)
        try world.perform(bulk(100), as: world.ann)
        #expect(world.graph.checkInvariants() == [])
    }
}
