import Testing
import WorkProtocol

@testable import WorkGraph

@Suite struct StoriesTests {
    private func comment(
        _ world: World, _ task: UInt64, _ text: String, as principal: Principal? = nil
    ) throws -> UInt64 {
        try world.change(
            .addComment(
                .with {
                    $0.task = task
                    $0.text = text
                }), as: principal ?? world.ann
        ).gid
    }

    @Test func `who comments and who is mentioned follows the task, and so sees it`() throws {
        let world = try World()
        let task = try world.task("t")
        _ = try comment(world, task, "please look, @2, and @98, who is nobody")
        #expect(try world.get(task, as: world.bob).collaborators == [1, 2])
        try world.change(
            .addComment(
                .with {
                    $0.task = task
                    $0.htmlText = "<body>And <a data-asana-gid=\"3\">Cat</a>?</body>"
                }), as: world.bob)
        #expect(try world.get(task, as: world.cat).collaborators == [1, 2, 3])
        let stories = try world.stories(task, as: world.cat)
        #expect(stories.map(\.text) == ["please look, @2, and @98, who is nobody", "And Cat?"])
        #expect(stories.allSatisfy { $0.kind == .comment })
        #expect(try world.get(task).commentCount == 2)
    }

    @Test func `who stops following is added again by a later mention`() throws {
        let world = try World()
        let (project, _) = try world.project()
        let task = try world.task("t", in: project)
        _ = try comment(world, task, "@2")
        let leave = Command.changeCollaborators(
            .with {
                $0.task = task
                $0.remove = [2]
            })
        try world.change(leave, as: world.bob)
        #expect(try world.get(task).collaborators == [1])
        _ = try comment(world, task, "@2")
        #expect(try world.get(task).collaborators == [1, 2])
    }

    @Test func `only its author changes a comment, and it shows`() throws {
        let world = try World()
        let (project, _) = try world.project()
        let task = try world.task("t", in: project)
        let story = try comment(world, task, "first", as: world.bob)
        let edit = Command.updateComment(
            .with {
                $0.story = story
                $0.text = "second"
            })
        #expect(reason(world.refused(edit, as: world.ann)) == .forbidden)
        try world.change(edit, as: world.bob)
        let seen = try world.stories(task)
        #expect(seen[0].text == "second" && seen[0].editedAt == world.time)
        let delete = Command.deleteComment(.with { $0.story = story })
        #expect(reason(world.refused(delete, as: world.cat)) == .forbidden)
        try world.change(delete, as: world.bob)
        #expect(try world.stories(task).isEmpty)
        #expect(try world.get(task).commentCount == 0)
        #expect(reason(world.refused(delete, as: world.bob)) == .notFound)
    }

    @Test func `what the store recorded cannot be edited, liked or deleted`() throws {
        let world = try World()
        let task = try world.task("t")
        try world.update(task) { $0.name = "u" }
        let story = try world.stories(task)[0].gid
        for command in [
            Command.updateComment(
                .with {
                    $0.story = story
                    $0.text = "x"
                }),
            .deleteComment(.with { $0.story = story }),
            .setLike(
                .with {
                    $0.target = story
                    $0.liked = true
                }),
        ] {
            #expect(reason(world.refused(command, as: world.ann)) == .forbidden)
        }
    }

    @Test func `likes are one a person, told once, and the reader's own shows`() throws {
        let world = try World()
        let (project, _) = try world.project()
        let task = try world.task("t", in: project)
        let story = try comment(world, task, "c")
        func like(_ target: UInt64, _ liked: Bool = true) throws -> Changed {
            try world.change(
                .setLike(
                    .with {
                        $0.target = target
                        $0.liked = liked
                    }), as: world.bob)
        }
        #expect(try !like(task).unchanged)
        #expect(try like(task).unchanged)
        #expect(try world.get(task, as: world.bob).liked)
        #expect(try !world.get(task, as: world.ann).liked)
        #expect(try world.get(task).likes == [2])
        _ = try like(story)
        let stories = try world.stories(task, as: world.bob)
        #expect(stories.map(\.kind) == [.comment, .liked])
        #expect(stories[0].likes == [2] && stories[0].liked)
        _ = try like(task, false)
        #expect(try world.get(task).likes.isEmpty)
    }

    @Test func `a comment moves modified_at, but not the version`() throws {
        let world = try World()
        let task = try world.task("t")
        _ = try comment(world, task, "c")
        let seen = try world.get(task)
        #expect(seen.modifiedAt == world.time && seen.version == 1)
    }

    @Test func `stories of one task, page by page, comments alone if wanted`() throws {
        let world = try World()
        let task = try world.task("t")
        for index in 0..<10 {
            _ = try comment(world, task, "\(index)")
            try world.update(task) { $0.name = "name \(index)" }
        }
        var list = ListStories()
        list.task = task
        list.limit = 3
        list.commentsOnly = true
        var texts: [String] = []
        repeat {
            let page: StoryPage = try world.ask(.listStories(list), as: world.ann)
            texts += page.stories.map(\.text)
            list.cursor = page.next
        } while !list.cursor.isEmpty
        #expect(texts == (0..<10).map(String.init))
        #expect(try world.stories(task).count == 20)
    }

    @Test func `attachments are references, told when they come and go`() throws {
        let world = try World()
        let task = try world.task("t")
        func attach(_ url: String) -> Command {
            .addAttachment(
                .with {
                    $0.task = task
                    $0.name = "plan"
                    $0.url = url
                })
        }
        for url in ["", "javascript:alert(1)", "file:///etc/passwd"] {
            #expect(reason(world.refused(attach(url), as: world.ann)) == .badField)
        }
        let attachment = try world.change(attach("https://example.com/plan"), as: world.ann).gid
        let list: AttachmentList = try world.ask(
            .listAttachments(.with { $0.task = task }), as: world.ann)
        #expect(list.attachments.map(\.gid) == [attachment])
        #expect(list.attachments[0].task == task)
        #expect(try world.get(task).attachmentCount == 1)
        try world.change(.deleteAttachment(.with { $0.attachment = attachment }), as: world.ann)
        #expect(try world.get(task).attachmentCount == 0)
        #expect(try world.stories(task).map(\.kind) == [.attachmentAdded, .attachmentRemoved])
        let query = Query.listAttachments(.with { $0.task = task })
        #expect(reason(world.refusedQuery(query, as: world.bob)) == .notFound)
    }

    @Test func `a task has as many attachments as one answer holds`() throws {
        let world = try World()
        let task = try world.task("t")
        let attach = Command.addAttachment(
            .with {
                $0.task = task
                $0.url = "https://example.com/plan"
            })
        for _ in 0..<GraphLimits.attachmentsPerTask { try world.change(attach, as: world.ann) }
        #expect(reason(world.refused(attach, as: world.ann)) == .limitReached)
        let list: AttachmentList = try world.ask(
            .listAttachments(.with { $0.task = task }), as: world.ann)
        #expect(list.attachments.count == GraphLimits.attachmentsPerTask)
    }
}
