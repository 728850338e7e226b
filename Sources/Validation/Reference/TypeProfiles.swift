/// Facts about an aircraft type that rules need, by ICAO type designator (ICAO Doc 8643).
struct TypeProfile: Equatable {
    enum Category: String { case piston, turboprop, jet, supersonic, helicopter }
    /// By maximum take-off mass: up to 7 t, below 136 t, above (ICAO wake categories L, M, H and J).
    enum WeightClass: String { case light, medium, heavy }
    let category: Category
    let weight: WeightClass
    /// Variants that an airline treats as one type: neo and ceo, sub-series of one length.
    let family: String
    /// False: the type is not in the table and is judged as a jet, the most lenient category.
    let isKnown: Bool

    /// Below this ground speed an aircraft that is level with a field is on it (decisions D6); about the lowest
    /// lift-off speed of the category.
    var liftOffSpeed: Double {
        switch category {
        case .jet: weight == .light ? 90 : 130
        case .supersonic: 160
        case .turboprop: 90
        case .piston: 50
        case .helicopter: 20
        }
    }
    /// No aeroplane of this category flies slower, whatever the wind.
    var slowestFlight: Double {
        switch category {
        case .jet, .supersonic: 40
        case .turboprop: 35
        case .piston: 20
        case .helicopter: 0
        }
    }

    static let unknown = TypeProfile(category: .jet, weight: .medium, family: "", isKnown: false)

    /// - Parameter designator: As in the fleet, e.g. `B738`; case and spaces do not matter.
    static func of(_ designator: String?) -> TypeProfile {
        guard let designator else { return .unknown }
        return table[normalised(designator)] ?? .unknown
    }
    static func normalised(_ designator: String) -> String {
        String(designator.uppercased().filter { $0.isASCII && ($0.isLetter || $0.isNumber) })
    }

    private static let table: [String: TypeProfile] = {
        var table: [String: TypeProfile] = [:]
        func add(_ category: Category, _ weight: WeightClass, _ families: String) {
            // Families are parted by spaces, designators of one family by slashes; the first names the family.
            for family in families.split(separator: " ") {
                let names = family.split(separator: "/").map(String.init)
                for name in names {
                    table[name] = TypeProfile(category: category, weight: weight, family: names[0], isKnown: true)
                }
            }
        }
        add(
            .jet, .medium,
            """
            A318 A319/A19N A320/A20N A321/A21N BCS1 BCS3 B712 B732 B733/B734/B735 B736 B737/B37M B738/B38M/B3XM \
            B739/B39M/B3JM B752 B753 B721/B722 E135/E35L E145/E45X E170 E75L/E75S/E175 E190/E290 E195/E295 CRJ1/CRJ2 \
            CRJ7 CRJ9 CRJX F70 F100 RJ70/RJ85/RJ1H B461/B462/B463 DC93/DC95 MD81/MD82/MD83/MD87/MD88 MD90 T134 T154 \
            SU95 C919 AJ27 YK42 GLF4 GLF5 GLF6 GLEX/GL5T/GL7T CL30/CL35 CL60 FA7X/FA8X F2TH F900 H25B C68A C750
            """
        )
        add(.jet, .light, "C25A/C25B/C25C/C25M C510 C525 E50P E55P SF50 EA50 HDJT L39")
        add(
            .jet, .heavy,
            """
            A306/A30B A310 A332/A338 A333/A339 A342 A343 A345 A346 A359 A35K A388 B741/B742/B743 B744 B748 B762 B763 \
            B764 B772/B77L B773/B77W B778 B779 B788 B789 B78X B703 DC86/DC87 DC10 MD11 IL62 IL76 IL86 IL96 L101 A124 \
            A225 VC10 C17 BLCF
            """
        )
        add(.supersonic, .heavy, "CONC T144")
        add(
            .turboprop, .medium,
            """
            AT43/AT44/AT45/AT46 AT72/AT73/AT75/AT76 DH8A/DH8B DH8C DH8D SF34 SB20 JS41 E120 F27 F50 AN12 AN24/AN26 \
            C130/C30J L188 IL18 D328 B190 SH36
            """
        )
        add(
            .turboprop, .light,
            "BE20/B350 BE9L C208 DHC6 PC12 TBM7/TBM8/TBM9 PC6T P46T JS31/JS32 SW4 D228 E110 C441 KODI")
        add(
            .piston, .light,
            """
            C150/C152 C172/C72R C182/C82R C206 C210 C310 C402 C404 C414 C421 PA18 P28A/P28B/P28R/P28T PA32/P32R PA34 \
            PA38 PA44 PA46 BE33/BE35/BE36 BE55/BE58 BE76 DA20 DA40 DA42 DA62 DR40 SR20 SR22/S22T M20P/M20T RV7 BN2P \
            DHC2 J3 AN2 DV20 TB10/TB20 AC50 GLST
            """
        )
        add(.piston, .medium, "DC3 DC4 DC6 DC7 CONI C46 B377")
        add(
            .helicopter, .light,
            "R22 R44 R66 B06 B407 B412 B429 EC20/EC30 EC35 EC45/H145 AS50 AS55 A109 A139 S76 MD52 H500 UH1 GAZL BK17 AS65"
        )
        add(.helicopter, .medium, "AS32 EC25 S61 S92 H47 H60 MI8 EH10")
        return table
    }()
}
