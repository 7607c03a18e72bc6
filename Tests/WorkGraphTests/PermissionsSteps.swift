import Checking
import Testing
import WorkProtocol

@testable import WorkGraph

/// Something that somebody tries: the command, whether the oracle allows it, and what it then does
/// to the oracle's picture.
struct PermissionStep {
    var command: Command
    /// Nil where the rules are not the subject (a list that is full, a circle).
    var allowed: Bool?
    var apply: (inout ReferenceModel, Changed) -> Void
}

extension PermissionWorlds {
    /// Somebody tries something; what comes of it must be what the oracle says.
    func step() throws {
        let ordinal = Self.ordinals[random.below(3)]
        guard let model = models[ordinal] else { return }
        let admins = principals.filter { model.person($0.account.rawValue)?.rank == .admin }
        guard let principal = random.pick(random.once(in: 4) ? admins : principals) else { return }
        answers.removeAll()
        let step = next(in: ordinal, as: principal, model)
        history.append("\(ordinal) \(principal.account) \(step.command)")
        do throws(Rejection) {
            let bytes = try perform(step.command, in: ordinal, as: principal)
            #expect(step.allowed != false, "allowed \(history.last ?? ""), though it may not")
            guard let changed = try? Changed(decoding: bytes) else { return }
            models[ordinal].map { model in
                var model = model
                step.apply(&model, changed)
                models[ordinal] = model
            }
            note(step.command, changed, in: ordinal)
        } catch {
            let isRefusal = error.reason == .notFound || error.reason == .forbidden
            #expect(
                !isRefusal || step.allowed != true, "refused \(history.last ?? ""): \(error)")
        }
    }

    private func note(_ command: Command, _ changed: Changed, in ordinal: UInt32) {
        switch command {
        case .createTeam: made[ordinal]?.teams.append(changed.gid)
        case .createTask: made[ordinal]?.tasks.append(changed.gid)
        case .createLabel: made[ordinal]?.labels.append(changed.gid)
        case .createField: made[ordinal]?.fields.append(changed.gid)
        case .createProject:
            made[ordinal]?.projects.append(changed.gid)
            made[ordinal]?.sections += changed.gids.map { ($0, changed.gid) }
        default: break
        }
    }

    private func next(
        in ordinal: UInt32, as principal: Principal, _ model: ReferenceModel
    ) -> PermissionStep {
        let made = made[ordinal] ?? Made()
        var maker = StepMaker(
            user: principal.account.rawValue, mayWrite: principal.scopes.contains(.write),
            model: model, made: made, random: random)
        defer { random = maker.random }
        if made.projects.count < 2 { return maker.createProject() }
        if made.tasks.count < 3 { return maker.createTask() }
        switch maker.random.below(33) {
        case 0: return made.teams.count < 4 ? maker.createTeam() : maker.setTeamMember()
        case 1...2: return maker.setTeamMember()
        case 3: return maker.removeTeamMember()
        case 4: return made.projects.count < 6 ? maker.createProject() : maker.updateProject()
        case 5...7: return maker.updateProject()
        case 8...10: return maker.setProjectMember()
        case 11: return maker.removeProjectMember()
        case 12...13: return maker.delete()
        case 14...15: return maker.restore()
        case 16...17: return made.tasks.count < 20 ? maker.createTask() : maker.addToProject()
        case 18...19: return maker.addToProject()
        case 20: return maker.removeFromProject()
        case 21: return maker.setParent()
        case 22, 30: return maker.changeCollaborators()
        case 23: return maker.assign()
        case 24: return maker.setPublic()
        case 25, 31, 32: return maker.changeMembership()
        case 26: return maker.label()
        case 27: return maker.field()
        case 28: return maker.complete()
        default: return maker.depend()
        }
    }
}

/// Makes random steps of one person in one workspace.
struct StepMaker {
    let user: UInt64
    let mayWrite: Bool
    let model: ReferenceModel
    let made: PermissionWorlds.Made
    var random: SeededRandom

    var isHere: Bool { model.isHere(user) && mayWrite }
    var isGuest: Bool { model.person(user)?.rank == .guest }
    var isMember: Bool { isHere && !isGuest }

    mutating func person() -> UInt64 { UInt64(random.below(8) + 1) }
    mutating func team() -> UInt64 { random.pick(made.teams) ?? 0 }
    mutating func project() -> UInt64 { random.pick(made.projects) ?? 0 }
    mutating func task() -> UInt64 { random.pick(made.tasks) ?? 0 }

    func may(_ level: Int, project: UInt64) -> Bool {
        mayWrite && model.level(user, project: project) >= level
    }

    func may(_ level: Int, task: UInt64) -> Bool {
        mayWrite && model.level(user, task: task) >= level
    }

    /// Whether a command may name somebody: one that is seen. Whether it makes sense to (somebody
    /// who is gone, a service account) is no question of rights.
    func mayName(_ person: UInt64) -> Bool { model.sees(user, person: person) }

    func manages(_ team: UInt64) -> Bool {
        mayWrite && model.sees(user, team: team) && model.couldManage(user, team: team)
    }

    func step(
        _ command: Command, _ allowed: Bool?,
        _ apply: @escaping (inout ReferenceModel, Changed) -> Void
    ) -> PermissionStep {
        PermissionStep(command: command, allowed: allowed, apply: apply)
    }

    // MARK: - Teams

    mutating func createTeam() -> PermissionStep {
        let isSecret = random.once(in: 2)
        let user = user
        return step(
            .createTeam(
                .with {
                    $0.name = "team"
                    $0.visibility = isSecret ? .secret : .public
                }), isMember
        ) { model, changed in
            var team = ReferenceModel.Team(id: changed.gid)
            team.isSecret = isSecret
            team.members = [(user, true)]
            model.teams.append(team)
        }
    }

    mutating func setTeamMember() -> PermissionStep {
        let id = team()
        let member = random.once(in: 3) ? user : person()
        let isAdmin = random.once(in: 3)
        let team = model.team(id)
        let joins =
            member == user && !isAdmin && isMember && model.sees(user, team: id)
            && team?.isSecret == false && team?.members.contains { $0.id == user } == false
        return step(
            .setTeamMember(
                .with {
                    $0.team = id
                    $0.account = member
                    $0.isAdmin = isAdmin
                }), (joins || manages(id)) && mayName(member)
        ) { model, _ in
            model.change(team: id) { team in
                team.members.removeAll { $0.id == member }
                team.members.append((member, isAdmin))
            }
        }
    }

    mutating func removeTeamMember() -> PermissionStep {
        let id = team()
        let member = random.once(in: 2) ? user : person()
        let own = member == user && mayWrite && model.sees(user, team: id)
        return step(
            .removeTeamMember(
                .with {
                    $0.team = id
                    $0.account = member
                }), own || manages(id)
        ) { model, _ in
            model.change(team: id) { $0.members.removeAll { $0.id == member } }
        }
    }

    // MARK: - Projects

    private func mayPutInto(team id: UInt64) -> Bool {
        guard let team = model.team(id), model.sees(user, team: id) else { return false }
        return team.members.contains { $0.id == user } || (!team.isSecret && !isGuest)
    }

    mutating func createProject() -> PermissionStep {
        let team = random.once(in: 2) ? team() : 0
        let openness = ReferenceModel.Openness(rawValue: random.below(3)) ?? .nobody
        let user = user
        return step(
            .createProject(
                .with {
                    $0.name = "project"
                    $0.team = team
                    $0.privacy = ProjectPrivacy(rawValue: UInt32(openness.rawValue)) ?? .private
                    $0.sections = ["one", "two"]
                }), isMember && (team == 0 || mayPutInto(team: team))
        ) { model, changed in
            var project = ReferenceModel.Project(id: changed.gid)
            project.openness = openness
            project.team = team
            project.owner = user
            project.maker = user
            project.shares = [(user, 4)]
            model.projects.append(project)
        }
    }

    mutating func updateProject() -> PermissionStep {
        let id = project()
        var update = UpdateProject()
        update.project = id
        switch random.below(4) {
        case 0:
            let openness = ReferenceModel.Openness(rawValue: random.below(3)) ?? .nobody
            update.privacy = ProjectPrivacy(rawValue: UInt32(openness.rawValue))
            // Unchanged is allowed to whoever may edit.
            let same = model.project(id)?.openness == openness
            return step(.updateProject(update), may(same ? 3 : 4, project: id)) { model, _ in
                model.change(project: id) { $0.openness = openness }
            }
        case 1:
            let level = random.below(4) + 1
            update.defaultAccess = AccessLevel(rawValue: UInt32(level))
            let same = model.project(id)?.openLevel == level
            return step(.updateProject(update), may(same ? 3 : 4, project: id)) { model, _ in
                model.change(project: id) { $0.openLevel = level }
            }
        case 2:
            let owner = person()
            update.owner = owner
            let same = model.project(id)?.owner == owner
            let allowed = same ? may(3, project: id) : may(4, project: id) && mayName(owner)
            return step(.updateProject(update), allowed) { model, _ in
                model.change(project: id) { project in
                    guard project.owner != owner else { return }
                    project.owner = owner
                    project.share(with: owner, 4)
                }
            }
        default:
            let team = team()
            update.team = team
            let same = model.project(id)?.team == team
            let allowed =
                same ? may(3, project: id) : may(4, project: id) && mayPutInto(team: team)
            return step(.updateProject(update), team == 0 ? nil : allowed) { model, _ in
                model.change(project: id) { $0.team = team }
            }
        }
    }

    mutating func setProjectMember() -> PermissionStep {
        let id = project()
        let isTeam = random.once(in: 3) && !made.teams.isEmpty
        let member = isTeam ? team() : person()
        let level = random.below(4) + 1
        let mayShare = isTeam ? model.sees(user, team: member) : mayName(member)
        return step(
            .setProjectMember(
                .with {
                    $0.project = id
                    $0.member = member
                    $0.access = AccessLevel(rawValue: UInt32(level)) ?? .none
                }), may(4, project: id) && mayShare
        ) { model, _ in
            model.change(project: id) { $0.share(with: member, level) }
        }
    }

    mutating func removeProjectMember() -> PermissionStep {
        let id = project()
        let member = random.once(in: 4) ? user : random.once(in: 4) ? team() : person()
        return step(
            .removeProjectMember(
                .with {
                    $0.project = id
                    $0.member = member
                }), may(member == user ? 1 : 4, project: id)
        ) { model, _ in
            model.change(project: id) { $0.shares.removeAll { $0.id == member } }
        }
    }

    // MARK: - Trash

    mutating func delete() -> PermissionStep {
        switch random.below(4) {
        case 0:
            let id = team()
            return step(.deleteTeam(.with { $0.team = id }), manages(id)) { model, _ in
                model.change(team: id) { $0.isDeleted = true }
            }
        case 1:
            let id = project()
            return step(.deleteProject(.with { $0.project = id }), may(4, project: id)) {
                model, _ in
                model.change(project: id) { $0.isDeleted = true }
            }
        default:
            let id = task()
            return step(.deleteTask(.with { $0.task = id }), may(3, task: id)) { model, _ in
                model.change(task: id) { $0.isDeleted = true }
            }
        }
    }

    mutating func restore() -> PermissionStep {
        let teams = model.teams.filter(\.isDeleted).map(\.id)
        let projects = model.projects.filter(\.isDeleted).map(\.id)
        let tasks = model.tasks.filter(\.isDeleted).map(\.id)
        let id = random.pick(teams + projects + tasks) ?? task()
        var allowed =
            model.team(id).map { $0.isDeleted && model.couldManage(user, team: id) } ?? false
        if let project = model.project(id), project.isDeleted {
            allowed = model.hasItsTeam(project) && model.levelAsIfThere(user, project) >= 4
        }
        if let task = model.task(id), task.isDeleted {
            allowed = model.levelAsIfThere(user, task) >= 3
        }
        return step(.restore(.with { $0.gid = id }), allowed && mayWrite) { model, _ in
            model.change(team: id) { $0.isDeleted = false }
            model.change(project: id) { $0.isDeleted = false }
            model.change(task: id) { $0.isDeleted = false }
        }
    }
}

extension ReferenceModel {
    mutating func change(team id: UInt64, _ body: (inout Team) -> Void) {
        if let index = teams.firstIndex(where: { $0.id == id }) { body(&teams[index]) }
    }

    mutating func change(project id: UInt64, _ body: (inout Project) -> Void) {
        if let index = projects.firstIndex(where: { $0.id == id }) { body(&projects[index]) }
    }

    mutating func change(task id: UInt64, _ body: (inout Job) -> Void) {
        if let index = tasks.firstIndex(where: { $0.id == id }) { body(&tasks[index]) }
    }

    mutating func change(person id: UInt64, _ body: (inout Person) -> Void) {
        if let index = people.firstIndex(where: { $0.id == id }) { body(&people[index]) }
    }
}

extension ReferenceModel.Project {
    mutating func share(with member: UInt64, _ level: Int) {
        shares.removeAll { $0.id == member }
        shares.append((member, level))
    }
}
