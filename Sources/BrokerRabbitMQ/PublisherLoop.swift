import Domain
import Logging

/// The publisher's thread: one connection, at most a window of events unconfirmed, everything in the order of the calls.
struct PublisherLoop {
    /// A call of which something is unsent or unconfirmed.
    private struct Job {
        let serial: UInt64
        let events: [BusEvent]
        var sent = 0
        var confirmed = 0
    }
    /// What belongs to one connection.
    private struct Session {
        /// Ascending by serial.
        var jobs: [Job] = []
        /// Place in `jobs` of the first with something to send.
        var sending = 0
        var isBlocked = false

        func place(of serial: UInt64) -> Int? {
            var (low, high) = (0, jobs.count)
            while low < high {
                let middle = (low + high) / 2
                if jobs[middle].serial < serial { low = middle + 1 } else { high = middle }
            }
            return low < jobs.count && jobs[low].serial == serial ? low : nil
        }

        mutating func drop(from serial: UInt64) {
            jobs.removeAll { $0.serial >= serial }
            sending = min(sending, jobs.count)
        }
    }
    /// Frames taken in one go before it is looked for new calls.
    private static let framesPerTurn = 1000

    let queue: PublishQueue
    let settings: LinkSettings
    /// Their queues are there before the first event is published.
    let groups: [String]
    let window: Int
    let meter: BusMeter
    let logger: Logger

    /// The thread's body.
    func run() {
        // The first connection waits for the first call.
        while !queue.hasCalls, !queue.isClosed { queue.wait(upTo: .seconds(3600)) }
        queue.busState = .connecting
        var log = LossLog(logger: logger, what: "publisher")
        var backoff = Backoff(settings.retry)
        while !queue.isClosed {
            var session = Session()
            let start = ContinuousClock.now
            do throws(LinkError) {
                try serve(&session, &log)
            } catch {
                queue.busState = .disconnected(error.description)
                log.lost(error)
                // Whatever was sent of them may have arrived or not.
                if let first = session.jobs.first {
                    queue.fail(from: first.serial, "the connection to RabbitMQ was lost: \(error)")
                }
                if ContinuousClock.now - start > settings.retry.upperBound { backoff.reset() }
                queue.pause(for: backoff.next())
            }
        }
    }

    /// Works on one connection until it is lost or the bus closes.
    private func serve(_ session: inout Session, _ log: inout LossLog) throws(LinkError) {
        var link = try settings.open("publisher")
        try link.openChannel(1)
        try link.declare(settings.topology)
        for group in groups { try link.declare(settings.topology, group: group) }
        try link.selectConfirms()
        if log.isBack(at: settings.address.place) { meter.add(to: \.reconnects) }
        queue.busState = .connected
        var window = ConfirmWindow(limit: window, byteLimit: LinkSettings.windowBytes)
        while true {
            let work = queue.take()
            if work.isClosed { return link.close() }
            if let cut = work.cut { try drop(from: cut, &session) }
            for call in work.calls { session.jobs.append(Job(serial: call.serial, events: call.events)) }
            let sent = try send(&session, &window, link)
            let heard = try hear(&session, &window, &link)
            if sent == 0, heard == 0 { queue.wait(for: link.socket, upTo: settings.idle) }
        }
    }

    /// Forgets calls that were answered with an error. A connection that is not blocked and yet leaves events unconfirmed
    /// for that long is of no use.
    private func drop(from serial: UInt64, _ session: inout Session) throws(LinkError) {
        let isStuck = session.jobs.contains { $0.serial >= serial && $0.sent > $0.confirmed }
        session.drop(from: serial)
        if isStuck, !session.isBlocked { throw LinkError("the broker confirms nothing") }
    }

    /// Sends as much as the window takes.
    /// - Returns: How many events.
    private func send(
        _ session: inout Session, _ window: inout ConfirmWindow, _ link: borrowing BrokerLink
    ) throws(LinkError) -> Int {
        if session.isBlocked { return 0 }
        var count = 0
        defer { meter.add(count, to: \.published) }
        while session.sending < session.jobs.count {
            let place = session.sending
            let events = session.jobs[place].events
            let serial = session.jobs[place].serial
            var next = session.jobs[place].sent
            while next < events.count, window.hasRoom(for: events[next].envelope.event.payload.count) {
                // Counted before it is sent: an error leaves it unknown.
                session.jobs[place].sent = next + 1
                window.sent(for: serial, bytes: events[next].envelope.event.payload.count)
                try link.publish(events[next])
                next += 1
                count += 1
            }
            if next < events.count { break }
            session.sending += 1
        }
        return count
    }

    /// Takes in what the broker has said so far.
    /// - Returns: How many messages of it.
    private func hear(
        _ session: inout Session, _ window: inout ConfirmWindow, _ link: inout BrokerLink
    ) throws(LinkError) -> Int {
        var heard = 0
        var confirmed = 0
        var finished = 0
        while heard < Self.framesPerTurn {
            let event = try link.next()
            if case .nothing = event { break }
            heard += 1
            switch event {
            case .nothing, .delivered: break
            case .confirmed(let tag, let multiple):
                window.settle(tag, multiple: multiple) { serial in
                    confirmed += 1
                    guard let place = session.place(of: serial) else { return }
                    session.jobs[place].confirmed += 1
                    if session.jobs[place].confirmed == session.jobs[place].events.count { finished += 1 }
                }
            case .refused(let tag, let multiple):
                var calls: [UInt64] = []
                window.settle(tag, multiple: multiple) { calls.append($0) }
                meter.add(calls.count, to: \.nacked)
                guard let first = calls.min() else { break }
                logger.warning("RabbitMQ publisher: the broker refused \(calls.count) events")
                session.drop(from: first)
                queue.fail(from: first, "RabbitMQ refused an event")
            case .blocked(let reason):
                session.isBlocked = true
                queue.busState = .blocked(reason)
                logger.warning("RabbitMQ publisher: blocked by the broker: \(reason)")
            case .unblocked:
                session.isBlocked = false
                queue.busState = .connected
                logger.info("RabbitMQ publisher: no longer blocked")
            }
        }
        meter.add(confirmed, to: \.confirmed)
        if finished > 0 {
            let done = session.jobs.filter { $0.confirmed == $0.events.count }
            session.jobs.removeAll { $0.confirmed == $0.events.count }
            session.sending -= done.count
            for job in done { queue.succeed(job.serial) }
        }
        return heard
    }
}
