internal import ArgumentParser

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
            try await run(Client(connection, common, isDemo: false))
        } catch {
            await connection.close()
            throw error
        }
        await connection.close()
    }
}
