import Testing
import WorkProtocol

@testable import WorkGraph

/// Guests know of people only whom they share something with: others are nobody to them, by name
/// and by gid.
@Suite struct GuestsKnowFewTests {
    @Test func `who made, completed or liked a task is nobody to a guest who does not know them`()
        throws
    {
        let world = try World()
        let task = try world.task("t") { $0.assignee = world.gus.account.rawValue }
        try world.change(
            .setTaskPublic(
                .with {
                    $0.task = task; $0.isPublic = true
                }), as: world.ann)
        try world.update(task, as: world.bob) { $0.completed = true }
        for principal in [world.ann, world.bob, world.gus] {
            try world.change(
                .setLike(
                    .with {
                        $0.target = task; $0.liked = true
                    }), as: principal)
        }
        let comment = try world.change(
            .addComment(
                .with {
                    $0.task = task; $0.text = "done"
                }), as: world.bob)
        try world.change(
            .setLike(
                .with {
                    $0.target = comment.gid; $0.liked = true
                }), as: world.ann)
        try world.change(
            .addAttachment(
                .with {
                    $0.task = task; $0.url = "https://example.com"
                }), as: world.ann)
        for person in [world.ann, world.bob] {
            try world.change(
                .changeCollaborators(
                    .with {
                        $0.task = task; $0.remove = [person.account.rawValue]
                    }), as: world.ann)
        }
        let seen = try world.get(task, as: world.gus)
        #expect([seen.createdBy, seen.completedBy, seen.assignedBy] == [0, 0, 0])
        #expect(seen.likes == [world.gus.account.rawValue])
        #expect(seen.liked && seen.completed && seen.name == "t")
        let stories = try world.stories(task, as: world.gus)
        #expect(stories.contains { $0.text == "done" })
        #expect(stories.allSatisfy { [0, world.gus.account.rawValue].contains($0.createdBy) })
        #expect(stories.allSatisfy { $0.likes.isEmpty })
        let files: AttachmentList = try world.ask(
            .listAttachments(.with { $0.task = task }), as: world.gus)
        #expect(files.attachments.map(\.createdBy) == [0])
        // Members know everybody.
        #expect(try world.get(task, as: world.cat).createdBy == world.ann.account.rawValue)
    }

    @Test func `people in a field's value show as far as a guest knows them`() throws {
        let world = try World()
        let (project, _) = try world.project(privacy: .private)
        try world.share(project, with: world.gus, .viewer)
        let field = try world.change(
            .createField(
                .with {
                    $0.name = "Reviewers"
                    $0.kind = .people
                }), as: world.ann
        ).gid
        try world.change(
            .setProjectField(
                .with {
                    $0.project = project
                    $0.field = field
                }), as: world.ann)
        let task = try world.task("t", in: project)
        try world.update(task) {
            $0.fields = [
                .with {
                    $0.field = field
                    $0.people = [world.ann.account.rawValue, world.bob.account.rawValue]
                }
            ]
        }
        let seen = try world.get(task, as: world.gus)
        #expect(seen.fields.first?.people == [world.ann.account.rawValue])
    }
}
