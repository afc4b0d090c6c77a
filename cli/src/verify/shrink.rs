//! Makes a failing scenario small: the fewest requests before the one that differs.
//!
//! Knows nothing of services: it is told whether a choice of requests still fails, and asks as
//! seldom as it can. The request that differs stays, what comes after it is never asked about.

/// So many replays at most.
pub(crate) const BUDGET: usize = 15;

/// What is left, and what it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shrunk {
    /// Indices of requests before the one that differs, ascending.
    pub(crate) kept: Vec<usize>,
    pub(crate) replays: usize,
}

/// Shrinks `before`, trying the guess first. Nothing where not even all of it fails.
pub(crate) async fn shrink(
    before: &[usize],
    guesses: &[Vec<usize>],
    mut fails: impl AsyncFnMut(&[usize]) -> bool,
) -> Option<Shrunk> {
    let mut replays = 0;
    let mut kept = None;
    for guess in guesses {
        replays += 1;
        if fails(guess).await {
            kept = Some(guess.clone());
            break;
        }
    }
    let mut kept = match kept {
        Some(kept) => kept,
        None => {
            replays += 1;
            if !fails(before).await {
                return None;
            }
            before.to_vec()
        }
    };
    if kept.len() > 1 {
        kept = narrowed(kept, &mut replays, &mut fails).await;
    }
    Some(Shrunk { kept, replays })
}

/// The fewest of `open` that still fail, found one after the other: the last place from which on
/// all of the rest is needed holds a request that is needed. That takes the logarithm of their
/// number a needed request, where halving and testing both halves takes twice as much.
async fn narrowed(
    mut open: Vec<usize>,
    replays: &mut usize,
    fails: &mut impl AsyncFnMut(&[usize]) -> bool,
) -> Vec<usize> {
    let mut needed: Vec<usize> = Vec::new();
    let with = |needed: &[usize], rest: &[usize]| [needed, rest].concat();
    while *replays < BUDGET && !open.is_empty() {
        *replays += 1;
        if fails(&needed).await {
            return needed;
        }
        // With the rest from `low` on it fails, from `high` on it does not.
        let (mut low, mut high) = (0, open.len());
        while high - low > 1 {
            if *replays >= BUDGET {
                return with(&needed, &open[low..]);
            }
            let middle = low + (high - low) / 2;
            *replays += 1;
            if fails(&with(&needed, &open[middle..])).await {
                low = middle;
            } else {
                high = middle;
            }
        }
        needed.push(open[low]);
        open.drain(..=low);
    }
    with(&needed, &open)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shrunk(count: usize, guesses: &[Vec<usize>], guilty: &[usize]) -> Option<Shrunk> {
        let before: Vec<usize> = (0..count).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(shrink(&before, guesses, async |kept: &[usize]| {
            guilty.iter().all(|one| kept.contains(one))
        }))
    }

    #[test]
    fn a_good_guess_takes_one_replay() {
        assert_eq!(shrunk(199, &[vec![17]], &[17]), Some(Shrunk { kept: vec![17], replays: 1 }));
    }

    /// The pair of a writer and its reader, wherever the writer stands and however wrong the guesses are.
    #[test]
    fn a_guilty_pair_is_found_in_a_dozen_replays_of_50_requests_and_15_of_200() {
        for (requests, most) in [(50, 12), (200, 15)] {
            let before = requests - 1;
            for guilty in 0..before {
                let wrong = [vec![before + 1, before + 2], vec![before + 1]];
                let shrunk = shrunk(before, &wrong, &[guilty]).unwrap();
                assert_eq!(shrunk.kept, [guilty]);
                assert!(shrunk.replays <= most, "{guilty} of {requests}: {} replays", shrunk.replays);
            }
        }
    }

    #[test]
    fn several_guilty_requests_are_kept() {
        for (one, other) in [(0, 1), (3, 18), (17, 18)] {
            let shrunk = shrunk(19, &[], &[one, other]).unwrap();
            assert_eq!(shrunk.kept, [one, other]);
        }
        // What the budget does not allow to find stays in.
        let shrunk = shrunk(400, &[], &[7, 200, 390]).unwrap();
        assert!([7, 200, 390].iter().all(|one| shrunk.kept.contains(one)));
        assert_eq!(shrunk.replays, BUDGET);
    }

    #[test]
    fn what_does_not_fail_is_not_shrunk() {
        assert_eq!(shrunk(9, &[], &[99]), None);
    }
}
