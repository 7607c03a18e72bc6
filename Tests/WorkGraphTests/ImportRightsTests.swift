import Testing
import WorkProtocol

@testable import WorkGraph

/// What an import may write over, and what it tells.
extension ImportTests {
    private func privateTask(_ world: World, _ name: String) -> ImportItem {
        task("private", section: nil) {
            $0.name = name
            $0.createdBy = world.bob.account.rawValue
        }
    }

    @Test func `what somebody else has changed since is theirs, not the importer's`() throws {
        let world = try World()
        let gid = try run([privateTask(world, "one")], in: world, as: world.cat).gids[0]
        let second = try run([privateTask(world, "two")], in: world, as: world.cat)
        #expect(second.outcomes == [.updated])
        try world.update(gid, as: world.bob) { $0.name = "Bob's" }
        let story = item(
            .story(
                .with {
                    $0.external = external("S")
                    $0.task = foreign("private")
                    $0.text = "from outside"
                }))
        let third = try run([privateTask(world, "three"), story], in: world, as: world.cat)
        #expect(third.outcomes == [.unchanged, .unchanged])
        #expect(try world.get(gid, as: world.bob).name == "Bob's")
        #expect(try world.stories(gid, as: world.bob).allSatisfy { $0.kind != .comment })
    }

    @Test func `an importer who lost a project does not write into it any more`() throws {
        let world = try World()
        let (project, _) = try world.project(privacy: .private)
        try world.share(project, with: world.cat, .editor)
        let items = [field, self.project(into: project), task("1")]
        let gid = try run(items, in: world, as: world.cat).gids[2]
        try world.unshare(project, with: world.cat)
        let again = try run(
            [task("1", section: nil) { $0.name = "over" }], in: world, as: world.cat)
        #expect(again.outcomes == [.unchanged])
        #expect(try world.get(gid).name == "Task 1")
    }

    @Test func `an importer who lost a project hangs no subtasks under its tasks`() throws {
        let world = try World()
        let (project, _) = try world.project(privacy: .private)
        try world.share(project, with: world.cat, .editor)
        let below = task("2", section: nil) {
            $0.parent = foreign("1")
            $0.createdBy = world.bob.account.rawValue
        }
        let first = [field, self.project(into: project), task("1"), below]
        _ = try run(first, in: world, as: world.cat)
        try world.unshare(project, with: world.cat)
        for parent in ["1", "2"] {
            let new = task("3", section: nil) { $0.parent = foreign(parent) }
            let command = Command.import(.with { $0.items = [new] })
            #expect(reason(world.refused(command, as: world.cat)) == .forbidden)
        }
        // What is there already does not stand in the way of importing again.
        #expect(try run([below], in: world, as: world.cat).outcomes == [.unchanged])
    }

    @Test func `subtasks of what was imported for somebody else may be nested`() throws {
        let world = try World()
        let items = (1...4).map { depth in
            task("\(depth)", section: nil) {
                $0.createdBy = world.bob.account.rawValue
                if depth > 1 { $0.parent = foreign("\(depth - 1)") }
            }
        }
        // One request each: nothing is known from the one before.
        for item in items {
            #expect(try run([item], in: world, as: world.cat).outcomes == [.created])
        }
    }

    @Test func `only who could restore a project imports it back from the trash`() throws {
        let world = try World()
        let gid = try run([field, project(), task("1")], in: world).gids[1]
        try world.change(.deleteProject(.with { $0.project = gid }), as: world.ann)
        let other = try run([field, project()], in: world, as: world.bob)
        #expect(other.outcomes == [.unchanged, .created])
        let query = Query.getProject(.with { $0.project = "\(gid)" })
        #expect(world.refusedQuery(query, as: world.ann) == .notFound)
        #expect(try run([field, project()], in: world).outcomes == [.unchanged, .updated])
        #expect(world.refusedQuery(query, as: world.ann) == nil)
    }

    @Test func `an import changes no project and no field that its importer could not`() throws {
        let world = try World()
        let gid = try run([field, project(), task("1")], in: world).gids[1]
        try world.change(
            .updateProject(
                .with {
                    $0.project = gid
                    $0.minimumCustomizationAccess = .admin
                }), as: world.ann)
        let renamed = item(
            .project(
                .with {
                    $0.external = external("P")
                    $0.name = "Renamed"
                }))
        let command = Command.import(.with { $0.items = [renamed] })
        #expect(reason(world.refused(command, as: world.bob)) == .forbidden)
        #expect(try run([renamed], in: world).outcomes == [.updated])
        let value = task("1") {
            $0.fields = [
                .with {
                    $0.field = foreign("F")
                    $0.options = ["Invented"]
                }
            ]
        }
        let invent = Command.import(.with { $0.items = [value] })
        #expect(reason(world.refused(invent, as: world.bob)) == .forbidden)
        #expect(try run([value], in: world).outcomes == [.updated])
    }

    @Test func `a dry run gives nothing a gid: two would tell what was made in between`() throws {
        let world = try World()
        let first = try run([field, project(), task("1")], in: world, dry: true)
        #expect(first.gids == [0, 0, 0])
        let gid = try run([label], in: world).gids[0]
        #expect(try run([label], in: world, dry: true).gids == [gid])
    }

    @Test func `what an import keeps of a row is its importer's alone`() throws {
        let world = try World()
        // As an import of CSV keeps the names of what a task waits for.
        let kept = #"{"cells":{"Blocked By (Dependencies)":"Secret plan,Other"}}"#
        let row = task("1") { $0.external?.data = kept }
        let gid = try run([field, project(), row], in: world).gids[2]
        #expect(try world.get(gid).external?.data == kept)
        let seen = try world.get(gid, as: world.bob)
        #expect(seen.external?.gid == "1")
        #expect(seen.external?.data == "")
        #expect(seen.name == "Task 1")
    }

    @Test func `an import keeps within the limits of a task`() throws {
        let world = try World()
        let files = (0...GraphLimits.attachmentsPerTask).map { number in
            item(
                .attachment(
                    .with {
                        $0.external = external("A\(number)")
                        $0.task = foreign("1")
                        $0.name = "plan.pdf"
                    }))
        }
        _ = try run([field, project(), task("1")] + files.dropLast(), in: world)
        let command = Command.import(.with { $0.items = files })
        #expect(reason(world.refused(command, as: world.ann)) == .limitReached)
        let early = task("2") { $0.createdAt = .min }
        let times = Command.import(.with { $0.items = [early] })
        #expect(reason(world.refused(times, as: world.ann)) == .badField)
    }
}
