import Testing

/// Parent of every suite that starts the executable. Serialised: each server wants the machine for itself, and a hang
/// guard means little when ten servers share two cores.
@Suite(.serialized)
enum EndToEnd {}
