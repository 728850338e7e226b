import Application
import Domain

/// A first start creates the platform admin and shows a one-time password.
enum FirstStart {
    /// - Returns: The password to show, nil when a platform admin exists.
    static func createPlatformAdmin(_ parts: Composition) async throws -> String? {
        guard try await parts.directory.users(platformTenant).isEmpty else { return nil }
        let password = String(parts.tokens.makeToken().prefix(20))
        do {
            _ = try await parts.administration.createUser(
                platformTenant, role: .admin, ident: nil, name: "Platform admin", email: "admin@platform.invalid",
                passwordHash: try await parts.passwords.hash(password))
        } catch let error as AdministrationError where error.code == .taken {
            return nil  // Another process was faster.
        }
        return password
    }
}
