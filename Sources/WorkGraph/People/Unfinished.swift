internal import WorkProtocol

extension WorkspaceGraph {
    func `import`(
        _ request: Import, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> ImportAnswer { throw .notFound }
}
