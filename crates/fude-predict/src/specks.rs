//! Dust and noise: connected parts of the ink that are too small to be part of a character.

/// The least share of all ink that a part must have.
const LEAST_SHARE: f32 = 0.005;

/// Takes away the parts (connected along sides and corners) of `ink`, `[H, W]`, that have less than a two-hundredth of
/// it.
pub(crate) fn remove_specks(ink: &mut [bool], width: usize) {
    let least = LEAST_SHARE * ink.iter().filter(|&&is_ink| is_ink).count() as f32;
    let mut unseen = ink.to_vec();
    let mut part = Vec::new();
    for start in 0..ink.len() {
        collect(&mut unseen, width, start, &mut part);
        if (part.len() as f32) < least {
            part.iter().for_each(|&at| ink[at] = false);
        }
    }
}

/// The part that a pixel belongs to, taken out of the unseen ones; none where it is no unseen ink.
fn collect(unseen: &mut [bool], width: usize, start: usize, part: &mut Vec<usize>) {
    part.clear();
    if !std::mem::take(&mut unseen[start]) {
        return;
    }
    part.push(start);
    let mut next = 0;
    while let Some(&at) = part.get(next) {
        let (x, y) = (at % width, at / width);
        for y in y.saturating_sub(1)..(y + 2).min(unseen.len() / width) {
            for x in x.saturating_sub(1)..(x + 2).min(width) {
                if std::mem::take(&mut unseen[y * width + x]) {
                    part.push(y * width + x);
                }
            }
        }
        next += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_parts_go_and_larger_ones_stay_though_they_are_apart() {
        let width = 40;
        let mut ink = vec![false; width * 30];
        let mut draw = |columns: std::ops::Range<usize>, rows: std::ops::Range<usize>| {
            rows.for_each(|y| columns.clone().for_each(|x| ink[y * width + x] = true));
        };
        draw(0..20, 0..20);
        draw(30..33, 10..13);
        draw(38..39, 28..29);
        // Touches the large part at a corner.
        draw(20..21, 20..21);
        remove_specks(&mut ink, width);
        assert_eq!(ink.iter().filter(|&&is_ink| is_ink).count(), 400 + 9 + 1);
        assert!(!ink[28 * width + 38]);
    }

    #[test]
    fn nothing_stays_nothing() {
        let mut ink = vec![false; 6];
        remove_specks(&mut ink, 3);
        remove_specks(&mut [], 1);
        assert_eq!(ink, [false; 6]);
    }
}
