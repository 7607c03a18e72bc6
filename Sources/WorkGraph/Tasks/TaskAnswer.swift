internal import ByteCoding
internal import WorkProtocol

/// Tasks as one reader sees them: the bytes of a `WorkTask`, made from those of the row.
///
/// The fields that rows and answers have in common are copied as they lie (`writeCommon`). The
/// relations follow, in the order of the schema, as far as the reader may see what they name: a
/// hidden project, parent or dependency is nothing, not a stub, a person the reader does not know
/// is nobody, and counts count what is visible.
extension WorkspaceGraph {
    func getTask(
        _ request: GetTask, _ caller: Caller, into writer: inout ByteWriter
    ) throws(Rejection) {
        let found =
            request.external.isEmpty
            ? row(request.task, .task) : task(ExternalName(gid: request.external), caller)
        var names: NameList? = request.withNames ? NameList() : nil
        guard let found, write(visibleTask: found, caller, &names, into: &writer) else {
            throw .notFound
        }
        write(names, caller, into: &writer)
    }

    /// Appends a task if the caller sees it; tells whether it does.
    private func write(
        visibleTask row: UInt32, _ caller: Caller, _ names: inout NameList?,
        into writer: inout ByteWriter
    ) -> Bool {
        look(at: row)
        return rows.withRow(row) { _, bytes in
            let keys = keys(bytes, row)
            guard canSee(task: row, keys, caller) else { return false }
            write(task: row, bytes, keys, caller, &names, into: &writer)
            return true
        } ?? false
    }

    /// Appends a task the caller is known to see, without names; these are noted in `names`, if
    /// they are wanted. O(bytes of the row, and the access to what it names).
    func write(
        task row: UInt32, _ keys: TaskKeys, _ caller: Caller, _ names: inout NameList?,
        into writer: inout ByteWriter
    ) {
        rows.withRow(row) { _, bytes in
            write(task: row, bytes, keys, caller, &names, into: &writer)
        }
    }

    private func write(
        task row: UInt32, _ bytes: RawSpan, _ keys: TaskKeys, _ caller: Caller,
        _ names: inout NameList?, into writer: inout ByteWriter
    ) {
        writeCommon(bytes, keys, caller, into: &writer)
        writeParent(keys, caller, &names, into: &writer)
        writeMemberships(keys, caller, &names, into: &writer)
        writeNumbers(34, bytes.extracting(keys.collaboratorsRange), into: &writer)
        let likes = bytes.extracting(keys.likesRange)
        writeLikes(likes, keys, caller, into: &writer)
        if keys.hasLabels { writeLabels(keys, into: &writer) }
        if keys.hasDependencies { writeTasks(37, keys.dependencies, caller, into: &writer) }
        let counts = indexes.hanging.counts(row)
        if counts.dependents > 0 { writeTasks(38, dependents(of: row), caller, into: &writer) }
        if !keys.fieldsRange.isEmpty {
            writeFields(bytes.extracting(keys.fieldsRange), keys, caller, &names, into: &writer)
        }
        writeCounts(counts, keys, likes, caller, into: &writer)
        noteNames(bytes, keys, &names)
    }

    private func writeParent(
        _ keys: TaskKeys, _ caller: Caller, _ names: inout NameList?, into writer: inout ByteWriter
    ) {
        guard keys.parent != 0, access(task: keys.parent, caller) > .none else { return }
        let parent = gid(keys.parent).rawValue
        writer.append(tag: 32 << 3 | 1, fixed: parent)
        names?.note(.task, parent)
    }

    private func writeMemberships(
        _ keys: TaskKeys, _ caller: Caller, _ names: inout NameList?, into writer: inout ByteWriter
    ) {
        for placement in keys.placements
        where access(project: placement.project, caller) > .none {
            let project = gid(placement.project).rawValue
            let section = gid(placement.section).rawValue
            // A `TaskMembership`: two fixed numbers of 9 bytes with their tags.
            writer.append(tag: 33 << 3 | 2)
            writer.append(18)
            writer.append(tag: 1 << 3 | 1, fixed: project)
            writer.append(tag: 2 << 3 | 1, fixed: section)
            names?.note(.project, project)
            names?.note(.section, section)
        }
    }

    /// Likes of people a guest does not know are not there.
    private func writeLikes(
        _ likes: RawSpan, _ keys: TaskKeys, _ caller: Caller, into writer: inout ByteWriter
    ) {
        guard caller.isGuest, likes.byteCount > 0 else {
            return writeNumbers(35, likes, into: &writer)
        }
        var known = ByteWriter(capacity: likes.byteCount)
        var reader = ByteReader(likes)
        do throws(Corruption) {
            while !reader.isAtEnd {
                let person = try reader.fixed(UInt64.self)
                if knows(person, on: keys, caller) { known.append(fixed: person) }
            }
        } catch {
            preconditionFailure("a task's likes are damaged: \(error)")
        }
        writeNumbers(35, known.span, into: &writer)
    }

    private func writeNumbers(
        _ field: UInt32, _ numbers: RawSpan, into writer: inout ByteWriter
    ) {
        if numbers.byteCount > 0 { writer.append(tag: field << 3 | 2, span: numbers) }
    }

    private func writeTasks(
        _ field: UInt32, _ tasks: some Collection<UInt32>, _ caller: Caller,
        into writer: inout ByteWriter
    ) {
        guard !tasks.isEmpty else { return }
        let visible = tasks.filter { access(task: $0, caller) > .none }
        guard !visible.isEmpty else { return }
        writer.append(tag: field << 3 | 2)
        writer.appendLengthDelimited { writer in
            for task in visible { writer.append(fixed: gid(task).rawValue) }
        }
    }

    private func writeLabels(_ keys: TaskKeys, into writer: inout ByteWriter) {
        // Labels that were deleted are still in the rows.
        let labels = keys.labels.filter { rows.kind(of: $0) == .label }
        guard !labels.isEmpty else { return }
        writer.append(tag: 36 << 3 | 2)
        writer.appendLengthDelimited { writer in
            for label in labels { writer.append(fixed: gid(label).rawValue) }
        }
    }

    /// The values of custom fields, each as it lies, but under the answer's number.
    private func writeFields(
        _ bytes: RawSpan, _ keys: TaskKeys, _ caller: Caller, _ names: inout NameList?,
        into writer: inout ByteWriter
    ) {
        let homes = homes(of: keys)
        var reader = ByteReader(bytes)
        do throws(Corruption) {
            while !reader.isAtEnd {
                _ = try reader.tag()
                let length = try reader.length()
                let content = try reader.span(length)
                var value = try FieldValue(decoding: content)
                guard canSee(field: value.field, in: homes, caller) else { continue }
                if caller.isGuest, !value.people.allSatisfy({ knows($0, on: keys, caller) }) {
                    value.people.removeAll { !knows($0, on: keys, caller) }
                    guard value.hasContent else { continue }
                    writer.append(tag: 39 << 3 | 2, blob: value.encoded())
                } else {
                    writer.append(tag: 39 << 3 | 2, span: content)
                }
                names?.note(.field, value.field)
                for option in value.options { names?.note(.option, option, field: value.field) }
                for person in value.people { names?.note(.account, person) }
            }
        } catch {
            preconditionFailure("a task's field values are damaged: \(error)")
        }
    }

    private func writeCounts(
        _ counts: HangingTable.Counts, _ keys: TaskKeys, _ likes: RawSpan, _ caller: Caller,
        into writer: inout ByteWriter
    ) {
        // Whoever sees a task sees its subtasks, comments and attachments.
        if counts.subtasks > 0 { writer.append(tag: 40 << 3, varint: UInt64(counts.subtasks)) }
        if Self.contains(caller.account, likes) { writer.append(tag: 41 << 3, varint: 1) }
        if keys.unseen, keys.assignee == caller.account { writer.append(tag: 42 << 3, varint: 1) }
        if counts.attachments > 0 {
            writer.append(tag: 43 << 3, varint: UInt64(counts.attachments))
        }
        if counts.comments > 0 { writer.append(tag: 44 << 3, varint: UInt64(counts.comments)) }
    }

    /// Whether packed numbers of 64 bits have `number` among them.
    private static func contains(_ number: UInt64, _ numbers: RawSpan) -> Bool {
        var reader = ByteReader(numbers)
        do throws(Corruption) {
            while !reader.isAtEnd {
                if try reader.fixed(UInt64.self) == number { return true }
            }
        } catch {
            preconditionFailure("a task's likes are damaged: \(error)")
        }
        return false
    }

    /// Whoever sees a task knows the people who have to do with it.
    private func noteNames(_ bytes: RawSpan, _ keys: TaskKeys, _ names: inout NameList?) {
        guard names != nil else { return }
        let task: TaskRow
        do { task = try TaskRow(decoding: bytes) } catch {
            preconditionFailure("a task's row is damaged: \(error)")
        }
        for person in [task.createdBy, task.assignee, task.assignedBy, task.completedBy] {
            names?.note(.account, person)
        }
        for person in task.collaborators + task.likes { names?.note(.account, person) }
        for label in keys.labels { names?.note(.label, gid(label).rawValue) }
    }
}
