//! Two columns and the lines between them, in an order with few crossings.
//!
//! The barycentre heuristic of Sugiyama, Tagawa and Toda (1981) for two layers: each column in
//! turn is sorted by the mean place of its neighbours, and the best order that was met stays.
//! Knows nothing of what the nodes are; the same input always gives the same order.

/// Rounds of sorting; more change next to nothing.
const ROUNDS: usize = 8;

/// Beyond this many lines the crossings are not counted, and the last round stays.
const COUNTED: usize = 1500;

/// The order of both columns: indices of nodes, from the top.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) left: Vec<usize>,
    pub(crate) right: Vec<usize>,
}

/// Orders `left` and `right` many nodes that `edges` connect, as (left, right).
pub(crate) fn order(left: usize, right: usize, edges: &[(usize, usize)]) -> Order {
    let mut order = Order { left: (0..left).collect(), right: (0..right).collect() };
    let mut best = order.clone();
    let mut least = crossings(&order, edges);
    let flipped: Vec<(usize, usize)> = edges.iter().map(|&(l, r)| (r, l)).collect();
    for _ in 0..ROUNDS {
        order.left = sorted(&order.left, &order.right, edges);
        order.right = sorted(&order.right, &order.left, &flipped);
        let now = crossings(&order, edges);
        if now <= least {
            least = now;
            best = order.clone();
        }
    }
    best
}

/// `nodes` by the mean place of their neighbours in `fixed`; who has none keeps the place of
/// who stood before it.
fn sorted(nodes: &[usize], fixed: &[usize], edges: &[(usize, usize)]) -> Vec<usize> {
    let place = places(fixed);
    let mut sum = vec![(0usize, 0usize); nodes.len()];
    for &(node, other) in edges {
        sum[node].0 += place[other];
        sum[node].1 += 1;
    }
    let mut last = 0.0;
    let mut keyed: Vec<(f64, usize)> = nodes
        .iter()
        .map(|&node| {
            let (total, count) = sum[node];
            if count > 0 {
                last = total as f64 / count as f64;
            }
            (last, node)
        })
        .collect();
    keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
    keyed.into_iter().map(|(_, node)| node).collect()
}

/// The place of each node in its column.
pub(crate) fn places(order: &[usize]) -> Vec<usize> {
    let mut place = vec![0; order.len()];
    for (at, &node) in order.iter().enumerate() {
        place[node] = at;
    }
    place
}

fn crossings(order: &Order, edges: &[(usize, usize)]) -> usize {
    if edges.len() > COUNTED {
        return 0;
    }
    let (left, right) = (places(&order.left), places(&order.right));
    let ends: Vec<(usize, usize)> = edges.iter().map(|&(l, r)| (left[l], right[r])).collect();
    let pairs = ends.iter().enumerate().flat_map(|(at, a)| ends[at + 1..].iter().map(move |b| (a, b)));
    pairs.filter(|(a, b)| (a.0 < b.0 && a.1 > b.1) || (a.0 > b.0 && a.1 < b.1)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crossed_lines_are_uncrossed() {
        let edges = [(0, 1), (1, 0), (2, 2)];
        let order = order(3, 3, &edges);
        assert_eq!(crossings(&order, &edges), 0);
        assert_eq!(crossings(&Order { left: vec![0, 1, 2], right: vec![0, 1, 2] }, &edges), 1);
    }

    #[test]
    fn nodes_without_lines_are_kept() {
        let order = order(3, 2, &[(2, 0)]);
        let mut left = order.left.clone();
        left.sort_unstable();
        assert_eq!((left, order.right.len()), (vec![0, 1, 2], 2));
    }
}
