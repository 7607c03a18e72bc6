import WorkProtocol

@testable import WorkGraph

/// What happens in twin worlds.
extension TwinWorlds {
    /// Something hidden, something shown, or something the reader tries.
    func step() {
        switch random.below(5) {
        case 0...1: somethingHidden()
        case 2...3: somethingShown()
        default: somethingTried()
        }
    }

    private func pick(_ gids: [UInt64]) -> UInt64 { random.pick(gids) ?? 0 }
    private var somebody: Principal { random.once(in: 2) ? busy.ann : busy.bob }

    // MARK: - What the reader does not see

    private func somethingHidden() {
        switch random.below(6) {
        case 0: hiddenWork()
        case 1...2: hiddenTies()
        case 3...4: hiddenValues()
        default: hiddenContainers()
        }
    }

    /// Work on hidden tasks.
    private func hiddenWork() {
        let task = pick(things.hidden.tasks)
        let text = String(repeating: "h", count: random.below(40))
        switch random.below(6) {
        case 0:
            var create = CreateTask.with { $0.name = "Secret \(text)" }
            if random.once(in: 2) { create.placements = [placement(things.hidden.project)] }
            if random.once(in: 2) { create.external = .with { $0.gid = "X" } }
            create.assignee = random.once(in: 2) ? 2 : 0
            note(task: hidden(.createTask(create), as: busy.ann))
        case 1:
            hidden(
                .updateTask(
                    .with {
                        $0.task = task
                        $0.name = text
                        $0.completed = random.once(in: 2)
                        $0.assignee = UInt64(random.below(2) + 1)
                    }), as: somebody)
        case 2:
            let made = hidden(
                .addComment(
                    .with {
                        $0.task = task
                        $0.text = "!" + text
                    }), as: somebody)
            things.comments += made.map { [$0.gid] } ?? []
        case 3:
            hidden(
                .setLike(
                    .with {
                        $0.target = task
                        $0.liked = random.once(in: 2)
                    }), as: somebody)
        case 4: hidden(.deleteTask(.with { $0.task = task }), as: somebody)
        default: hidden(.restore(.with { $0.gid = task }), as: busy.ann)
        }
    }

    /// Ties between what is shown and what is not.
    private func hiddenTies() {
        let shown = pick(things.shown.tasks)
        let other = pick(things.hidden.tasks)
        switch random.below(6) {
        case 0:
            hidden(
                .addToProject(
                    .with {
                        $0.task = shown
                        $0.placement = placement(things.hidden.project)
                    }), as: somebody)
        case 1:
            hidden(
                .removeFromProject(
                    .with {
                        $0.task = shown
                        $0.project = things.hidden.project
                    }), as: somebody)
        case 2:
            hidden(
                .changeDependencies(
                    .with {
                        $0.task = shown
                        if random.once(in: 4) { $0.remove = [other] } else { $0.add = [other] }
                    }), as: somebody)
        case 3:
            hidden(
                .changeDependencies(
                    .with {
                        $0.task = other
                        $0.add = [shown]
                    }), as: somebody)
        case 4 where quiet.parent(of: shown) == 0:
            hidden(
                .setParent(
                    .with {
                        $0.task = shown
                        $0.parent = other
                    }), as: somebody)
        default:
            hidden(
                .moveMyTask(
                    .with {
                        $0.task = other
                        $0.bucket = Bucket.allCases[random.below(4) + 1]
                    }), as: busy.bob)
        }
    }

    /// Values that only the hidden project's readers see.
    private func hiddenValues() {
        let isOwn = !random.once(in: 3)
        let text = random.once(in: 4) ? "" : String(repeating: "v", count: random.below(30) + 1)
        hidden(
            .updateTask(
                .with {
                    $0.task = pick(isOwn ? things.shown.tasks : things.hidden.tasks)
                    $0.fields = [
                        .with {
                            $0.field = isOwn ? things.hidden.field : things.hidden.sharedField
                            $0.text = text
                        }
                    ]
                }), as: somebody)
    }

    private func hiddenContainers() {
        switch random.below(6) {
        case 0:
            let made = hidden(
                .createTeam(
                    .with {
                        $0.name = "Secret"
                        $0.visibility = .secret
                    }), as: busy.ann)
            things.teams += made.map { [$0.gid] } ?? []
        case 1:
            let made = hidden(
                .createProject(
                    .with {
                        $0.name = random.once(in: 2) ? "Shown" : "Hidden"
                        $0.privacy = .private
                        $0.external = .with { $0.gid = "P" }
                    }), as: busy.bob)
            things.projects += made.map { [$0.gid] } ?? []
        case 2:
            hidden(
                .updateProject(
                    .with {
                        $0.project = things.hidden.project
                        $0.name = "Hidden \(random.below(9))"
                    }), as: somebody)
        case 3 where random.once(in: 3):
            hidden(.deleteProject(.with { $0.project = things.hidden.project }), as: busy.ann)
        case 3...4: hidden(.restore(.with { $0.gid = things.hidden.project }), as: busy.ann)
        default:
            // Members know all fields of the workspace, and which projects they see have them.
            hidden(
                .setProjectField(
                    .with {
                        $0.project = things.hidden.project
                        $0.field = things.shown.field
                    }), as: busy.ann)
        }
    }

    private func placement(_ project: UInt64) -> Placement {
        .with {
            $0.project = project
            $0.atTop = random.once(in: 2)
        }
    }

    // MARK: - What everybody sees

    private func somethingShown() {
        let task = pick(things.shown.tasks)
        let other = pick(things.shown.tasks)
        switch random.below(9) {
        case 0:
            let made = both(.createTask(shownTask("New")), as: busy.ann)
            note(task: made)
            things.shown.tasks += made.map { [$0.gid] } ?? []
        case 1:
            both(
                .updateTask(
                    .with {
                        $0.task = task
                        $0.name = "Renamed \(random.below(9))"
                        $0.completed = random.once(in: 2)
                    }), as: busy.ann)
        case 2:
            both(
                .updateTask(
                    .with {
                        $0.task = task
                        $0.assignee = UInt64(random.below(5))
                    }), as: busy.ann)
        case 3:
            let made = both(
                .addComment(
                    .with {
                        $0.task = task
                        $0.text = "Shown"
                    }), as: busy.ann)
            things.comments += made.map { [$0.gid] } ?? []
        case 4:
            both(
                .addToProject(
                    .with {
                        $0.task = task
                        $0.placement = .with {
                            $0.project = things.shown.project
                            $0.section = pick(things.shown.sections)
                        }
                    }), as: busy.ann)
        case 5:
            both(
                .changeDependencies(
                    .with {
                        $0.task = task
                        $0.add = [other]
                    }), as: busy.ann)
        case 6:
            both(
                .changeLabels(
                    .with {
                        $0.task = task
                        $0.add = things.labels
                    }), as: busy.ann)
        case 7: value(things.shown.field, of: task, as: busy.ann)
        default: value(things.hidden.sharedField, of: task, as: busy.ann)
        }
    }

    private func value(_ field: UInt64, of task: UInt64, as principal: Principal) {
        both(
            .updateTask(
                .with {
                    $0.task = task
                    $0.fields = [
                        .with {
                            $0.field = field
                            $0.text = "value \(random.below(9))"
                        }
                    ]
                }), as: principal)
    }

    // MARK: - What the reader tries

    private func somethingTried() {
        let task = pick(things.shown.tasks)
        let other = pick(things.tasks)
        switch random.below(10) {
        case 0:
            both(
                .changeDependencies(
                    .with {
                        $0.task = task
                        if random.once(in: 4) { $0.remove = [other] } else { $0.add = [other] }
                    }), as: reader)
        case 1:
            both(
                .setParent(
                    .with {
                        $0.task = task
                        $0.parent = other
                    }), as: reader)
        case 2:
            both(
                .addToProject(
                    .with {
                        $0.task = other
                        $0.placement = placement(pick(things.projects))
                    }), as: reader)
        case 3: value(pick(things.fields), of: other, as: reader)
        case 4:
            let made = both(
                .createTask(
                    .with {
                        $0.name = "Reader's"
                        $0.placements = [.with { $0.project = things.shown.project }]
                        $0.external = .with { $0.gid = "X" }
                    }), as: reader)
            note(task: made)
            things.shown.tasks += made.map { [$0.gid] } ?? []
        case 5: both(.restore(.with { $0.gid = pick(things.all) }), as: reader)
        case 6:
            both(
                .setLike(
                    .with {
                        $0.target = pick(things.tasks + things.comments)
                        $0.liked = true
                    }), as: reader)
        case 7:
            both(
                .updateTask(
                    .with {
                        $0.task = task
                        $0.notes = "by the reader"
                        $0.ifVersion = UInt32(random.below(6))
                    }), as: reader)
        case 8:
            both(
                .createProject(
                    .with {
                        $0.name = "Reader's"
                        $0.external = .with { $0.gid = "P" }
                    }), as: reader
            ).map { things.projects.append($0.gid) }
        default:
            // Not out of the project that is shown: whether a task is then private to its people
            // depends on whether it is in another.
            both(
                .removeFromProject(
                    .with {
                        $0.task = other
                        $0.project = things.hidden.project
                    }), as: reader)
        }
    }

    private func note(task: Changed?) {
        guard let task else { return }
        things.tasks.append(task.gid)
    }
}

extension World {
    /// The row of a task's parent; 0 for none.
    fileprivate func parent(of task: UInt64) -> UInt32 {
        graph.row(task, .task).flatMap { graph.taskKeys($0)?.parent } ?? 0
    }
}
