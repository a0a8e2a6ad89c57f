//! From neighbours to a class.

use crate::Neighbour;

/// The most neighbours that are asked.
pub const MAX_K: usize = 100;

/// The class that the neighbours vote for, each with the inverse of its distance as its weight, as in KMNIST's published
/// 4-NN baseline (scikit-learn's `weights="distance"`): only those at distance 0 where there are any. The lowest class of
/// several with equal votes; none without neighbours.
pub fn classify(neighbours: &[Neighbour], labels: &[u8], classes: usize) -> Option<u8> {
    let at_zero = neighbours.iter().any(|neighbour| neighbour.square == 0.0);
    let mut votes = vec![0.0f64; classes];
    for neighbour in neighbours {
        let weight = match (at_zero, neighbour.square == 0.0) {
            (true, same) => f64::from(u8::from(same)),
            (false, _) => 1.0 / f64::from(neighbour.square).sqrt(),
        };
        votes[usize::from(labels[neighbour.index as usize])] += weight;
    }
    let best = (0..classes).rev().max_by(|&a, &b| votes[a].total_cmp(&votes[b]))?;
    (votes[best] > 0.0).then_some(best as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vote(neighbours: &[(u32, f32)]) -> Option<u8> {
        let list: Vec<_> = neighbours.iter().map(|&(index, square)| Neighbour { index, square }).collect();
        classify(&list, &[0, 1, 2, 1, 2], 3)
    }

    #[test]
    fn nearer_neighbours_weigh_more() {
        assert_eq!(vote(&[(2, 1.0), (1, 9.0), (3, 9.0)]), Some(2), "1 against 2/3");
        assert_eq!(vote(&[(2, 1.0), (1, 2.25), (3, 2.25)]), Some(1), "1 against 4/3");
        assert_eq!(vote(&[(4, 4.0), (1, 4.0)]), Some(1), "the lowest class of equals");
        assert_eq!(vote(&[]), None);
    }

    #[test]
    fn an_equal_image_decides_alone() {
        assert_eq!(vote(&[(0, 0.0), (1, 0.01), (3, 0.01)]), Some(0));
    }
}
