internal import ArgumentParser
internal import StoreClient

/// A command that asks a store.
protocol StoreCommand: AsyncParsableCommand {
    var common: CommonOptions { get }
    /// Does it. The client is the command's, its connection perhaps that of the demo.
    func run(_ client: Client) async throws
}

extension StoreCommand {
    mutating func run() async throws {
        let connection = Connection(try Location(common.connection))
        do {
            try await ask(Client(connection, common, isDemo: false))
        } catch {
            await connection.close()
            throw error
        }
        await connection.close()
    }

    /// Does it, and names what is not there: of an object asked for by its gid the store says only
    /// that there is no such object.
    func ask(_ client: Client) async throws {
        do { try await run(client) } catch let error as StoreError {
            if let complaint = client.naming(error) { throw complaint }
            throw error
        }
    }
}
