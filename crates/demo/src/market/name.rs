//! Names of portfolios.

const PLACES: [&str; 32] = [
    "Alder Ridge",
    "Amber Bay",
    "Ashford",
    "Banyan Street",
    "Blue Heron",
    "Brightwater",
    "Cedar Hill",
    "Clearbrook",
    "Copper Canyon",
    "Coromandel",
    "Deccan",
    "Eastgate",
    "Elm Park",
    "Fairhaven",
    "Fox Hollow",
    "Granite Peak",
    "Harbor Point",
    "Highland",
    "Indus Valley",
    "Juniper Lane",
    "Kestrel",
    "Lakeshore",
    "Malabar Hill",
    "Mill Creek",
    "Northwind",
    "Oak Terrace",
    "Peninsula",
    "Quarry Road",
    "Riverbend",
    "Silver Birch",
    "Tidewater",
    "Willow Creek",
];

const STYLES: [&str; 11] = [
    "Balanced",
    "Capital",
    "Core Equity",
    "Dividend Income",
    "Endowment",
    "Growth",
    "Long Horizon",
    "Momentum",
    "Opportunities",
    "Pension",
    "Value",
];

const GIVEN: [&str; 29] = [
    "Aarav", "Amara", "Ana", "Benjamin", "Chen", "Daniel", "Diya", "Elena", "Farah", "Grace", "Hiro", "Ines",
    "Ishaan", "Jonas", "Kavya", "Lars", "Leila", "Mateo", "Meera", "Noah", "Olivia", "Priya", "Quentin",
    "Rohan", "Sofia", "Tomas", "Uma", "Viktor", "Zara",
];

const FAMILY: [&str; 31] = [
    "Abbott",
    "Banerjee",
    "Castillo",
    "Dubois",
    "Eriksen",
    "Fernandes",
    "Gupta",
    "Hoffmann",
    "Iyer",
    "Jensen",
    "Kapoor",
    "Larsen",
    "Mehta",
    "Nakamura",
    "O'Brien",
    "Okafor",
    "Patel",
    "Quinn",
    "Rao",
    "Santos",
    "Sharma",
    "Silva",
    "Tanaka",
    "Turner",
    "Usman",
    "Varga",
    "Weber",
    "Xu",
    "Yilmaz",
    "Zhang",
    "Novak",
];

const VEHICLES: [&str; 4] = ["Family Trust", "Retirement", "Holdings", "Savings Plan"];

/// Names of institutions, such as `Cedar Hill Growth Fund`.
const FUNDS: u32 = (PLACES.len() * STYLES.len()) as u32;

/// Names of people's portfolios, such as `Meera Iyer Retirement`.
const PEOPLE: u32 = (GIVEN.len() * FAMILY.len() * VEHICLES.len()) as u32;

/// Names that there are before they repeat with a number behind.
pub(super) const DISTINCT: u32 = FUNDS + PEOPLE;

/// From one name to the next, so that neighbours differ in every part; a prime
/// that does not divide [`DISTINCT`], so that all names are used.
const STRIDE: u32 = 1009;
const _: () = assert!(!DISTINCT.is_multiple_of(STRIDE));

/// The name of the `number`th portfolio, different from those of all others.
pub(super) fn name(first: u32, number: u32) -> String {
    let place = (u64::from(first) + u64::from(number) * u64::from(STRIDE)) % u64::from(DISTINCT);
    let name = distinct(place as usize);
    match number / DISTINCT {
        0 => name,
        round => format!("{name} {}", round + 1),
    }
}

/// The parts are told apart by what is left of the place, part by part.
fn distinct(place: usize) -> String {
    let word =
        |words: &[&'static str], place: usize| words.get(place % words.len()).copied().unwrap_or_default();
    let funds = FUNDS as usize;
    if place < funds {
        return format!("{} {} Fund", word(&PLACES, place), word(&STYLES, place / PLACES.len()));
    }
    let place = place - funds;
    let (family, vehicle) = (place / GIVEN.len(), place / GIVEN.len() / FAMILY.len());
    format!("{} {} {}", word(&GIVEN, place), word(&FAMILY, family), word(&VEHICLES, vehicle))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_portfolios_share_a_name() {
        let names: BTreeSet<String> = (0..3 * DISTINCT).map(|number| name(77, number)).collect();
        assert_eq!(names.len(), 3 * DISTINCT as usize);
    }
}
