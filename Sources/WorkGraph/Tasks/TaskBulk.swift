internal import WorkProtocol

/// Many changes in one request and one record.
extension WorkspaceGraph {
    /// Does the items in order; each sees what those before it did. Atomic: all, or the first
    /// refusal is that of the request. Otherwise each by itself, with a result for each.
    func bulk(
        _ request: Bulk, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> BulkAnswer {
        var answer = BulkAnswer()
        answer.results.reserveCapacity(request.items.count)
        for (index, part) in request.items.enumerated() {
            try requireRoom()
            var result = BulkResult()
            do throws(Rejection) {
                result.changed = try transact { () throws(Rejection) in
                    try one(part, caller, at: now)
                }
            } catch {
                if request.atomic { throw error.within("items[\(index)]") }
                result.reason = error.reason.rawValue
                result.message = error.message
            }
            answer.results.append(result)
        }
        return answer
    }

    private func one(
        _ part: BulkItem, _ caller: Caller, at now: Int64
    ) throws(Rejection) -> Changed {
        switch part.kind {
        case .create(let request): try createTask(request, caller, at: now)
        case .update(let request): try updateTask(request, caller, at: now)
        case .delete(let request): try deleteTask(request, caller, at: now)
        case .addToProject(let request): try addToProject(request, caller, at: now)
        case .removeFromProject(let request): try removeFromProject(request, caller, at: now)
        case .setParent(let request): try setParent(request, caller, at: now)
        case .labels(let request): try changeLabels(request, caller, at: now)
        case .dependencies(let request): try changeDependencies(request, caller, at: now)
        case .collaborators(let request): try changeCollaborators(request, caller, at: now)
        case .comment(let request): try addComment(request, caller, at: now)
        case nil: throw .badField("kind", "This names nothing to do.")
        }
    }
}

extension Rejection {
    /// The same refusal, seen from the request that has this one in `field`.
    fileprivate func within(_ field: String) -> Rejection {
        var outer = self
        outer.message = "\(field): \(message)"
        for index in outer.fields.indices {
            outer.fields[index].field = "\(field).\(outer.fields[index].field)"
        }
        return outer
    }
}
