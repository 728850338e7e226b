import Domain

/// A maximal run of samples for which a condition holds, inside one segment: validation rules, section 1.5.
struct Episode {
    var first: Int
    var last: Int
    /// The neighbouring samples are so far away that the condition may have lasted `sustain` without being seen to.
    var isSlow = false
}

extension Evidence {
    /// - Parameter sustain: Seconds; only marks episodes that slow sampling may have cut short.
    func episodes(in range: ClosedRange<Int>, sustain: Double, where holds: (Int) -> Bool) -> [Episode] {
        var episodes: [Episode] = []
        let bridges = medianInterval <= 1100
        var open: Episode?
        func close() {
            guard var episode = open else { return }
            if seconds(from: episode.first, to: episode.last) < sustain {
                let before = episode.first > range.lowerBound ? seconds(from: episode.first - 1, to: episode.first) : 0
                let after = episode.last < range.upperBound ? seconds(from: episode.last, to: episode.last + 1) : 0
                episode.isSlow = max(before, after) >= sustain
            }
            episodes.append(episode)
            open = nil
        }
        for index in range {
            if startsSegment[index] { close() }
            if holds(index) {
                if open == nil { open = Episode(first: index, last: index) } else { open?.last = index }
            } else if let episode = open, !bridges || seconds(from: episode.last, to: index) >= 2 {
                close()
            }
        }
        close()
        return episodes
    }
    func duration(_ episode: Episode) -> Double { seconds(from: episode.first, to: episode.last) }
}
