package import ByteCoding
package import WorkProtocol

/// Writes an export piece by piece, as the tasks come.
///
/// The caller walks the tasks: the project's in the order of its sections, and after `begin` of
/// each those of its subtasks that have no place of their own in the project, in the same way, then
/// its `end`. (A subtask that is in the project itself is printed where it stands there.) It may
/// stop after any step and go on later, and takes what has been written whenever it likes; memory
/// is bounded by what has not been taken, and by one task for each level of subtasks.
package struct ExportWriter: ~Copyable {
    // The writer of the one format; the other is nil.
    private var csv: CSVExport?
    private var json: JSONExport?
    /// How many tasks have been begun.
    package private(set) var rows: UInt64 = 0
    /// How many bytes have been taken.
    package private(set) var bytesTaken: UInt64 = 0

    /// An export of `project` (nil: My Tasks) whose custom fields are `fields`, in its order, out
    /// of `workspace`.
    package init(
        _ options: ExportOptions, project: Project?, fields: [Field], workspace: Workspace
    ) {
        switch options.format {
        case .csv:
            csv = CSVExport(options, project: project, fields: fields)
            json = nil
        case .json:
            csv = nil
            json = JSONExport(options, project, fields: fields, workspace: workspace)
        }
    }

    /// Writes what comes before the first task.
    package mutating func begin() {
        csv?.begin()
        json?.begin()
    }

    /// Writes a task, up to its subtasks.
    package mutating func begin(_ task: ExportedTask, _ lookup: some ExportLookup) {
        guard csv != nil else {
            rows += 1
            json?.begin(task, lookup)
            return
        }
        var writer = ByteWriter(capacity: 1024)
        task.task.encode(into: &writer)
        do { try row(writer.span, lookup) } catch {
            preconditionFailure("a task that was encoded just now does not decode: \(error)")
        }
    }

    /// Writes the row of the task whose bytes (a `WorkTask`) these are: CSV needs to know no more.
    /// Throws if they are none.
    /// - Precondition: the format is CSV.
    package mutating func row(_ task: RawSpan, _ lookup: some ExportLookup) throws(Corruption) {
        precondition(csv != nil, "only a CSV file is made of rows")
        rows += 1
        try csv?.row(task, lookup)
    }

    /// Writes the rest of the task that was begun last and has not ended.
    package mutating func end(_ lookup: some ExportLookup) { json?.end(lookup) }

    /// Writes what comes after the last task. `position` is that of the state that was exported, 0
    /// where the reader must not know it.
    package mutating func finish(position: UInt64) {
        json?.finish(position: position, tasks: rows)
    }

    /// How many bytes there are to take.
    package var pendingBytes: Int {
        switch csv {
        case .some(let csv): csv.pendingBytes
        case .none: json?.pendingBytes ?? 0
        }
    }

    /// Hands over what has been written since the last time.
    package mutating func take() -> [UInt8] {
        let taken = csv?.take() ?? json?.take() ?? []
        bytesTaken += UInt64(taken.count)
        return taken
    }
}
