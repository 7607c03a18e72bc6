extension ImportFormat {
    /// What the beginning of a file shows it to be: JSON begins with a bracket, and the names of
    /// its first members tell whose it is; everything else is taken for CSV.
    init(detecting source: any ByteSource) throws(TextProblem) {
        try source.rewind()
        let start = try source.read().drop { $0 <= 0x20 || $0 == 0xEF || $0 == 0xBB || $0 == 0xBF }
        guard let first = start.first else {
            throw TextProblem(.start, "the file is empty")
        }
        guard first == 0x7B || first == 0x5B else {
            self = .csv
            return
        }
        try source.rewind()
        var list = JSONLists(source)
        while let member = try list.nextName() {
            switch member {
            case "data":
                self = .asanaJSON
                return
            case "magic", "repo", "pulls":
                self = .githubArchive
                return
            case "milestones", "attachments", "versions", "comments", "meta", "components", "logs":
                self = .bitbucket
                return
            default:
                try list.skip()
            }
        }
        throw TextProblem(
            .start,
            "JSON of no known kind: no Asana project, no GitHub archive, no Bitbucket tracker"
        )
    }

    /// The file as an import.
    func open(_ source: any ByteSource, _ options: ImportOptions) -> any ImportedFile {
        switch self {
        case .csv: CSVFile(source, options)
        case .asanaJSON: AsanaFile(source, options)
        case .githubArchive: GitHubFile(source, options)
        case .bitbucket: BitbucketFile(source, options)
        }
    }
}
