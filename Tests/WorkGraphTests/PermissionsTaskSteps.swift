import Checking
import WorkProtocol

/// Steps about tasks, people, labels and fields.
extension StepMaker {
    /// Where a task goes in a project.
    private mutating func place(_ project: UInt64) -> (placement: Placement, section: UInt64) {
        let sections = made.sections.filter { $0.project == project }.map(\.section)
        let section = random.pick(sections) ?? 0
        let placement = Placement.with {
            $0.project = project
            $0.section = section
        }
        return (placement, section)
    }

    mutating func createTask() -> PermissionStep {
        let user = user
        let parent = random.once(in: 3) ? task() : 0
        let assignee = random.once(in: 3) ? person() : 0
        let home = random.once(in: 2) ? project() : 0
        let (placement, section) = place(home)
        let allowed =
            isHere && (parent == 0 || may(3, task: parent)) && (home == 0 || may(3, project: home))
            && (assignee == 0 || mayName(assignee))
        return step(
            .createTask(
                .with {
                    $0.name = "task"
                    $0.parent = parent
                    $0.assignee = assignee
                    if home != 0 { $0.placements = [placement] }
                }), allowed
        ) { model, changed in
            var task = ReferenceModel.Job(id: changed.gid)
            task.creator = user
            task.assignee = assignee
            task.parent = parent
            if home != 0 { task.projects = [(home, section)] }
            task.collaborators = [user]
            if assignee != 0, assignee != user { task.collaborators.append(assignee) }
            model.tasks.append(task)
        }
    }

    mutating func addToProject() -> PermissionStep {
        let id = task()
        let home = project()
        let (placement, section) = place(home)
        return step(
            .addToProject(
                .with {
                    $0.task = id
                    $0.placement = placement
                }), may(3, task: id) && may(3, project: home)
        ) { model, _ in
            model.change(task: id) { task in
                task.projects.removeAll { $0.project == home }
                task.projects.append((home, section))
            }
        }
    }

    mutating func removeFromProject() -> PermissionStep {
        let id = task()
        let home = model.task(id)?.projects.first?.project ?? project()
        return step(
            .removeFromProject(
                .with {
                    $0.task = id
                    $0.project = home
                }), may(1, task: id) && may(3, project: home)
        ) { model, _ in
            model.change(task: id) { $0.projects.removeAll { $0.project == home } }
        }
    }

    mutating func setParent() -> PermissionStep {
        let id = task()
        let parent = random.once(in: 3) ? 0 : task()
        // A parent that one does not see is not there to be left.
        let old = model.task(id)?.parent ?? 0
        let stays = parent == 0 && old != 0 && model.level(user, task: old) == 0
        return step(
            .setParent(
                .with {
                    $0.task = id
                    $0.parent = parent
                }), may(3, task: id) && (parent == 0 || may(3, task: parent))
        ) { model, _ in
            if !stays { model.change(task: id) { $0.parent = parent } }
        }
    }

    mutating func changeCollaborators() -> PermissionStep {
        let id = task()
        let other = random.once(in: 2) ? user : person()
        let adds = random.once(in: 3)
        let needed = other == user ? (adds ? 2 : 1) : 3
        return step(
            .changeCollaborators(
                .with {
                    $0.task = id
                    if adds { $0.add = [other] } else { $0.remove = [other] }
                }), may(needed, task: id) && (!adds || mayName(other))
        ) { model, _ in
            model.change(task: id) { task in
                task.collaborators.removeAll { $0 == other }
                if adds { task.collaborators.append(other) }
            }
        }
    }

    mutating func assign() -> PermissionStep {
        let id = task()
        let other = random.once(in: 4) ? 0 : person()
        let isSame = model.task(id)?.assignee == other
        return step(
            .updateTask(
                .with {
                    $0.task = id
                    $0.assignee = other
                }), may(3, task: id) && (other == 0 || isSame || mayName(other))
        ) { model, _ in
            model.change(task: id) { task in
                guard task.assignee != other else { return }
                task.assignee = other
                if other != 0, !task.collaborators.contains(other) {
                    task.collaborators.append(other)
                }
            }
        }
    }

    mutating func setPublic() -> PermissionStep {
        let id = task()
        let isPublic = !random.once(in: 3)
        return step(
            .setTaskPublic(
                .with {
                    $0.task = id
                    $0.isPublic = isPublic
                }), may(3, task: id)
        ) { model, _ in
            model.change(task: id) { $0.isPublic = isPublic }
        }
    }

    mutating func complete() -> PermissionStep {
        let id = task()
        let isDone = random.once(in: 2)
        return step(
            .updateTask(
                .with {
                    $0.task = id
                    $0.completed = isDone
                }), may(3, task: id)
        ) { model, _ in
            model.change(task: id) { $0.isDone = isDone }
        }
    }

    mutating func depend() -> PermissionStep {
        let id = task()
        let other = task()
        return step(
            .changeDependencies(
                .with {
                    $0.task = id
                    $0.add = [other]
                }), may(3, task: id) && may(1, task: other)
        ) { model, _ in
            model.change(task: id) { task in
                if !task.dependencies.contains(other) { task.dependencies.append(other) }
            }
        }
    }

    // MARK: - People, labels, fields

    mutating func changeMembership() -> PermissionStep {
        let id = person()
        let isAdmin = isHere && model.person(user)?.rank == .admin
        let isKnown = model.person(id) != nil
        if random.once(in: 2) {
            let isActive = !random.once(in: 3)
            return step(
                .updateMembership(
                    .with {
                        $0.account = id
                        $0.isActive = isActive
                    }), isAdmin && isKnown
            ) { model, _ in
                model.change(person: id) { $0.isActive = isActive }
            }
        }
        let rank = ReferenceModel.Rank(rawValue: random.below(3) + 1) ?? .member
        return step(
            .updateMembership(
                .with {
                    $0.account = id
                    $0.role = Role(rawValue: UInt32(rank.rawValue))
                }), isAdmin && isKnown
        ) { model, _ in
            model.change(person: id) { $0.rank = rank }
        }
    }

    mutating func label() -> PermissionStep {
        if made.labels.count < 3 {
            return step(.createLabel(.with { $0.name = "label" }), isMember) { model, changed in
                model.labels.append(changed.gid)
            }
        }
        let label = random.pick(made.labels) ?? 0
        if random.once(in: 8) {
            let allowed = isMember && model.sees(user, label: label)
            return step(.deleteLabel(.with { $0.label = label }), allowed) { model, _ in
                model.labels.removeAll { $0 == label }
            }
        }
        let id = task()
        return step(
            .changeLabels(
                .with {
                    $0.task = id
                    $0.add = [label]
                }), may(3, task: id) && model.sees(user, label: label)
        ) { model, _ in
            model.change(task: id) { task in
                if !task.labels.contains(label) { task.labels.append(label) }
            }
        }
    }

    mutating func field() -> PermissionStep {
        if made.fields.count < 3 {
            return step(.createField(.with { $0.name = "field" }), isMember) { model, changed in
                model.fields.append(changed.gid)
            }
        }
        let field = random.pick(made.fields) ?? 0
        let id = project()
        return step(
            .setProjectField(
                .with {
                    $0.project = id
                    $0.field = field
                }), may(3, project: id) && model.sees(user, field: field)
        ) { model, _ in
            model.change(project: id) { project in
                if !project.fields.contains(field) { project.fields.append(field) }
            }
        }
    }
}
