internal import StoreClient
internal import WorkProtocol

/// What commands about tasks have in common.
extension Client {
    /// Asks for a change of a task, and shows the task it became.
    func changed<Request: Message>(
        _ request: Request, in route: UInt64, _ options: ChangeOptions
    ) async throws {
        guard let answer = try await change(request, in: route, options) else { return }
        guard output.format != .json, output.format != .jsonl else { return try done(answer) }
        var read = GetTask()
        read.task = answer.value.gid
        read.withNames = true
        // What was done is done, even if it cannot be read any more: a section, somebody else's
        // now.
        guard let task = try? await ask(read, in: answer.value.gid, as: WorkTask.self) else {
            return try done(answer)
        }
        let summary = task.summary(NameTable(task.names), output.time)
        try done(answer, summary.first ?? "", Array(summary.dropFirst()))
    }

    /// Prints pages of tasks.
    func list(
        _ limit: Int, isMine: Bool = false, isOfProject: Bool = false,
        _ page: ([UInt8], UInt32) async throws -> TaskPage
    ) async throws {
        _ = try await identity()
        var names = NameTable([])
        let size = limit > 0 ? UInt32(clamping: min(limit, 500)) : 500
        let tasks = try await all(limit: limit) { cursor in
            let page = try await page(cursor, size)
            names.add(page.names)
            return (page.tasks, page.next)
        }
        try output.list(
            tasks, of: "tasks", as: WorkTask.shape(names, isMine: isMine, isOfProject: isOfProject))
    }

    /// The value of a custom field from `FIELD=VALUE`.
    func fieldValue(_ text: String) async throws -> FieldValue {
        guard let equals = text.firstIndex(of: "=") else {
            throw Complaint(.usage, "--set “\(text)”", help: "--set FIELD=VALUE")
        }
        let field = try await field(String(text[..<equals]))
        let value = String(text[text.index(after: equals)...])
        var result = FieldValue()
        result.field = field.gid
        guard !value.isEmpty else { return result }
        switch field.kind {
        case .text: result.text = value
        case .number:
            guard let number = Decimal(value) else {
                throw Complaint(.usage, "“\(value)” is not a number", at: field.name)
            }
            result.number = number
        case .enum: result.options = [try option(value, of: field)]
        case .multiEnum:
            result.options = try value.split(separator: ",").map {
                try option(String($0), of: field)
            }
        case .date: result.date = try output.time.day(value, field.name)
        case .people:
            for name in value.split(separator: ",") {
                result.people.append(try await account(String(name)))
            }
        }
        return result
    }

    private func option(_ name: String, of field: Field) throws -> UInt64 {
        let found = field.options.first {
            $0.enabled && ($0.name.lowercased() == name.lowercased() || String($0.gid) == name)
        }
        guard let found else {
            let known = field.options.filter(\.enabled).map(\.name).joined(separator: ", ")
            throw Complaint(
                .usage, "“\(name)” is no option of \(field.name)", help: "one of \(known)")
        }
        return found.gid
    }
}
