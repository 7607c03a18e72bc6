extension EpochHistory {
    /// The epoch of the newest record; `.zero` for an empty log.
    package var newest: Epoch { starts.last?.epoch ?? .zero }

    /// The last place up to which two logs are the same, by rule R1: records with equal (lsn,
    /// epoch) are the same record, and so is everything before them. `.zero` if that is nothing;
    /// nil if a history does not reach back far enough to tell.
    ///
    /// It is always the end of a batch in both logs, because batches are kept or lost whole.
    package static func common(
        _ one: EpochHistory, endingAt oneEnd: LSN, _ other: EpochHistory, endingAt otherEnd: LSN
    ) -> LSN? {
        var place = min(oneEnd, otherEnd)
        while place > .zero {
            guard let here = one.beginning(of: place), let there = other.beginning(of: place) else {
                return nil
            }
            if here.epoch == there.epoch { return place }
            let newer = here.epoch > there.epoch ? here : there
            guard newer.first > .zero else { return nil }
            place = LSN(newer.first.rawValue - 1)
        }
        return .zero
    }

    private func beginning(of place: LSN) -> EpochStart? {
        starts.last { $0.first <= place }
    }
}
