/// A step in a JSON text.
package enum JSONToken: Hashable, Sendable {
    case beginObject
    case endObject
    case beginArray
    case endArray
    /// The name of an object's member; its value follows.
    case key(String)
    case string(String)
    /// A number as it is written: what to make of it is the caller's decision.
    case number(String)
    case bool(Bool)
    case null
}
