import Checking
import WorkProtocol

/// How people, teams and projects are read.
extension Reading {
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
}

extension ReferenceModel.Project {
    /// Who made it, as far as a reader may know.
    fileprivate func creator(_ model: ReferenceModel, _ user: UInt64) -> UInt64 {
        model.sees(user, person: maker) ? maker : 0
    }
}
