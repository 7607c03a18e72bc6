import WorkProtocol

@testable import WorkGraph

/// What the reader of twin worlds does not see: it happens in the busy one alone.
extension TwinWorlds {
    func somethingHidden() {
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
                        $0.remove = [other]
                    }), as: somebody)
        case 3:
            let last = pick(things.shown.tasks)
            for (task, needed) in [(shown, other), (other, last)] {
                hidden(
                    .changeDependencies(
                        .with {
                            $0.task = task
                            $0.add = [needed]
                        }), as: somebody)
            }
            traps.append(
                .changeDependencies(
                    .with {
                        $0.task = last
                        $0.add = [shown]
                    }))
        case 4 where quiet.parent(of: shown) == 0:
            hidden(
                .setParent(
                    .with {
                        $0.task = shown
                        $0.parent = other
                    }), as: somebody)
            traps.append(
                .setParent(
                    .with {
                        $0.task = shown
                        $0.parent = random.once(in: 2) ? 0 : pick(things.shown.tasks)
                    }))
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
        // Members know all tags, fields and people of the workspace; guests do not.
        if reader == busy.gus, random.once(in: 2) { return hiddenVocabulary() }
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

    private func hiddenVocabulary() {
        switch random.below(3) {
        case 0:
            let label = hidden(.createLabel(.with { $0.name = "Tag" }), as: busy.ann)
            things.labels += label.map { [$0.gid] } ?? []
            hidden(
                .changeLabels(
                    .with {
                        $0.task = pick(things.hidden.tasks)
                        $0.add = things.labels
                    }), as: busy.ann)
        case 1:
            let field = hidden(.createField(.with { $0.name = "Shown" }), as: busy.ann)
            things.fields += field.map { [$0.gid] } ?? []
        default:
            let account = UInt64(random.below(20) + 50)
            hidden(
                .admitMember(
                    .with {
                        $0.account = account
                        $0.name = "Person \(account)"
                        $0.email = "\(account)@example.com"
                        $0.role = .member
                        $0.isActive = true
                    }), as: .node)
            hidden(
                .updateTask(
                    .with {
                        $0.task = pick(things.hidden.tasks)
                        $0.assignee = account
                    }), as: busy.ann)
        }
    }
}

extension World {
    /// The row of a task's parent; 0 for none.
    fileprivate func parent(of task: UInt64) -> UInt32 {
        graph.row(task, .task).flatMap { graph.taskKeys($0)?.parent } ?? 0
    }
}
