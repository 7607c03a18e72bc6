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

    func pick(_ gids: [UInt64]) -> UInt64 { random.pick(gids) ?? 0 }
    var somebody: Principal { random.once(in: 2) ? busy.ann : busy.bob }

    func placement(_ project: UInt64) -> Placement {
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
                        $0.add = Array(things.labels.prefix(1))
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
        if random.once(in: 2), let trap = traps.popLast() {
            both(trap, as: reader)
            return
        }
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
                        $0.parent = random.once(in: 2) ? 0 : other
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

    func note(task: Changed?) {
        guard let task else { return }
        things.tasks.append(task.gid)
    }
}
