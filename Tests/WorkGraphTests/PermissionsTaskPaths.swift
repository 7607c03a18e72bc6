import Checking
import WorkProtocol

/// How tasks are read, one by one and in lists.
extension Reading {
    func task() -> Comparison {
        each(made.tasks) { id in
            answer(.getTask(.with { $0.task = id }), WorkTask.self).map(line)
        } _: { id in
            expectedLine(task: id)
        }
    }

    func line(_ task: WorkTask) -> String {
        "\(task.gid) under \(task.parent) in \(shown(task.memberships.map(\.project))) "
            + "at \(shown(task.memberships.map(\.section))) needs \(shown(task.dependencies)) "
            + "before \(shown(task.dependents)) labels \(shown(task.labels)) "
            + "\(task.subtaskCount) subtasks"
    }

    func expectedLine(task id: UInt64) -> String? {
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

    func visible(_ isWanted: (ReferenceModel.Job) -> Bool) -> [UInt64] {
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
}
