import Checking
import Testing
import WorkProtocol

/// Every way to read something of a workspace: what it shows, and what the oracle says it should,
/// as lines that must be equal.
enum ReadPath: CaseIterable {
    case workspace, person, users, team, teams, project, projects, sections
    case task, projectTasks, sectionTasks, subtasks, labelTasks, assignedTasks, myTasks
    case stories, attachments, label, labels, field, fields, trash

    /// The path that covers a query. A query that is added to the schema does not compile here
    /// until it has one.
    static func covering(_ query: Query) -> [ReadPath] {
        switch query {
        case .getWorkspace: [.workspace]
        case .getUser: [.person]
        case .listUsers: [.users]
        case .getTeam: [.team]
        case .listTeams: [.teams]
        case .getProject: [.project]
        case .listProjects: [.projects]
        case .listSections: [.sections]
        case .getTask: [.task]
        case .listTasks: [.projectTasks, .sectionTasks, .subtasks, .labelTasks, .assignedTasks]
        case .listMyTasks: [.myTasks]
        case .listStories: [.stories]
        case .listAttachments: [.attachments]
        case .getLabel: [.label]
        case .listLabels: [.labels]
        case .getField: [.field]
        case .listFields: [.fields]
        case .listTrash: [.trash]
        // A stream of its own, whose rows are the same tasks.
        case .export: [.projectTasks, .myTasks]
        // Of the directory, which knows accounts and tokens, not work.
        case .whoAmI, .listWorkspaces, .listTokens, .listServiceAccounts: []
        }
    }

    func compare(_ reading: Reading) -> (seen: [String], expected: [String]) {
        switch self {
        case .workspace: reading.workspace()
        case .person: reading.person()
        case .users: reading.users()
        case .team: reading.team()
        case .teams: reading.teams()
        case .project: reading.project()
        case .projects: reading.projects()
        case .sections: reading.sections()
        case .task: reading.task()
        case .projectTasks: reading.projectTasks()
        case .sectionTasks: reading.sectionTasks()
        case .subtasks: reading.subtasks()
        case .labelTasks: reading.labelTasks()
        case .assignedTasks: reading.assignedTasks()
        case .myTasks: reading.myTasks()
        case .stories: reading.stories()
        case .attachments: reading.attachments()
        case .label: reading.label()
        case .labels: reading.labels()
        case .field: reading.field()
        case .fields: reading.fields()
        case .trash: reading.trash()
        }
    }
}

typealias Comparison = (seen: [String], expected: [String])

extension Reading {
    private static let people: [UInt64] = Array(1...9)

    private func shown(_ gids: [UInt64]) -> String {
        gids.sorted().map(String.init).joined(separator: ",")
    }

    /// One line for each gid that is answered, one for each that should be.
    private func each(
        _ gids: [UInt64], _ seen: (UInt64) -> String?, _ expected: (UInt64) -> String?
    ) -> Comparison {
        (gids.compactMap(seen), gids.compactMap(expected))
    }

    /// All pages of a list, two rows a page, so that "there is more" is tested as well.
    private func pages(_ page: ([UInt8]) -> (gids: [UInt64], next: [UInt8])?) -> [UInt64]? {
        var gids: [UInt64] = []
        var cursor: [UInt8] = []
        repeat {
            guard let answer = page(cursor) else { return nil }
            gids += answer.gids
            cursor = answer.next
            #expect(
                !answer.gids.isEmpty || cursor.isEmpty, "a page without rows says there is more")
        } while !cursor.isEmpty
        return gids
    }

    private func list(
        _ gids: [UInt64]?, isThere: Bool = true, _ expected: [UInt64]
    ) -> Comparison {
        let seen = gids.map { $0.sorted().map(String.init) } ?? ["not found"]
        return (seen, isThere ? expected.sorted().map(String.init) : ["not found"])
    }

    private func concatenated(_ comparisons: [Comparison]) -> Comparison {
        (comparisons.flatMap(\.seen), comparisons.flatMap(\.expected))
    }

    // MARK: - People and teams

    func workspace() -> Comparison {
        let seen = answer(.getWorkspace(GetWorkspace()), Workspace.self)
        return ([seen == nil ? "none" : "here"], [model.isHere(user) ? "here" : "none"])
    }

    func person() -> Comparison {
        each(Self.people) { id in
            answer(.getUser(.with { $0.user = "\(id)" }), Membership.self).map {
                "\($0.account) \($0.role.rawValue) \($0.isActive)"
            }
        } _: { id in
            guard model.sees(user, person: id), let person = model.person(id) else { return nil }
            return "\(id) \(person.rank.rawValue) \(person.isActive)"
        }
    }

    func users() -> Comparison {
        let seen = pages { cursor in
            answer(
                .listUsers(
                    .with {
                        $0.withInactive = true
                        $0.limit = 2
                        $0.cursor = cursor
                    }), UserPage.self
            ).map { ($0.users.map(\.account), $0.next) }
        }
        let expected = model.people.map(\.id).filter { model.sees(user, person: $0) }
        return list(seen, isThere: model.isHere(user), expected)
    }

    func team() -> Comparison {
        each(made.teams) { id in
            answer(.getTeam(.with { $0.team = id }), Team.self).map {
                "\($0.gid) \(shown($0.members.map(\.account)))"
            }
        } _: { id in
            guard model.sees(user, team: id), let team = model.team(id) else { return nil }
            return "\(id) \(shown(team.members.map(\.id).filter { model.sees(user, person: $0) }))"
        }
    }

    func teams() -> Comparison {
        let seen = pages { cursor in
            answer(
                .listTeams(
                    .with {
                        $0.limit = 2
                        $0.cursor = cursor
                    }), TeamPage.self
            ).map { ($0.teams.map(\.gid), $0.next) }
        }
        let expected = made.teams.filter { model.sees(user, team: $0) }
        return list(seen, isThere: model.isHere(user), expected)
    }

    // MARK: - Projects

    func project() -> Comparison {
        each(made.projects) { id in
            answer(
                .getProject(
                    .with {
                        $0.project = "\(id)"
                        $0.withNames = true
                    }), Project.self
            ).map(line)
        } _: { id in
            expectedLine(project: id)
        }
    }

    private func line(_ project: Project) -> String {
        "\(project.gid) \(project.access.rawValue) \(project.taskCount) \(project.completedCount) "
            + "owner \(project.owner) team \(project.team) shares "
            + shown(project.members.map(\.member))
            + " fields \(shown(project.fields.map(\.field)))"
            + " names \(shown(project.names.filter { $0.kind != .section }.map(\.gid)))"
    }

    private func expectedLine(project id: UInt64) -> String? {
        let level = model.level(user, project: id)
        guard level > 0, let project = model.project(id) else { return nil }
        let tasks = model.tasks.filter { task in
            task.projects.contains { $0.project == id } && model.level(user, task: task.id) > 0
        }
        let owner = model.sees(user, person: project.owner) ? project.owner : 0
        let team = model.sees(user, team: project.team) ? project.team : 0
        let shares = project.shares.map(\.id).filter {
            model.sees(user, person: $0) || model.sees(user, team: $0)
        }
        let fields = project.fields.filter { model.fields.contains($0) }
        let creator = project.creator(model, user)
        let names = Set([owner, team, creator] + shares + fields).subtracting([0])
        return "\(id) \(level) \(tasks.count) \(tasks.count { $0.isDone }) owner \(owner) "
            + "team \(team) shares \(shown(shares)) fields \(shown(fields)) "
            + "names \(shown(Array(names)))"
    }

    func projects() -> Comparison {
        let seen = pages { cursor in
            answer(
                .listProjects(
                    .with {
                        $0.withArchived = true
                        $0.limit = 2
                        $0.cursor = cursor
                    }), ProjectPage.self
            ).map { ($0.projects.map(\.gid), $0.next) }
        }
        let expected = made.projects.filter { model.level(user, project: $0) > 0 }
        return list(seen, isThere: model.isHere(user), expected)
    }

    func sections() -> Comparison {
        each(made.projects) { id in
            answer(.listSections(.with { $0.project = id }), SectionList.self).map { list in
                "\(id): "
                    + list.sections.map { "\($0.gid) \($0.taskCount)" }.sorted()
                    .joined(separator: ",")
            }
        } _: { id in
            guard model.level(user, project: id) > 0 else { return nil }
            let lines = made.sections.filter { $0.project == id }.map { section in
                let count = model.tasks.count { task in
                    task.projects.contains { $0.section == section.section }
                        && model.level(user, task: task.id) > 0
                }
                return "\(section.section) \(count)"
            }
            return "\(id): " + lines.sorted().joined(separator: ",")
        }
    }

    // MARK: - Tasks

    func task() -> Comparison {
        each(made.tasks) { id in
            answer(.getTask(.with { $0.task = id }), WorkTask.self).map(line)
        } _: { id in
            expectedLine(task: id)
        }
    }

    private func line(_ task: WorkTask) -> String {
        "\(task.gid) under \(task.parent) in \(shown(task.memberships.map(\.project))) "
            + "at \(shown(task.memberships.map(\.section))) needs \(shown(task.dependencies)) "
            + "before \(shown(task.dependents)) labels \(shown(task.labels)) "
            + "\(task.subtaskCount) subtasks"
    }

    private func expectedLine(task id: UInt64) -> String? {
        guard model.level(user, task: id) > 0, let task = model.task(id) else { return nil }
        let sees = { model.level(user, task: $0) > 0 }
        let homes = task.projects.filter { model.level(user, project: $0.project) > 0 }
        let dependents = model.tasks.filter { $0.dependencies.contains(id) && sees($0.id) }
        let subtasks = model.tasks.filter { $0.parent == id && sees($0.id) }
        return "\(id) under \(sees(task.parent) ? task.parent : 0) "
            + "in \(shown(homes.map(\.project))) at \(shown(homes.map(\.section))) "
            + "needs \(shown(task.dependencies.filter(sees))) "
            + "before \(shown(dependents.map(\.id))) "
            + "labels \(shown(task.labels.filter { model.labels.contains($0) })) "
            + "\(subtasks.count) subtasks"
    }

    private func tasks(_ body: @escaping (inout ListTasks) -> Void) -> [UInt64]? {
        pages { cursor in
            var query = ListTasks()
            query.limit = 2
            query.cursor = cursor
            body(&query)
            return answer(.listTasks(query), TaskPage.self).map { ($0.tasks.map(\.gid), $0.next) }
        }
    }

    private func visible(_ isWanted: (ReferenceModel.Job) -> Bool) -> [UInt64] {
        model.tasks.filter { isWanted($0) && model.level(user, task: $0.id) > 0 }.map(\.id)
    }

    func projectTasks() -> Comparison {
        concatenated(
            made.projects.map { id in
                list(
                    tasks { $0.project = id }, isThere: model.level(user, project: id) > 0,
                    visible { task in task.projects.contains { $0.project == id } })
            })
    }

    func sectionTasks() -> Comparison {
        concatenated(
            made.sections.map { section in
                list(
                    tasks { $0.section = section.section },
                    isThere: model.level(user, project: section.project) > 0,
                    visible { task in task.projects.contains { $0.section == section.section } })
            })
    }

    func subtasks() -> Comparison {
        concatenated(
            made.tasks.map { id in
                list(
                    tasks { $0.parent = id }, isThere: model.level(user, task: id) > 0,
                    visible { $0.parent == id })
            })
    }

    func labelTasks() -> Comparison {
        concatenated(
            made.labels.map { id in
                list(
                    tasks { $0.label = id }, isThere: model.sees(user, label: id),
                    visible { $0.labels.contains(id) })
            })
    }

    func assignedTasks() -> Comparison {
        concatenated(
            Self.people.map { id in
                list(
                    tasks { $0.assignee = id }, isThere: model.sees(user, person: id),
                    visible { $0.assignee == id })
            })
    }

    func myTasks() -> Comparison {
        concatenated(
            Self.people.map { id in
                let seen = pages { cursor in
                    answer(
                        .listMyTasks(
                            .with {
                                $0.user = id
                                $0.withCompleted = true
                                $0.limit = 2
                                $0.cursor = cursor
                            }), TaskPage.self
                    ).map { ($0.tasks.map(\.gid), $0.next) }
                }
                return list(
                    seen, isThere: model.sees(user, person: id), visible { $0.assignee == id })
            })
    }

    func stories() -> Comparison {
        each(made.tasks) { id in
            answer(.listStories(.with { $0.task = id }), StoryPage.self).map { _ in "\(id)" }
        } _: { id in
            model.level(user, task: id) > 0 ? "\(id)" : nil
        }
    }

    func attachments() -> Comparison {
        each(made.tasks) { id in
            answer(.listAttachments(.with { $0.task = id }), AttachmentList.self).map { _ in "\(id)"
            }
        } _: { id in
            model.level(user, task: id) > 0 ? "\(id)" : nil
        }
    }

    // MARK: - Labels, fields, trash

    func label() -> Comparison {
        each(made.labels) { id in
            answer(.getLabel(.with { $0.label = "\(id)" }), Label.self).map { "\($0.gid)" }
        } _: { id in
            model.sees(user, label: id) ? "\(id)" : nil
        }
    }

    func labels() -> Comparison {
        let seen = pages { cursor in
            answer(
                .listLabels(
                    .with {
                        $0.limit = 2
                        $0.cursor = cursor
                    }), LabelPage.self
            ).map { ($0.labels.map(\.gid), $0.next) }
        }
        return list(
            seen, isThere: model.isHere(user), made.labels.filter { model.sees(user, label: $0) })
    }

    func field() -> Comparison {
        each(made.fields) { id in
            answer(.getField(.with { $0.field = "\(id)" }), Field.self).map { "\($0.gid)" }
        } _: { id in
            model.sees(user, field: id) ? "\(id)" : nil
        }
    }

    func fields() -> Comparison {
        let seen = pages { cursor in
            answer(
                .listFields(
                    .with {
                        $0.limit = 2
                        $0.cursor = cursor
                    }), FieldPage.self
            ).map { ($0.fields.map(\.gid), $0.next) }
        }
        return list(
            seen, isThere: model.isHere(user), made.fields.filter { model.sees(user, field: $0) })
    }

    func trash() -> Comparison {
        let seen = pages { cursor in
            answer(
                .listTrash(
                    .with {
                        $0.limit = 2
                        $0.cursor = cursor
                    }), TrashPage.self
            ).map { ($0.entries.map(\.gid), $0.next) }
        }
        let tasks = model.tasks.filter { $0.isDeleted && model.levelAsIfThere(user, $0) >= 3 }
        let projects = model.projects.filter {
            $0.isDeleted && model.hasItsTeam($0) && model.levelAsIfThere(user, $0) >= 4
        }
        let teams = model.teams.filter { $0.isDeleted && model.couldManage(user, team: $0.id) }
        return list(
            seen, isThere: model.isHere(user),
            tasks.map(\.id) + projects.map(\.id) + teams.map(\.id))
    }
}

extension ReferenceModel.Project {
    /// Who made it, as far as a reader may know.
    fileprivate func creator(_ model: ReferenceModel, _ user: UInt64) -> UInt64 {
        model.sees(user, person: maker) ? maker : 0
    }
}
