extension HoldfastDialect {
    /// Whether an answer is the right one. What prepares the store writes down its gids.
    func check(_ message: ProtobufView, _ ask: Ask) -> Bool {
        switch ask.operation {
        case .create: return message.leadingFixed != 0
        case .update, .get: return message.leadingFixed == workload.keys.tasks[ask.key]
        case .list: return checkList(message, section: ask.key)
        case .bulk: return takeBulk(message, ask)
        case .project:
            workload.keys.projects[ask.key] = message.leadingFixed
            return message.leadingFixed != 0
        case .sections: return takeSections(message, ask.key)
        case .people: return takePeople(message, ask)
        }
    }

    /// The section's first tasks, in order.
    private func checkList(_ page: ProtobufView, section: Int) -> Bool {
        var rest = page
        for place in 0..<workload.listed {
            let task = workload.task(at: place, ofSection: section)
            guard let row = rest.popMessage(field: 1),
                row.leadingFixed == workload.keys.tasks[task]
            else { return false }
        }
        return rest.popMessage(field: 1) == nil
    }

    private func takeBulk(_ answer: ProtobufView, _ ask: Ask) -> Bool {
        var rest = answer
        for index in ask.key..<(ask.key + ask.count) {
            guard var result = rest.popMessage(field: 1), let changed = result.popMessage(field: 1)
            else { return false }
            workload.keys.tasks[index] = changed.leadingFixed
        }
        return true
    }

    private func takeSections(_ answer: ProtobufView, _ project: Int) -> Bool {
        var rest = answer
        for index in 0..<Workload.sectionsPerProject {
            guard let section = rest.popMessage(field: 1) else { return false }
            workload.keys.sections[project * Workload.sectionsPerProject + index] =
                section.leadingFixed
        }
        return true
    }

    /// `Changed.gids`, packed.
    private func takePeople(_ answer: ProtobufView, _ ask: Ask) -> Bool {
        guard let gids = answer.message(field: 3), gids.count == ask.count * 8 else {
            return false
        }
        for index in 0..<ask.count {
            workload.keys.people[ask.key + index] = gids.start.little(index * 8)
        }
        return true
    }
}
