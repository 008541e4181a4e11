//! Inputs made from seeds.
//!
//! A hundred lines of our own: `mutatis` is made for structured values where these targets take bytes,
//! and `bolero` under plain `cargo test` makes up inputs rather than mutate seeds, and for the rest
//! wants a profile and a cargo subcommand of its own.

/// No input is longer.
const MAX_BYTES: usize = 4096;

/// Values at which counters and lengths go wrong.
const NUMBERS: [&[u8]; 14] = [
    b"\0",
    b"\x7f",
    b"\x80",
    b"\xff",
    b"\x7e\x00\x7e",
    b"\xfe\xff\xff",
    b"\xff\0\0\0\0\0\0\0\0",
    b"\xff\xff\xff\xff\xff\xff\xff\xff",
    b"0",
    b"-1",
    b"65536",
    b"4294967296",
    b"9223372036854775807",
    b"18446744073709551616",
];

/// Makes inputs by number.
pub(crate) struct Mutator {
    seeds: Vec<Vec<u8>>,
    words: Vec<Vec<u8>>,
}

impl Mutator {
    /// `words` is a dictionary as libFuzzer takes it.
    pub(crate) fn new(seeds: Vec<Vec<u8>>, words: &str) -> Mutator {
        let words = words.lines().filter_map(word);
        Mutator { seeds, words: words.chain(NUMBERS.map(<[u8]>::to_vec)).collect() }
    }

    /// Input number `number`: a seed, changed in one to eight places.
    pub(crate) fn input(&self, number: u64) -> Vec<u8> {
        let mut random = Random(number);
        let mut input = random.of(&self.seeds).clone();
        for _ in 0..1 << random.below(4) {
            self.change(&mut input, &mut random);
        }
        input.truncate(MAX_BYTES);
        input
    }

    fn change(&self, input: &mut Vec<u8>, random: &mut Random) {
        let at = random.below(input.len() + 1);
        let rest = input.len() - at;
        // Mostly short: long ones seldom leave anything to be read.
        let longest = 1 << random.below(9);
        let length = random.below(rest.min(longest) + 1);
        let range = at..at + length;
        match random.below(9) {
            0 if rest > 0 => input[at] ^= 1 << random.below(8),
            1 if rest > 0 => input[at] = random.below(256) as u8,
            2 => input.insert(at, random.below(256) as u8),
            3 => drop(input.drain(range)),
            4 => {
                let copy = input[range].to_vec();
                let to = random.below(input.len() + 1);
                input.splice(to..to, copy);
            }
            // A word instead of something, or between two things.
            5 => drop(input.splice(range, random.of(&self.words).iter().copied())),
            6 => drop(input.splice(at..at, random.of(&self.words).iter().copied())),
            7 => {
                let other = random.of(&self.seeds);
                let from = random.below(other.len() + 1);
                let to = from + random.below(other.len() - from + 1);
                input.splice(range, other[from..to].iter().copied());
            }
            // The beginning of this one, the end of another.
            _ => {
                let other = random.of(&self.seeds);
                input.truncate(at);
                input.extend_from_slice(&other[at.min(other.len())..]);
            }
        }
    }
}

/// `"a\x00b"`, with or without a name before it; `None` for a comment.
fn word(line: &str) -> Option<Vec<u8>> {
    let line = line.trim();
    if line.starts_with('#') {
        return None;
    }
    let quoted = &line[line.find('"')?..];
    let mut rest = quoted.strip_prefix('"')?.strip_suffix('"')?.as_bytes();
    let mut word = Vec::new();
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match (byte, after) {
            (b'\\', [b'x', digits @ ..]) => {
                let digits = str::from_utf8(digits.get(..2)?).ok()?;
                word.push(u8::from_str_radix(digits, 16).ok()?);
                rest = &after[3..];
            }
            (b'\\', [escaped, ..]) => {
                word.push(*escaped);
                rest = &after[1..];
            }
            _ => word.push(*byte),
        }
    }
    Some(word)
}

/// `SplitMix64`: good enough, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn of<'v, T>(&mut self, values: &'v [T]) -> &'v T {
        &values[self.below(values.len())]
    }
}

#[test]
fn words_are_read_as_libfuzzer_does() {
    assert_eq!(word(r#"name="a\x00\\\"b""#), Some(b"a\0\\\"b".to_vec()));
    assert_eq!(word(r#"# "comment""#), None);
    assert_eq!(word(""), None);
}

#[test]
fn an_input_depends_on_its_number_alone() {
    let mutator = || Mutator::new(vec![b"one".to_vec(), b"another".to_vec()], "\"word\"");
    let inputs: Vec<_> = (0..100).map(|number| mutator().input(number)).collect();
    assert_eq!(inputs, (0..100).map(|number| mutator().input(number)).collect::<Vec<_>>());
    assert!(inputs.iter().any(|input| input.windows(4).any(|part| part == b"word")));
}
