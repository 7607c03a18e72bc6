internal import WorkProtocol

/// The people of a file, in the order in which they appear, found by whatever the file gives.
struct PeopleTable {
    private(set) var accounts: [Account] = []
    private var places: [String: Int] = [:]
    /// The gids the store gave them; before it did, their numbers from 1.
    var gids: [UInt64] = []

    /// The number of the person with this id of the other system, who is added if new; without an
    /// id, that of the person with this e-mail address, or else with this name; nil without any.
    mutating func find(external: String = "", name given: String, email address: String = "")
        -> Int?
    {
        let email = MailAddress.isPlausible(address) ? address : ""
        let name = given.isEmpty && email.isEmpty ? address : given
        if !external.isEmpty {
            return find(key: "id:" + external) { account in
                account.external = External(gid: external)
                account.complete(name: name, email: email)
            }
        }
        if !email.isEmpty {
            return find(key: "mail:" + email.lowercased()) { account in
                account.complete(name: name, email: email)
            }
        }
        guard !name.isEmpty else { return nil }
        return find(key: "name:" + name) { account in
            account.external = External(gid: ForeignKey.person(name))
            account.complete(name: name, email: "")
        }
    }

    /// The gid of the person `find` finds; 0 for nobody.
    mutating func gid(external: String = "", name: String, email: String = "") -> UInt64 {
        find(external: external, name: name, email: email).map { gids[$0] } ?? 0
    }

    private mutating func find(key: String, _ update: (inout Account) -> Void) -> Int {
        if let index = places[key] {
            update(&accounts[index])
            return index
        }
        var account = Account()
        account.isActive = true
        update(&account)
        places[key] = accounts.count
        accounts.append(account)
        gids.append(UInt64(accounts.count))
        return accounts.count - 1
    }
}

extension Account {
    /// Takes what is not known yet.
    fileprivate mutating func complete(name: String, email: String) {
        if self.name.isEmpty { self.name = CleanText.line(name).text }
        if self.email.isEmpty { self.email = CleanText.line(email, limit: 320).text }
    }
}
