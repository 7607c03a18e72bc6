/// The first line of an Asana CSV without fields.
enum CSVColumnNames {
    static let all =
        "Task ID,Created At,Completed At,Last Modified,Name,Section/Column,Assignee,Assignee Email,"
        + "Start Date,Due Date,Tags,Notes,Projects,Parent task,Blocked By (Dependencies),"
        + "Blocking (Dependencies)"
    static let line = all + "\n"
}
