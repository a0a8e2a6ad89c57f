//! The published sets, recognised by the md5 of their files' raw content.

use crate::files::Role;

/// A published set.
#[derive(Debug, PartialEq, Eq)]
pub struct KnownSet {
    /// What fude calls it.
    pub name: &'static str,
    /// Its classes in label order.
    pub classes: &'static [&'static str],
    /// Its files in idx form: role and md5 of the raw content. None where no sum is known.
    pub files: &'static [(Role, &'static str)],
    /// What a user of the set should be told.
    pub note: Option<&'static str>,
}

/// The ten characters of KMNIST, one of each row of the syllabary.
const KMNIST: &[&str] = &["お o", "き ki", "す su", "つ tsu", "な na", "は ha", "ま ma", "や ya", "れ re", "を wo"];

/// Kuzushiji-49: the syllabary in its order, the obsolete wi and we, and the iteration mark.
const K49: &[&str] = &[
    "あ a",
    "い i",
    "う u",
    "え e",
    "お o",
    "か ka",
    "き ki",
    "く ku",
    "け ke",
    "こ ko",
    "さ sa",
    "し shi",
    "す su",
    "せ se",
    "そ so",
    "た ta",
    "ち chi",
    "つ tsu",
    "て te",
    "と to",
    "な na",
    "に ni",
    "ぬ nu",
    "ね ne",
    "の no",
    "は ha",
    "ひ hi",
    "ふ fu",
    "へ he",
    "ほ ho",
    "ま ma",
    "み mi",
    "む mu",
    "め me",
    "も mo",
    "や ya",
    "ゆ yu",
    "よ yo",
    "ら ra",
    "り ri",
    "る ru",
    "れ re",
    "ろ ro",
    "わ wa",
    "ゐ wi",
    "ゑ we",
    "を wo",
    "ん n",
    "ゝ iteration",
];

const FASHION: &[&str] =
    &["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"];

const DIGITS: &[&str] = &["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

/// Every set that fude knows by name. The sums are of the decompressed content of the published files.
pub const KNOWN_SETS: &[KnownSet] = &[
    KnownSet {
        name: "kmnist",
        classes: KMNIST,
        files: &[
            (Role::TrainImages, "92be26ec9822e900ac425d0a0aa84ced"),
            (Role::TrainLabels, "949e75301f8813e0dc5800dcc320fc52"),
            (Role::TestImages, "bf305b8cd328700fbc17f5acbc2856d2"),
            (Role::TestLabels, "9f55f451c0988b028eccdf7d5cc265ab"),
        ],
        note: None,
    },
    KnownSet {
        name: "kmnist-8k",
        classes: KMNIST,
        files: &[
            (Role::TrainImages, "0dca5bf44685794e98a4da11a6d0a7e1"),
            (Role::TrainLabels, "2a3d04adc46b551bf11951d5cbf06f44"),
        ],
        note: Some(
            "kmnist-8k, not comparable with KMNIST: 8,000 images drawn from KMNIST's official test file, where a \
             hold-out is several points easier than the official split",
        ),
    },
    KnownSet {
        name: "fashion",
        classes: FASHION,
        files: &[
            (Role::TrainImages, "f4a8712d7a061bf5bd6d2ca38dc4d50a"),
            (Role::TrainLabels, "9018921c3c673c538a1fc5bad174d6f9"),
            (Role::TestImages, "8181f5470baa50b63fa0f6fddb340f0a"),
            (Role::TestLabels, "15d484375f8d13e6eb1aabb0c3f46965"),
        ],
        note: None,
    },
    KnownSet {
        name: "mnist",
        classes: DIGITS,
        files: &[
            (Role::TrainImages, "6bbc9ace898e44ae57da46a324031adb"),
            (Role::TrainLabels, "a25bea736e30d166cdddb491f175f624"),
            (Role::TestImages, "2646ac647ad5339dbf082846283269ea"),
            (Role::TestLabels, "27ae3e4e09519cfbb04c329615203637"),
        ],
        note: None,
    },
    KnownSet {
        name: "k49",
        classes: K49,
        files: &[],
        note: Some("k49 was recognised by its file names alone: no checksum of it is known here"),
    },
];

/// The set of that name.
pub fn by_name(name: &str) -> Option<&'static KnownSet> {
    KNOWN_SETS.iter().find(|set| set.name == name)
}

/// The set and role of the file with this raw content.
pub fn by_md5(md5: &str) -> Option<(&'static KnownSet, Role)> {
    let files = KNOWN_SETS.iter().flat_map(|set| set.files.iter().map(move |&(role, sum)| (set, role, sum)));
    files.into_iter().find(|&(_, _, sum)| sum == md5).map(|(set, role, _)| (set, role))
}

impl KnownSet {
    /// The md5 of the raw content that this set publishes for `role`.
    pub fn md5(&self, role: Role) -> Option<&'static str> {
        self.files.iter().find(|&&(of, _)| of == role).map(|&(_, md5)| md5)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_set_has_distinct_classes_and_sums_of_32_digits() {
        for set in KNOWN_SETS {
            let mut classes = set.classes.to_vec();
            classes.sort_unstable();
            classes.dedup();
            assert_eq!(classes.len(), if set.name == "k49" { 49 } else { 10 }, "{}", set.name);
            for &(role, md5) in set.files {
                assert_eq!(by_md5(md5), Some((set, role)));
                assert!(md5.len() == 32 && md5.bytes().all(|digit| digit.is_ascii_hexdigit()), "{md5}");
            }
        }
    }
}
