package import WorkProtocol

/// Writes an export piece by piece, as the tasks come.
///
/// The caller walks the tasks: the project's in the order of its sections, and after `begin` of
/// each those of its subtasks that have no place of their own in the project, in the same way, then
/// its `end`. (A subtask that is in the project itself is printed where it stands there.) It may
/// stop after any step and go on later, and takes what has been written whenever it likes; memory
/// is bounded by what has not been taken, and by one task for each level of subtasks.
package struct ExportWriter: Sendable {
    private enum Format: Sendable {
        case csv(CSVExport)
        case json(JSONExport)
    }

    private var format: Format
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
        case .csv: format = .csv(CSVExport(options, project: project, fields: fields))
        case .json:
            format = .json(JSONExport(options, project, fields: fields, workspace: workspace))
        }
    }

    /// Writes what comes before the first task.
    package mutating func begin() {
        update {
            $0.begin()
        } json: {
            $0.begin()
        }
    }

    /// Writes a task, up to its subtasks.
    package mutating func begin(_ task: ExportedTask, _ lookup: some ExportLookup) {
        rows += 1
        update {
            $0.row(task.task, lookup)
        } json: {
            $0.begin(task, lookup)
        }
    }

    /// Writes the rest of the task that was begun last and has not ended.
    package mutating func end(_ lookup: some ExportLookup) {
        update { _ in
        } json: {
            $0.end(lookup)
        }
    }

    /// Writes what comes after the last task. `position` is that of the state that was exported, 0
    /// where the reader must not know it.
    package mutating func finish(position: UInt64) {
        let rows = self.rows
        update { _ in
        } json: {
            $0.finish(position: position, tasks: rows)
        }
    }

    /// How many bytes there are to take.
    package var pendingBytes: Int {
        switch format {
        case .csv(let export): export.bytes.count
        case .json(let export): export.pendingBytes
        }
    }

    /// Hands over what has been written since the last time.
    package mutating func take() -> [UInt8] {
        var taken: [UInt8] = []
        update {
            taken = $0.bytes
            $0.bytes = []
        } json: {
            taken = $0.take()
        }
        bytesTaken += UInt64(taken.count)
        return taken
    }

    /// Changes the writer of the one format in place.
    private mutating func update(
        csv: (inout CSVExport) -> Void, json: (inout JSONExport) -> Void
    ) {
        switch format {
        case .csv(var export):
            format = .csv(.empty)
            csv(&export)
            format = .csv(export)
        case .json(var export):
            format = .csv(.empty)
            json(&export)
            format = .json(export)
        }
    }
}
