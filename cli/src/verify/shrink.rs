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
    // Delta debugging over what is left: halves first, then finer.
    let mut parts = 2;
    while kept.len() > 1 && replays < BUDGET {
        let size = kept.len().div_ceil(parts);
        let mut smaller = None;
        for start in (0..kept.len()).step_by(size) {
            if replays >= BUDGET {
                break;
            }
            let part = start..(start + size).min(kept.len());
            let rest: Vec<usize> =
                kept.iter().enumerate().filter(|(at, _)| !part.contains(at)).map(|(_, one)| *one).collect();
            replays += 1;
            if fails(&rest).await {
                smaller = Some(rest);
                break;
            }
        }
        match smaller {
            Some(rest) => {
                kept = rest;
                parts = (parts - 1).max(2);
            }
            None if size == 1 => break,
            None => parts = (parts * 2).min(kept.len()),
        }
    }
    Some(Shrunk { kept, replays })
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

    #[test]
    fn one_guilty_request_is_found_without_a_guess() {
        for guilty in 0..49 {
            let shrunk = shrunk(49, &[vec![99]], &[guilty]).unwrap();
            assert_eq!(shrunk.kept, [guilty]);
            assert!(shrunk.replays <= 15, "{guilty}: {}", shrunk.replays);
        }
    }

    #[test]
    fn what_does_not_fail_is_not_shrunk() {
        assert_eq!(shrunk(9, &[], &[99]), None);
    }
}
