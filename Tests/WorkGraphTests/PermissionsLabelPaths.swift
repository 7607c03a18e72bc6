import Checking
import WorkProtocol

/// How labels, fields and the trash are read.
extension Reading {
    func label() -> Comparison {
        each(made.labels) { id in
            answer(.getLabel(.with { $0.label = "\(id)" }), Label.self).map { "\($0.gid)" }
        } _: { id in
            model.sees(user, label: id) ? "\(id)" : nil
        }
    }

    func labels() -> Comparison {
        let seen = pages { cursor in
            answer(
                .listLabels(
                    .with {
                        $0.limit = 2
                        $0.cursor = cursor
                    }), LabelPage.self
            ).map { ($0.labels.map(\.gid), $0.next) }
        }
        return list(
            seen, isThere: model.isHere(user), made.labels.filter { model.sees(user, label: $0) })
    }

    func field() -> Comparison {
        each(made.fields) { id in
            answer(.getField(.with { $0.field = "\(id)" }), Field.self).map { "\($0.gid)" }
        } _: { id in
            model.sees(user, field: id) ? "\(id)" : nil
        }
    }

    func fields() -> Comparison {
        let seen = pages { cursor in
            answer(
                .listFields(
                    .with {
                        $0.limit = 2
                        $0.cursor = cursor
                    }), FieldPage.self
            ).map { ($0.fields.map(\.gid), $0.next) }
        }
        return list(
            seen, isThere: model.isHere(user), made.fields.filter { model.sees(user, field: $0) })
    }

    func trash() -> Comparison {
        let seen = pages { cursor in
            answer(
                .listTrash(
                    .with {
                        $0.limit = 2
                        $0.cursor = cursor
                    }), TrashPage.self
            ).map { ($0.entries.map(\.gid), $0.next) }
        }
        let tasks = model.tasks.filter { $0.isDeleted && model.levelAsIfThere(user, $0) >= 3 }
        let projects = model.projects.filter {
            $0.isDeleted && model.hasItsTeam($0) && model.levelAsIfThere(user, $0) >= 4
        }
        let teams = model.teams.filter { $0.isDeleted && model.couldManage(user, team: $0.id) }
        return list(
            seen, isThere: model.isHere(user),
            tasks.map(\.id) + projects.map(\.id) + teams.map(\.id))
    }
}
