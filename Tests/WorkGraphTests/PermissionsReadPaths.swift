import Checking
import Testing
import WorkProtocol

/// Every way to read something of a workspace: what it shows, and what the oracle says it should,
/// as lines that must be equal.
enum ReadPath: CaseIterable {
    case workspace, person, users, team, teams, project, projects, sections
    case task, projectTasks, sectionTasks, subtasks, labelTasks, assignedTasks, myTasks
    case stories, attachments, label, labels, field, fields, trash
    case exportedProject, exportedMyTasks

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
        case .export: [.exportedProject, .exportedMyTasks]
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
        case .exportedProject: reading.exportedProject()
        case .exportedMyTasks: reading.exportedMyTasks()
        }
    }
}

typealias Comparison = (seen: [String], expected: [String])

extension Reading {
    static let people: [UInt64] = Array(1...9)

    func shown(_ gids: [UInt64]) -> String {
        gids.sorted().map(String.init).joined(separator: ",")
    }

    /// One line for each gid that is answered, one for each that should be.
    func each(
        _ gids: [UInt64], _ seen: (UInt64) -> String?, _ expected: (UInt64) -> String?
    ) -> Comparison {
        (gids.compactMap(seen), gids.compactMap(expected))
    }

    /// All pages of a list, two rows a page, so that "there is more" is tested as well.
    func pages(_ page: ([UInt8]) -> (gids: [UInt64], next: [UInt8])?) -> [UInt64]? {
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

    func list(
        _ gids: [UInt64]?, isThere: Bool = true, _ expected: [UInt64]
    ) -> Comparison {
        let seen = gids.map { $0.sorted().map(String.init) } ?? ["not found"]
        return (seen, isThere ? expected.sorted().map(String.init) : ["not found"])
    }

    func concatenated(_ comparisons: [Comparison]) -> Comparison {
        (comparisons.flatMap(\.seen), comparisons.flatMap(\.expected))
    }
}
