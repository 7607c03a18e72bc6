import ByteCoding
import WorkProtocol

@testable import WorkGraph

/// What the reader of twin worlds can ask.
extension TwinWorlds {
    /// The first question that the worlds answer differently; nil if there is none.
    func difference() -> String? {
        for query in queries() {
            let answers = [quiet, busy].map { answer(query, in: $0) }
            if answers[0] != answers[1] {
                return "\(query)\n  quiet \(shown(answers[0]))\n  busy  \(shown(answers[1]))\n"
                    + history.suffix(8).joined(separator: "\n")
            }
        }
        for project in things.projects + [0] {
            let lines = [quiet, busy].map { exported(project, in: $0) }
            if lines[0] != lines[1] {
                return "export \(project)\n  quiet \(lines[0])\n  busy  \(lines[1])\n"
                    + history.suffix(8).joined(separator: "\n")
            }
        }
        return nil
    }

    private func shown(_ answers: [Answer]) -> String {
        answers.map { answer in
            answer.rejection.map { "\($0)" } ?? "\(answer.bytes.count) bytes, \(answer.bytes)"
        }.joined(separator: " | ")
    }

    private func queries() -> [Query] {
        var queries: [Query] = [
            .getWorkspace(GetWorkspace()), .listUsers(.with { $0.withInactive = true }),
            .listTeams(ListTeams()), .listLabels(ListLabels()), .listFields(ListFields()),
            .listTrash(.with { $0.limit = 2 }),
            .listProjects(
                .with {
                    $0.withNames = true
                    $0.withArchived = true
                }),
        ]
        for name in ["me", "1", "2", "3", "4", "5", "bob@example.com"] {
            queries.append(.getUser(.with { $0.user = name }))
        }
        for name in ["Shown", "Hidden", "Tag", "external:P"] {
            queries.append(.getProject(.with { $0.project = name }))
            queries.append(.getField(.with { $0.field = name }))
            queries.append(.getLabel(.with { $0.label = name }))
        }
        queries.append(.getTask(.with { $0.external = "X" }))
        for gid in things.all { queries += self.queries(about: gid) }
        for person in UInt64(1)...4 { queries += lists { $0.assignee = person } }
        for person in UInt64(0)...4 {
            queries.append(
                .listMyTasks(
                    .with {
                        $0.user = person
                        $0.withCompleted = true
                        $0.withNames = true
                        $0.limit = 2
                    }))
        }
        return queries
    }

    private func queries(about gid: UInt64) -> [Query] {
        [
            .getTask(
                .with {
                    $0.task = gid
                    $0.withNames = true
                }),
            .getProject(
                .with {
                    $0.project = "\(gid)"
                    $0.withNames = true
                }),
            .getTeam(.with { $0.team = gid }), .getLabel(.with { $0.label = "\(gid)" }),
            .getField(.with { $0.field = "\(gid)" }), .listSections(.with { $0.project = gid }),
            .listStories(
                .with {
                    $0.task = gid
                    $0.withNames = true
                    $0.limit = 2
                }),
            .listAttachments(.with { $0.task = gid }),
            .listProjects(.with { $0.team = gid }),
        ] + lists { $0.project = gid } + lists { $0.section = gid } + lists { $0.parent = gid }
            + lists { $0.label = gid }
    }

    private func lists(_ body: (inout ListTasks) -> Void) -> [Query] {
        var list = ListTasks()
        list.limit = 2
        list.withNames = true
        body(&list)
        var recent = list
        recent.modifiedSince = busy.time - 20_000
        return [.listTasks(list), .listTasks(recent)]
    }

    // MARK: - Asking

    struct Answer: Equatable {
        var bytes: [UInt8] = []
        var rejection: Rejection?
    }

    /// All pages of an answer, without what is sealed in cursors.
    private func answer(_ query: Query, in world: World) -> [Answer] {
        var answers: [Answer] = []
        var query: Query? = query
        while let asked = query {
            var writer = ByteWriter()
            do throws(Rejection) {
                try world.shard.answer(asked, in: World.ordinal, as: reader, into: &writer)
            } catch {
                return answers + [Answer(rejection: error)]
            }
            let (bytes, next) = Self.opened(writer.bytes, of: asked)
            answers.append(Answer(bytes: bytes))
            query = next
        }
        return answers
    }

    /// An answer with a mark in place of its cursor, and the query for the next page.
    private static func opened(_ bytes: [UInt8], of query: Query) -> ([UInt8], Query?) {
        switch query {
        case .listTasks(var list):
            guard var page = try? TaskPage(decoding: bytes), !page.next.isEmpty else { break }
            list.cursor = page.next
            page.next = [UInt8](repeating: 0, count: page.next.count)
            return (page.encoded(), .listTasks(list))
        case .listMyTasks(var list):
            guard var page = try? TaskPage(decoding: bytes), !page.next.isEmpty else { break }
            list.cursor = page.next
            page.next = [UInt8](repeating: 0, count: page.next.count)
            return (page.encoded(), .listMyTasks(list))
        case .listStories(var list):
            guard var page = try? StoryPage(decoding: bytes), !page.next.isEmpty else { break }
            list.cursor = page.next
            page.next = [UInt8](repeating: 0, count: page.next.count)
            return (page.encoded(), .listStories(list))
        default: break
        }
        return (bytes, nil)
    }

    /// Everything an export reads, in its order.
    private func exported(_ project: UInt64, in world: World) -> [String] {
        let cursor: ExportCursor
        do throws(Rejection) {
            cursor = try world.graph.export(.with { $0.project = project }, as: reader)
        } catch {
            return ["\(error)"]
        }
        var lines = ["position \(cursor.position)"]
        lines += cursor.fields.map { "\($0.encoded())" }
        lines += cursor.project.map { ["\($0.encoded())"] } ?? []
        while let step = cursor.next() {
            guard case .begin(let task) = step else {
                lines.append("end")
                continue
            }
            lines.append("\(task.encoded())")
            lines += cursor.stories(of: task.gid).map { "\($0.encoded())" }
            lines += cursor.attachments(of: task.gid).map { "\($0.encoded())" }
        }
        lines += things.all.map { "\($0) \(cursor.name(of: $0)?.name ?? "-")" }
        return lines
    }
}
