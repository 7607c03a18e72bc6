internal import ByteCoding
package import WorkProtocol

/// Turns a file of another system into the people it knows and the items that make it here.
///
/// `check` reads the whole file and says what it holds and what is wrong with it, before anything
/// is changed. Then the caller lets the store make sure of the `people` (`EnsurePeople`), tells
/// their gids to `begin`, and asks for batches until there are none. The items come in an order in
/// which they can be applied: labels, fields, projects; tasks after their parents; stories after
/// their tasks; dependencies last. Each is found again by its external id, so that reading the same
/// file twice changes nothing.
///
/// The file is read two or three times and never held: memory grows by some dozen bytes a task,
/// and by the longest row. (Bitbucket's tracker files are the exception: they list comments in no
/// order, and are held.)
package struct ImportReader {
    private let source: any ByteSource
    private let options: ImportOptions
    private var ledger = ImportLedger()
    private var file: (any ImportedFile)?
    private var batches = ImportBatches()

    package init(_ source: any ByteSource, options: ImportOptions) {
        self.source = source
        self.options = options
    }

    /// The people of the file, in the order in which `begin` wants their gids.
    package var people: [Account] { ledger.people.accounts }
    /// What the file holds.
    package var summary: ImportSummary { ledger.summary }
    /// What was replaced or could not be understood exactly, with its place; at most 1,000.
    package var warnings: [TextProblem] { ledger.warnings }
    package var warningCount: Int { ledger.warningCount }
    /// The bad rows that are left out (`keepsGoing`).
    package var problems: [TextProblem] { ledger.problems }
    /// What was decided on the way: kinds of fields.
    package var messages: [String] { ledger.messages }
    /// What the file turned out to be.
    package private(set) var format: ImportFormat?
    /// The external id of the project the file becomes, or of the first of several.
    package private(set) var projectKey = ""

    /// Reads the whole file. Throws if it cannot be imported; nothing has been changed then.
    package mutating func check() throws(ImportFailure) {
        do throws(TextProblem) {
            try checkFile()
        } catch {
            ledger.refuse(error)
            throw ledger.failure
        }
        if ledger.problemCount > 0, !options.keepsGoing || ledger.summary.tasks == 0 {
            throw ledger.failure
        }
    }

    private mutating func checkFile() throws(TextProblem) {
        let format: ImportFormat
        if let asked = options.format {
            format = asked
        } else {
            format = try ImportFormat(detecting: source)
        }
        self.format = format
        var file = format.open(source, options)
        try source.rewind()
        try file.survey(&ledger)
        if ledger.problemCount > 0, !options.keepsGoing { return }
        try file.check(&ledger)
        ledger.summary.people = ledger.people.accounts.count
        projectKey = file.projectKey
        self.file = file
    }

    /// Begins the batches. `gids` are those of `people`, in the same order.
    package mutating func begin(people gids: [UInt64]) throws(TextProblem) {
        precondition(gids.count == people.count, "a gid for each of the people")
        ledger.people.gids = gids
        ledger.isOpen = false
        batches = ImportBatches()
        try file?.restart()
    }

    /// The next items to apply together, or nil when all have been given.
    package mutating func nextBatch() throws(TextProblem) -> ImportBatch? {
        precondition(file != nil, "check and begin come first")
        while true {
            if let batch = batches.next() { return batch }
            guard try file?.give(&ledger, into: &batches) == true else { return batches.rest() }
        }
    }
}

/// A file of one format, read twice: once to survey it, once for its items.
protocol ImportedFile {
    /// Where the item given last stands in the file.
    var place: TextPlace { get }
    /// The external id of the project the file becomes.
    var projectKey: String { get }

    /// Reads all of it, and finds what items refer to.
    mutating func survey(_ ledger: inout ImportLedger) throws(TextProblem)
    /// Goes back, to give items.
    mutating func restart() throws(TextProblem)
    /// The items of the next row, task or list; nil at the end.
    mutating func next(_ ledger: inout ImportLedger) throws(TextProblem) -> [ImportItem]?
    /// Finds out whether the store would take all items, and counts them.
    mutating func check(_ ledger: inout ImportLedger) throws(TextProblem)
    /// Adds some items to the batches; false at the end.
    mutating func give(
        _ ledger: inout ImportLedger, into batches: inout ImportBatches
    ) throws(TextProblem) -> Bool
}

extension ImportedFile {
    mutating func check(_ ledger: inout ImportLedger) throws(TextProblem) {
        try restart()
        while let items = try next(&ledger) {
            for item in items { try ledger.count(item, at: place) }
        }
    }

    mutating func give(
        _ ledger: inout ImportLedger, into batches: inout ImportBatches
    ) throws(TextProblem) -> Bool {
        guard let items = try next(&ledger) else { return false }
        batches.add(items)
        return true
    }
}
