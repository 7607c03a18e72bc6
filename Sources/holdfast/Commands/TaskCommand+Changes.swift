internal import ArgumentParser
internal import StoreClient
internal import WorkProtocol

/// Changes of one aspect of a task.
extension TaskCommand {
    struct Complete: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Mark tasks as done.",
            discussion: examples(
                "task complete 7291846502", "task complete 7291846502 7291846777 --dry-run"))
        @Argument(help: "The tasks.") var task: [String]
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup(title: "Version") var version: VersionOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            try await TaskCommand.setCompleted(true, task, change, version, client)
        }
    }

    struct Reopen: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Mark tasks as not done.",
            discussion: examples("task reopen 7291846502"))
        @Argument(help: "The tasks.") var task: [String]
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup(title: "Version") var version: VersionOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            try await TaskCommand.setCompleted(false, task, change, version, client)
        }
    }

    private static func setCompleted(
        _ completed: Bool, _ tasks: [String], _ change: ChangeOptions, _ version: VersionOptions,
        _ client: Client
    ) async throws {
        for text in tasks {
            var request = UpdateTask()
            request.task = try await client.taskGid(text)
            request.completed = completed
            request.ifVersion = version.ifVersion
            try await client.changed(request, in: request.task, change)
        }
    }

    struct Assign: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give a task to somebody, or to nobody.",
            discussion: examples(
                "task assign 7291846502 ana@example.com", "task assign 7291846502 nobody"))
        @Argument(help: "The task.") var task: String
        @Argument(help: "Who: me, a name, an e-mail address, a gid, or nobody.") var user: String
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup(title: "Version") var version: VersionOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            var request = UpdateTask()
            request.task = try await client.taskGid(task)
            request.ifVersion = version.ifVersion
            if user == "nobody" {
                request.clear = [.assignee]
            } else {
                request.assignee = try await client.account(user)
            }
            try await client.changed(request, in: request.task, change)
        }
    }

    struct Parent: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a task part of another one, or of none.",
            discussion: examples("task parent 7291846502 7291846777", "task parent 7291846502 none")
        )
        @Argument(help: "The task.") var task: String
        @Argument(help: "Its new parent, or none.") var parent: String
        @Option(help: "Stand before this subtask.") var before: String?
        @Option(help: "Stand after this subtask.") var after: String?
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup(title: "Version") var version: VersionOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            var request = SetParent()
            request.task = try await client.taskGid(task)
            request.parent = parent == "none" ? 0 : try await client.taskGid(parent)
            request.before = try await before.asyncMap { try await client.taskGid($0) } ?? 0
            request.after = try await after.asyncMap { try await client.taskGid($0) } ?? 0
            request.ifVersion = version.ifVersion
            try await client.changed(request, in: request.task, change)
        }
    }

    struct Depend: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say which tasks have to be done before a task.",
            discussion: examples(
                "task depend 7291846502 --on 7291846777",
                "task depend 7291846502 --not-on 7291846777"))
        @Argument(help: "The task.") var task: String
        @Option(help: "A task to wait for; may be given several times.") var on: [String] = []
        @Option(help: "A task not to wait for any more.") var notOn: [String] = []
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            var request = ChangeDependencies()
            request.task = try await client.taskGid(task)
            request.add = try await client.taskGids(on)
            request.remove = try await client.taskGids(notOn)
            try await client.changed(request, in: request.task, change)
        }
    }

    struct Tag: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Tag a task.",
            discussion: examples(
                "task tag 7291846502 urgent design", "task tag 7291846502 --remove urgent"))
        @Argument(help: "The task.") var task: String
        @Argument(help: "Tags to add.") var tag: [String] = []
        @Option(help: "A tag to take away; may be given several times.") var remove: [String] = []
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            var request = ChangeLabels()
            request.task = try await client.taskGid(task)
            for name in tag { request.add.append(try await client.tag(name).gid) }
            for name in remove { request.remove.append(try await client.tag(name).gid) }
            try await client.changed(request, in: request.task, change)
        }
    }

    struct Follow: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Follow a task, or have others follow it.",
            discussion: examples("task follow 7291846502", "task follow 7291846502 \"Ana Lee\""))
        @Argument(help: "The task.") var task: String
        @Argument(help: "Who; oneself if nobody is named.") var user: [String] = []
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            try await TaskCommand.changeFollowers(task, add: user, remove: nil, change, client)
        }
    }

    struct Unfollow: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Follow a task no more.",
            discussion: examples("task unfollow 7291846502"))
        @Argument(help: "The task.") var task: String
        @Argument(help: "Who; oneself if nobody is named.") var user: [String] = []
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            try await TaskCommand.changeFollowers(task, add: nil, remove: user, change, client)
        }
    }

    private static func changeFollowers(
        _ task: String, add: [String]?, remove: [String]?, _ change: ChangeOptions,
        _ client: Client
    ) async throws {
        var request = ChangeCollaborators()
        request.task = try await client.taskGid(task)
        for name in add.map({ $0.isEmpty ? ["me"] : $0 }) ?? [] {
            request.add.append(try await client.account(name))
        }
        for name in remove.map({ $0.isEmpty ? ["me"] : $0 }) ?? [] {
            request.remove.append(try await client.account(name))
        }
        try await client.changed(request, in: request.task, change)
    }

    struct Like: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Like a task or a comment.",
            discussion: examples("task like 7291846502"))
        @Argument(help: "The task or comment.") var target: String
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            try await TaskCommand.setLiked(true, target, change, client)
        }
    }

    struct Unlike: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Like it no more.",
            discussion: examples("task unlike 7291846502"))
        @Argument(help: "The task or comment.") var target: String
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            try await TaskCommand.setLiked(false, target, change, client)
        }
    }

    private static func setLiked(
        _ liked: Bool, _ target: String, _ change: ChangeOptions, _ client: Client
    ) async throws {
        var request = SetLike()
        request.target = try client.plainGid(target, "task or comment")
        request.liked = liked
        try await client.change(
            request, in: request.target, change, done: liked ? "liked" : "no longer liked")
    }

    struct Public: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a task that is in no project to the whole workspace.",
            discussion: examples("task public 7291846502"))
        @Argument(help: "The task.") var task: String
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            var request = SetTaskPublic()
            request.task = try await client.taskGid(task)
            request.isPublic = true
            try await client.changed(request, in: request.task, change)
        }
    }

    struct Private: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a task only to its assignee and followers.",
            discussion: examples("task private 7291846502"))
        @Argument(help: "The task.") var task: String
        @OptionGroup(title: "Change") var change: ChangeOptions
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            var request = SetTaskPublic()
            request.task = try await client.taskGid(task)
            try await client.changed(request, in: request.task, change)
        }
    }
}
