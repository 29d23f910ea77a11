//! The names of RPCs received in requests. A [`Context`](crate::Context) holds a name forever, so
//! names are kept forever: each only once, and with a limit, since anyone can send any name.

use std::{
    hash::{BuildHasher as _, RandomState},
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::hash::CheapHash;
use crate::{MethodName, RpcKind, Side, call::RpcInfo};

/// The maximum size of all names together in bytes, enough for ten thousand of the usual length.
const MOST: usize = 1024 * 1024;

/// The maximum length of a name in bytes. No real RPC has a longer one.
const LONGEST: usize = 256;

const BUCKETS: usize = 1024;

/// A table that only grows, so that reading it never waits for a lock.
static TABLE: [OnceLock<&'static Entry>; BUCKETS] = [const { OnceLock::new() }; BUCKETS];
static HASHER: OnceLock<RandomState> = OnceLock::new();
static USED: AtomicUsize = AtomicUsize::new(0);

/// A cache of the first names seen. If a client fills it with other names, each call looks in the
/// table as well.
static FIRST: [OnceLock<&'static RpcInfo>; BUCKETS] = [const { OnceLock::new() }; BUCKETS];

struct Entry {
    info: RpcInfo,
    next: OnceLock<&'static Entry>,
}

/// Returns the information about the RPC with this path, or `None` if there are already too many
/// names.
pub(super) fn rpc_info(path: &str, kind: RpcKind, side: Side) -> Option<&'static RpcInfo> {
    let first = &FIRST[CheapHash::default().hash_one(path) as usize % BUCKETS];
    match first.get() {
        Some(info) if info.is(path, kind, side) => Some(info),
        _ => {
            let info = find(path, kind, side, || takes_room(path))?;
            first.get_or_init(|| info);
            Some(info)
        }
    }
}

fn takes_room(path: &str) -> bool {
    let size = size_of::<Entry>() + path.len();
    let has_room = |used: usize| (used + size <= MOST).then_some(used + size);
    path.len() <= LONGEST
        && USED.fetch_update(Ordering::Relaxed, Ordering::Relaxed, has_room).is_ok()
}

/// Does the same for an RPC that the program itself names.
pub(super) fn known_rpc_info(path: &str, kind: RpcKind, side: Side) -> &'static RpcInfo {
    find(path, kind, side, || true).expect("there is always room")
}

fn find(
    path: &str,
    kind: RpcKind,
    side: Side,
    has_room: impl Fn() -> bool,
) -> Option<&'static RpcInfo> {
    let hash = HASHER.get_or_init(RandomState::new).hash_one(path);
    let mut place = &TABLE[hash as usize % BUCKETS];
    loop {
        let entry = match place.get() {
            Some(entry) => entry,
            None if has_room() => place.get_or_init(|| Entry::leak(path, kind, side)),
            None => return None,
        };
        if entry.info.is(path, kind, side) {
            return Some(&entry.info);
        }
        place = &entry.next;
    }
}

impl Entry {
    fn leak(path: &str, kind: RpcKind, side: Side) -> &'static Self {
        let path: &'static str = Box::leak(path.into());
        let info = RpcInfo::new(MethodName::of_path(path), kind, side);
        Box::leak(Box::new(Entry { info, next: OnceLock::new() }))
    }
}

#[cfg(test)]
mod tests {
    use std::{ptr, thread};

    use super::{BUCKETS, LONGEST, MOST, RpcKind, Side, known_rpc_info, rpc_info};

    #[test]
    fn each_name_is_kept_once_and_there_is_an_end() {
        let find =
            |number: usize| rpc_info(&format!("/a.B/{number}"), RpcKind::Unknown, Side::Server);
        let threads: Vec<_> = (0..4)
            .map(|_| {
                thread::spawn(move || {
                    (0..2 * BUCKETS).map(|number| find(number).unwrap()).collect::<Vec<_>>()
                })
            })
            .collect();
        let found: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        for other in &found[1..] {
            assert!(found[0].iter().zip(other).all(|(a, b)| ptr::eq(*a, *b)));
        }

        let long = format!("/a.B/{}", "x".repeat(LONGEST));
        assert!(rpc_info(&long, RpcKind::Unknown, Side::Server).is_none());
        let full = (0..MOST).find(|&number| find(number).is_none()).expect("there is an end");
        assert!(full > 5_000, "{full} names");
        assert!(find(0).is_some());
        let known = known_rpc_info("/a.B/known", RpcKind::Unary, Side::Server);
        let again = rpc_info("/a.B/known", RpcKind::Unary, Side::Server).unwrap();
        assert!(ptr::eq(known, again));
    }
}
