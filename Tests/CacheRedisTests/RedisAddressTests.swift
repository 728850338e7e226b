import Logging
import Testing

@testable import CacheRedis

@Suite struct RedisAddressTests {
    @Test func readsEveryPart() throws {
        let address = try RedisAddress("rediss://al%3Aba:p%40ss%2F@cache.example:6380/3?ca_file=/etc/my%20ca.pem")
        #expect(address.host == "cache.example")
        #expect(address.port == 6380)
        #expect(address.user == "al:ba")
        #expect(address.password == "p@ss/")
        #expect(address.database == 3)
        #expect(address.tls == RedisAddress.TLS(authorities: "/etc/my ca.pem"))
        #expect(address.name == "rediss://cache.example:6380/3")
    }

    @Test func fillsInWhatIsLeftOut() throws {
        let address = try RedisAddress("REDIS://localhost")
        #expect(address.port == 6379)
        #expect(address.database == 0)
        #expect(address.user == "")
        #expect(address.password == nil)
        #expect(address.tls == nil)
        #expect(try RedisAddress("redis://:secret@h/").password == "secret")
        #expect(try RedisAddress("redis://:a:b@h").password == "a:b")
        #expect(try RedisAddress("rediss://h").tls == RedisAddress.TLS(authorities: nil))
        #expect(try RedisAddress("redis://[::1]:7000/2").host == "::1")
        #expect(try RedisAddress("redis://[::1]").name == "redis://[::1]:6379/0")
    }

    @Test(arguments: [
        "", "redis", "redis:", "http://h", "redis://", "redis://:6379", "redis://h:", "redis://h:0", "redis://h:65536",
        "redis://h:+1", "redis://h:1x", "redis://h/x", "redis://h/-1", "redis://h/1/2", "redis://h/99999999999",
        "redis://user@h", "redis://user:@h", "redis://u:%4@h", "redis://u:%zz@h", "redis://u:%ff@h", "redis://[::1",
        "redis://[::1]x", "redis://h?x=1", "redis://h?ca_file=/x", "rediss://h?ca_file=", "rediss://h?ca_file",
        "redis://h#f", "redis://h ", "redis://h\n",
    ])
    func refusesInOneLine(_ url: String) {
        let error = #expect(throws: RedisCacheError.self) {
            _ = try RedisCache(url: url, logger: Logger(label: "test"))
        }
        #expect(error?.code == .invalidURL)
        #expect(error?.description.contains("\n") == false)
    }

    @Test(arguments: ["redis://u:hunter2@h:x", "redis://u:hunter2@", "redis://u:hunter2@h?y=hunter2", "x://:hunter2@h"])
    func neverTellsThePassword(_ url: String) {
        let error = #expect(throws: RedisCacheError.self) { _ = try RedisAddress(url) }
        #expect(error?.description.contains("hunter2") == false)
    }
}
