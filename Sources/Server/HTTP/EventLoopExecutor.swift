import NIOCore

/// Runs a connection's task on the event loop of its channel: a short request is then read, answered and written without a
/// change of thread. What takes longer goes elsewhere, see ``HTTPListener/Responder``.
final class EventLoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    init(_ loop: any EventLoop) { self.loop = loop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = asUnownedTaskExecutor()
        loop.execute { job.runSynchronously(on: executor) }
    }
}
