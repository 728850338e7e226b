/// Every port of the store, as one deployment has it in one place.
public typealias CompleteStore = EventAppender & EventReader & LookupReader & ReadModelStore & SessionStore
    & QuarantineStore & LeaseStore
