/// Who may see and do what, once more: the oracle that the store is compared with.
///
/// Written from the design's rules (`model.md`, `security.md`) and nothing else: it shares no code
/// with the store, keeps plain arrays, and computes every answer from scratch, however slowly. One
/// model is one workspace; objects are known by their gids.
package struct ReferenceModel: Sendable {
    package enum Rank: Int, Sendable { case guest = 1, member, admin }
    package enum Openness: Int, Sendable { case workspace = 0, team, nobody }
    /// Nothing, view, comment, edit, administer.
    package typealias Level = Int

    package struct Person: Sendable {
        package var id: UInt64
        package var rank: Rank
        package var isActive = true
        package var isService = false
        /// A service account whose token may write.
        package var mayWrite = false
        package init(id: UInt64, rank: Rank) {
            self.id = id
            self.rank = rank
        }
    }

    package struct Team: Sendable {
        package var id: UInt64
        package var isSecret = false
        package var members: [(id: UInt64, isAdmin: Bool)] = []
        package var isDeleted = false
        package init(id: UInt64) { self.id = id }
    }

    package struct Project: Sendable {
        package var id: UInt64
        package var openness = Openness.workspace
        package var team: UInt64 = 0
        package var owner: UInt64 = 0
        package var maker: UInt64 = 0
        package var openLevel: Level = 3
        /// People and teams.
        package var shares: [(id: UInt64, level: Level)] = []
        package var fields: [UInt64] = []
        package var isDeleted = false
        package init(id: UInt64) { self.id = id }
    }

    package struct Job: Sendable {
        package var id: UInt64
        package var creator: UInt64 = 0
        package var assignee: UInt64 = 0
        package var collaborators: [UInt64] = []
        package var isPublic = false
        package var parent: UInt64 = 0
        package var projects: [(project: UInt64, section: UInt64)] = []
        package var labels: [UInt64] = []
        package var dependencies: [UInt64] = []
        package var isDone = false
        package var isDeleted = false
        package init(id: UInt64) { self.id = id }
    }

    package var people: [Person] = []
    package var teams: [Team] = []
    package var projects: [Project] = []
    package var tasks: [Job] = []
    package var labels: [UInt64] = []
    package var fields: [UInt64] = []

    /// The rules, by name, so that a test can leave one out and see whether it would be missed.
    package enum Rule: CaseIterable, Sendable {
        case guestsSeeNoPublicTeams, secretTeamsHide
        case guestsSeeNoPublicProjects, privateProjectsHide, teamProjectsHide, teamsOpenProjects
        case ownShareDecides, teamsShare, serviceAccountsReadAll
        case assigneesEdit, creatorsEditPrivate, collaboratorsSee, publicTasksShow
        case guestsSeeNoPublicTasks, parentsShow, deletedTasksHide, deletedProjectsHide
        case deletedTeamsHide, subtasksVanish, guestsKnowFew, removedSeeNothing
    }

    /// The rule that is left out; none in earnest.
    package var without: Rule?

    package init() {}

    private func holds(_ rule: Rule) -> Bool { without != rule }

    // MARK: - Looking up

    package func person(_ id: UInt64) -> Person? { people.first { $0.id == id } }
    package func team(_ id: UInt64) -> Team? { teams.first { $0.id == id } }
    package func project(_ id: UInt64) -> Project? { projects.first { $0.id == id } }
    package func task(_ id: UInt64) -> Job? { tasks.first { $0.id == id } }

    /// The person as somebody who may ask at all.
    private func asker(_ id: UInt64) -> Person? {
        person(id).flatMap { $0.isActive || !holds(.removedSeeNothing) ? $0 : nil }
    }

    package func isHere(_ user: UInt64) -> Bool { asker(user) != nil }

    // MARK: - Teams

    private func isIn(_ user: UInt64, _ team: Team) -> Bool {
        team.members.contains { $0.id == user }
    }

    package func sees(_ user: UInt64, team id: UInt64) -> Bool {
        guard let team = team(id), !team.isDeleted else { return false }
        return seesAsIfThere(user, team)
    }

    private func seesAsIfThere(_ user: UInt64, _ team: Team) -> Bool {
        guard let person = asker(user) else { return false }
        if person.isService || isIn(user, team) { return true }
        if person.rank == .guest, holds(.guestsSeeNoPublicTeams) { return false }
        return !team.isSecret || !holds(.secretTeamsHide)
    }

    /// A deleted team and a deleted project come back by whoever could have deleted them.
    package func couldManage(_ user: UInt64, team id: UInt64) -> Bool {
        guard let team = team(id), let person = asker(user) else { return false }
        if team.members.contains(where: { $0.id == user && $0.isAdmin }) { return true }
        if person.isService { return person.mayWrite }
        return person.rank == .admin && seesAsIfThere(user, team)
    }

    // MARK: - Projects

    package func isThere(_ project: Project) -> Bool {
        !(project.isDeleted && holds(.deletedProjectsHide)) && hasItsTeam(project)
    }

    package func hasItsTeam(_ project: Project) -> Bool {
        guard project.team != 0, holds(.deletedTeamsHide) else { return true }
        return team(project.team).map { !$0.isDeleted } ?? false
    }

    package func level(_ user: UInt64, project id: UInt64) -> Level {
        guard let project = project(id), isThere(project) else { return 0 }
        return levelAsIfThere(user, project)
    }

    package func levelAsIfThere(_ user: UInt64, _ project: Project) -> Level {
        guard let person = asker(user) else { return 0 }
        if person.isService, holds(.serviceAccountsReadAll) { return person.mayWrite ? 4 : 1 }
        if project.owner == user { return 4 }
        if let own = project.shares.first(where: { $0.id == user }), holds(.ownShareDecides) {
            return own.level
        }
        var level = 0
        for share in project.shares {
            if share.id == user { level = max(level, share.level) }
            if let team = team(share.id), !team.isDeleted, isIn(user, team), holds(.teamsShare) {
                level = max(level, share.level)
            }
        }
        let inTeam = team(project.team).map { !$0.isDeleted && isIn(user, $0) } ?? false
        let throughTeam = inTeam && holds(.teamsOpenProjects)
        let isGuest = person.rank == .guest && holds(.guestsSeeNoPublicProjects)
        switch project.openness {
        case .workspace where throughTeam || !isGuest: return max(level, project.openLevel)
        case .team where throughTeam || !holds(.teamProjectsHide):
            return max(level, project.openLevel)
        case .nobody where !holds(.privateProjectsHide): return max(level, project.openLevel)
        case .workspace, .team, .nobody: return level
        }
    }

    // MARK: - Tasks

    /// A task is there unless it was deleted, or all that it is in was.
    package func isThere(_ task: Job) -> Bool {
        if task.isDeleted, holds(.deletedTasksHide) { return false }
        let homes = task.projects.compactMap { project($0.project) }
        if homes.contains(where: isThere) { return true }
        if task.parent == 0 { return task.projects.isEmpty }
        guard holds(.subtasksVanish) else { return true }
        return self.task(task.parent).map(isThere) ?? false
    }

    package func level(_ user: UInt64, task id: UInt64) -> Level {
        guard let task = task(id), isThere(task) else { return 0 }
        return levelAsIfThere(user, task)
    }

    package func levelAsIfThere(_ user: UInt64, _ task: Job) -> Level {
        guard let person = asker(user) else { return 0 }
        if person.isService, holds(.serviceAccountsReadAll) { return person.mayWrite ? 4 : 1 }
        var level = 0
        for home in task.projects { level = max(level, self.level(user, project: home.project)) }
        let isInNone = task.projects.isEmpty
        if task.assignee == user, holds(.assigneesEdit) { level = max(level, 3) }
        if isInNone, task.creator == user, holds(.creatorsEditPrivate) { level = max(level, 3) }
        if task.collaborators.contains(user), holds(.collaboratorsSee) {
            level = max(level, isInNone ? 3 : 2)
        }
        let mayGuess = person.rank != .guest || !holds(.guestsSeeNoPublicTasks)
        if task.isPublic, mayGuess, holds(.publicTasksShow) { level = max(level, 3) }
        if task.parent != 0, holds(.parentsShow) {
            level = max(level, self.level(user, task: task.parent))
        }
        return level
    }

    // MARK: - People, labels, fields

    package func sees(_ user: UInt64, person id: UInt64) -> Bool {
        guard let asker = asker(user), person(id) != nil else { return false }
        if asker.rank != .guest || user == id || !holds(.guestsKnowFew) { return true }
        let together = teams.contains { !$0.isDeleted && isIn(user, $0) && isIn(id, $0) }
        let inProject = projects.contains { project in
            level(user, project: project.id) > 0 && belongs(id, to: project)
        }
        let onTask = tasks.contains { task in
            (task.assignee == id || task.collaborators.contains(id))
                && level(user, task: task.id) > 0
        }
        return together || inProject || onTask
    }

    private func belongs(_ id: UInt64, to project: Project) -> Bool {
        if project.owner == id { return true }
        return project.shares.contains { share in
            share.id == id || team(share.id).map { !$0.isDeleted && isIn(id, $0) } ?? false
        }
    }

    package func sees(_ user: UInt64, label: UInt64) -> Bool {
        guard let asker = asker(user), labels.contains(label) else { return false }
        return asker.rank != .guest
            || tasks.contains { $0.labels.contains(label) && level(user, task: $0.id) > 0 }
    }

    package func sees(_ user: UInt64, field: UInt64) -> Bool {
        guard let asker = asker(user), fields.contains(field) else { return false }
        return asker.rank != .guest
            || projects.contains { $0.fields.contains(field) && level(user, project: $0.id) > 0 }
    }
}
