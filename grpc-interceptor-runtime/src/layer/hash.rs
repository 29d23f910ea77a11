//! A hash of names that is cheaper than Rust's own. Anyone who chooses the names can make them all
//! collide, so it is only for tables that callers can't fill, and for caches.

use std::hash::{BuildHasherDefault, Hasher};

pub(super) type CheapHash = BuildHasherDefault<CheapHasher>;

#[derive(Default)]
pub(super) struct CheapHasher(u64);

impl CheapHasher {
    fn add(&mut self, word: u64) {
        // Two to the 64th, divided by the golden ratio: it is odd, and its bits are well mixed.
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

impl Hasher for CheapHasher {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks();
        for word in words {
            self.add(u64::from_le_bytes(*word));
        }
        match bytes.last_chunk() {
            Some(last) if !rest.is_empty() => self.add(u64::from_le_bytes(*last)),
            _ => rest.iter().for_each(|&byte| self.add(byte.into())),
        }
    }

    fn finish(&self) -> u64 {
        // The upper bits of a product are the better ones, but hash tables use the lower ones
        // first.
        self.0.rotate_left(26)
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, hash::BuildHasher as _};

    use super::CheapHash;

    #[test]
    fn names_that_hardly_differ_are_spread() {
        let place =
            |number| CheapHash::default().hash_one(format!("/pkg.Service/Do{number}It")) % 1024;
        let places: HashSet<u64> = (100..356).map(place).collect();
        // A random hash would give about 226.
        assert!(places.len() > 200, "{} places for 256 names", places.len());
    }
}
