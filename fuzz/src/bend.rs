//! Bends bytes: the ways in which bytes go wrong by chance and by intent.

/// A small generator (splitmix64): the same seed gives the same run.
pub struct Random(u64);

impl Random {
    /// Begins with a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `end`, or 0 where there is none.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % (end.max(1) as u64)).unwrap_or(0)
    }
}

/// Pieces of JSON and of templates that have surprised readers before.
const TOKENS: &[&str] = &[
    "null",
    "true",
    "{}",
    "[]",
    "\"\"",
    "-0",
    "1e999",
    "1E+2",
    "0.1",
    "9007199254740993",
    "-9223372036854775809",
    "18446744073709551616",
    "\"\\ud800\"",
    "\\u0000",
    "[[[[[[[[",
    "{\"a\":",
    "\u{feff}",
    "\u{202e}",
    "é",
    "e\u{301}",
    "\n",
    "\r\n",
    "\0",
    ",",
    ":",
    "\"",
    "\\",
    "{{",
    "}}",
    "{%",
    "%}",
    "{#",
    "#}",
    "{% if a %}",
    "{% else %}",
    "{% endif %}",
    "{% for x in items %}",
    "{% endfor %}",
    "{% include \"tone\" %}",
    "{{ name | upper }}",
    "{{ items | join(', ') }}",
    "{{ user.name.first }}",
    "{%- raw -%}",
    "| default('x')",
    "loop.index",
    " and ",
    " not ",
];

/// Changes `input` in one way.
pub fn bend(input: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    let (one, two) = (random.below(input.len() + 1), random.below(input.len() + 1));
    let (from, to) = (one.min(two), one.max(two));
    match random.below(10) {
        0 => {
            if let Some(byte) = input.get_mut(from) {
                *byte ^= 1 << random.below(8);
            }
        }
        1 => {
            if let Some(byte) = input.get_mut(from) {
                *byte = random.next().to_le_bytes()[0];
            }
        }
        2 => {
            input.drain(from..to.min(from + 64));
        }
        3 => {
            let copy = input[from..to].to_vec();
            input.splice(to..to, copy);
        }
        4 => {
            // Many times over, where a short stretch is repeated.
            let copy = input[from..to.min(from + 12)].repeat(1 + random.below(400));
            input.splice(from..from, copy);
        }
        5 | 6 => {
            let token = TOKENS[random.below(TOKENS.len())];
            input.splice(from..from, token.bytes());
        }
        7 => {
            let token = TOKENS[random.below(TOKENS.len())];
            input.splice(from..to.min(from + 16), token.bytes());
        }
        8 => {
            let start = random.below(other.len() + 1);
            let end = (start + random.below(200)).min(other.len());
            input.splice(from..to.min(from + 200), other[start..end].iter().copied());
        }
        _ => {
            if random.below(4) == 0 {
                input.truncate(from);
            } else if let Some(digit) = input.iter().skip(from).position(u8::is_ascii_digit) {
                input[from + digit] = b'0' + random.next().to_le_bytes()[0] % 10;
            }
        }
    }
}
