import ByteCoding
import Checking
import Testing
import WorkProtocol

@testable import WorkGraph

/// What exports read: task by task, with the names of everything they may name.
extension Reading {
    func exportedProject() -> Comparison {
        concatenated(
            made.projects.map { id in
                guard model.level(user, project: id) > 0 else {
                    return (exported(id) ?? ["not found"], ["not found"])
                }
                return (exported(id) ?? ["not found"], expected(inProject: id))
            })
    }

    func exportedMyTasks() -> Comparison {
        guard model.isHere(user) else { return (exported(0) ?? ["not found"], ["not found"]) }
        let tasks = visible { $0.assignee == user }
        return (
            exported(0) ?? ["not found"],
            tasks.compactMap { expectedLine(task: $0) }.sorted() + expectedNames
        )
    }

    /// The lines of an export's tasks, and the names it would print; nil if it is refused.
    private func exported(_ project: UInt64) -> [String]? {
        guard let graph = worlds.shard.workspace(ordinal) else { return nil }
        let cursor: ExportCursor
        do throws(Rejection) {
            cursor = try graph.export(.with { $0.project = project }, as: principal)
        } catch {
            #expect(error == .notFound, "export by \(user): \(error)")
            return nil
        }
        #expect(cursor.position == 0, "a position tells how much others do")
        var lines: [String] = []
        while let step = cursor.next() {
            if case .begin(let task) = step { lines.append(line(task)) }
        }
        #expect(tasks(graph, project) == lines, "task by task as step by step")
        let names = (made.projects + made.tasks + made.labels + made.fields).filter {
            cursor.name(of: $0) != nil
        }
        let people = Self.people.filter { cursor.name(of: $0) != nil }
        return lines.sorted() + ["names \(shown(names)) of \(shown(people))"]
    }

    /// The same without levels, from the tasks' bytes.
    private func tasks(_ graph: WorkspaceGraph, _ project: UInt64) -> [String] {
        var lines: [String] = []
        var bytes = ByteWriter()
        guard let cursor = try? graph.export(.with { $0.project = project }, as: principal) else {
            return []
        }
        while cursor.nextTask(into: &bytes) {
            if let task = try? WorkTask(decoding: bytes.span) { lines.append(line(task)) }
            bytes.removeAll()
        }
        return lines
    }

    /// Tasks that stand in the project, and their subtasks that do not.
    private func expected(inProject id: UInt64) -> [String] {
        var wanted = visible { task in task.projects.contains { $0.project == id } }
        var next = 0
        while next < wanted.count {
            let parent = wanted[next]
            wanted += visible { task in
                task.parent == parent && !task.projects.contains { $0.project == id }
            }
            next += 1
        }
        return wanted.compactMap { expectedLine(task: $0) }.sorted() + expectedNames
    }

    private var expectedNames: [String] {
        let names =
            made.projects.filter { model.level(user, project: $0) > 0 }
            + made.tasks.filter { model.level(user, task: $0) > 0 }
            + made.labels.filter { model.sees(user, label: $0) }
            + made.fields.filter { model.sees(user, field: $0) }
        let people = Self.people.filter { model.sees(user, person: $0) }
        return ["names \(shown(names)) of \(shown(people))"]
    }
}
